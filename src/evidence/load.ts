// Reads evidence folders: nothing found there can make it throw, except asking for a drill that does not exist.
// A folder that says "running" while its writer is gone is reported as aborted.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { DrillResult, TimelineEvent } from "../domain/drill.ts";
import { OutlastError } from "../domain/outcome.ts";
import { readText } from "../runtime/files.ts";
import { isRunning } from "../runtime/process-identity.ts";
import { FILES } from "./folder.ts";
import { parseResult } from "./result-schema.ts";
import { parseTimeline } from "./timeline.ts";

export type FoundEvidence =
  | { readonly kind: "drill"; readonly id: string; readonly folder: string; readonly result: DrillResult }
  | { readonly kind: "unreadable"; readonly id: string; readonly folder: string; readonly because: string };

export interface LoadedEvidence {
  readonly id: string;
  readonly folder: string;
  readonly result: DrillResult;
  readonly planText: string | null;
  /** All of events.jsonl; the result's own key events when there is no such file. */
  readonly events: readonly TimelineEvent[];
  readonly brokenEventLines: number;
  readonly historyPath: string | null;
}

const identity = z.object({ pid: z.number(), startTicks: z.string(), boot: z.string() });

async function writerLives(folder: string): Promise<{ lives: boolean; because: string }> {
  const text = await readText(join(folder, FILES.writer));
  if (text === null) return { lives: false, because: "nobody writes it any more" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { lives: false, because: `${FILES.writer} is not JSON` };
  }
  const parsed = identity.safeParse(value);
  if (!parsed.success) return { lives: false, because: `${FILES.writer} does not say who writes` };
  if (await isRunning(parsed.data)) return { lives: true, because: "" };
  return { lives: false, because: `its writer (process ${parsed.data.pid}) ended before the drill did` };
}

async function findIn(root: string, id: string): Promise<FoundEvidence> {
  const folder = join(root, id);
  try {
    const text = await readText(join(folder, FILES.result));
    if (text === null) return { kind: "unreadable", id, folder, because: `no ${FILES.result}` };
    const parsed = parseResult(text);
    if (parsed.kind === "unreadable") return { kind: "unreadable", id, folder, because: parsed.because };
    const { result } = parsed;
    if (result.status.phase !== "running") return { kind: "drill", id, folder, result };
    const { lives, because } = await writerLives(folder);
    if (lives) return { kind: "drill", id, folder, result };
    const again = parseResult((await readText(join(folder, FILES.result))) ?? "");
    if (again.kind === "result" && again.result.status.phase !== "running")
      return { kind: "drill", id, folder, result: again.result }; // it ended between the two looks
    const status = {
      ...result.status,
      phase: "aborted" as const,
      reasons: [...result.status.reasons, because],
    };
    return { kind: "drill", id, folder, result: { ...result, status } };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { kind: "unreadable", id, folder, because: message };
  }
}

/** Newest first; unreadable folders last. A root that is not there yet has none. */
export async function listEvidence(root: string): Promise<readonly FoundEvidence[]> {
  let entries: string[];
  try {
    const found = await readdir(root, { withFileTypes: true });
    entries = found.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new OutlastError({
      code: "EVIDENCE_NOT_READ",
      definite: true,
      what: `the evidence folder can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: root,
      next: "name the right folder with --evidence FOLDER",
      cause,
    });
  }
  const found: FoundEvidence[] = [];
  for (const id of entries.filter((name) => !name.startsWith("."))) found.push(await findIn(root, id));
  const startOf = (one: FoundEvidence) => (one.kind === "drill" ? one.result.metadata.start : "");
  return found.sort((a, b) => startOf(b).localeCompare(startOf(a)) || a.id.localeCompare(b.id));
}

async function pathIfThere(path: string): Promise<string | null> {
  try {
    return (await stat(path)).isFile() ? path : null;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
}

const NEXT = "see what is there: outlast drill list";

/** Throws EVIDENCE_NOT_FOUND (exit 2) or EVIDENCE_UNREADABLE (exit 3). */
export async function loadEvidence(root: string, id: string): Promise<LoadedEvidence> {
  const folder = join(root, id);
  const known = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id) && (await readdir(folder).catch(() => null)) !== null;
  if (!known)
    throw new OutlastError(
      { code: "EVIDENCE_NOT_FOUND", definite: true, what: `no drill ${id}`, where: root, next: NEXT },
      2,
    );
  const found = await findIn(root, id);
  if (found.kind === "unreadable")
    throw new OutlastError({
      code: "EVIDENCE_UNREADABLE",
      definite: true,
      what: `the evidence of ${id} can't be read: ${found.because}`,
      where: folder,
      next: "its other files may still be of use; run the drill again for a result",
    });
  const text = await readText(join(folder, FILES.events));
  const timeline = text === null ? null : parseTimeline(text);
  return {
    id,
    folder,
    result: found.result,
    planText: await readText(join(folder, FILES.plan)),
    events: timeline?.events ?? found.result.status.events,
    brokenEventLines: timeline?.brokenLines ?? 0,
    historyPath:
      (await pathIfThere(join(folder, FILES.historyGzip))) ??
      (await pathIfThere(join(folder, FILES.history))),
  };
}
