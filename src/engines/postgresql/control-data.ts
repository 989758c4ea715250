// What a stopped member's data says of itself (pg_controldata), and positions in PostgreSQL's words and as bytes.
import { readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { done, type Outcome } from "../../domain/outcome.ts";
import { readText } from "../../runtime/files.ts";
import { run } from "../../runtime/process.ts";
import type { Installation, MemberSpec } from "../contract.ts";
import { programOf } from "./launch.ts";
import { layoutOf } from "./layout.ts";
import { asOrdinaryUser } from "../../linux/ordinary-user.ts";

export interface ControlData {
  readonly system: string;
  readonly timeline: number;
  /** Where the last checkpoint is; after an orderly stop: the end of the log. */
  readonly checkpoint: number;
  /** "shut down", "in production", "shut down in recovery" … */
  readonly state: string;
}

/** "1/2A" → bytes. */
export function bytesOf(lsn: string): number {
  const [high, low] = lsn.split("/").map((part) => Number.parseInt(part, 16));
  if (high === undefined || low === undefined || !Number.isFinite(high + low))
    throw new RangeError(`not a position: ${lsn}`);
  return high * 2 ** 32 + low;
}

/** Bytes → "1/2A". */
export const lsnOf = (bytes: number): string =>
  `${Math.floor(bytes / 2 ** 32).toString(16)}/${(bytes % 2 ** 32).toString(16)}`.toUpperCase();

/** Pure. null: not what pg_controldata prints. */
export function parseControlData(text: string): ControlData | null {
  const value = (label: string) => new RegExp(`^${label}:\\s*(.+)$`, "m").exec(text)?.[1]?.trim();
  const system = value("Database system identifier");
  const timeline = Number(value("Latest checkpoint's TimeLineID"));
  const checkpoint = value("Latest checkpoint location");
  const state = value("Database cluster state");
  if (system === undefined || checkpoint === undefined || state === undefined || !(timeline > 0)) return null;
  return { system, timeline, checkpoint: bytesOf(checkpoint), state };
}

export async function readControlData(
  installed: Installation,
  member: Pick<MemberSpec, "name" | "dataFolder">,
  signal: AbortSignal,
): Promise<Outcome<ControlData>> {
  const { data } = layoutOf(member.dataFolder);
  const asked = await run(asOrdinaryUser([programOf(installed, "pg_controldata"), "-D", data]), {
    signal,
    timeoutMs: 10_000,
    env: { LC_ALL: "C" },
  });
  const found = asked.code === 0 ? parseControlData(asked.stdout) : null;
  if (found !== null) return done(found);
  return {
    kind: "failed",
    failure: {
      code: "DATA_NOT_READABLE",
      definite: true,
      what: asked.stderr.trim() || "pg_controldata said something else",
      where: `site ${member.name}, ${data}`,
      next: "seed this member again from another one",
    },
  };
}

/** The process that runs over this data now; null: none does. A postmaster stands in its data folder. */
export async function postmasterPid(member: Pick<MemberSpec, "dataFolder">): Promise<number | null> {
  const { data } = layoutOf(member.dataFolder);
  const pid = Number.parseInt((await readText(join(data, "postmaster.pid"))) ?? "", 10);
  if (!(pid > 0)) return null;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(data)) ? pid : null;
  } catch (cause) {
    if (["ENOENT", "ESRCH"].includes((cause as NodeJS.ErrnoException).code ?? "")) return null;
    throw cause;
  }
}
