// Writes the evidence of one drill: a folder of its own under the evidence root, recognisable at every moment.
//
//   created   result.json phase "running", writer.json says which process writes
//   complete  result.json replaced as a whole by the end result; writer.json gone
//   aborted   the same, with the reasons; or a "running" whose writer no longer lives (load.ts)
//
// Files are written whole (renamed into place), except history and logs, which grow while the drill runs.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { DrillEnvironment, DrillResult, DrillSpec, Prediction } from "../domain/drill.ts";
import { API_VERSION } from "../domain/drill.ts";
import { OutlastError } from "../domain/outcome.ts";
import { makeFolder, writeFileAtomic } from "../runtime/files.ts";
import { ownIdentity } from "../runtime/process-identity.ts";
import { blankStatus } from "./blank-status.ts";
import { digestOf, predictionDigest } from "./digest.ts";
import { mergeLogs, type Timeline } from "./timeline.ts";

/** Names of the files in a drill's folder. */
export const FILES = {
  result: "result.json",
  writer: "writer.json",
  plan: "plan.yaml",
  seed: "seed",
  prediction: "prediction.json",
  history: "history.jsonl",
  historyGzip: "history.jsonl.gz",
  events: "events.jsonl",
  environment: "environment.json",
  report: "report.html",
  logs: "logs",
} as const;

const DRILL_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/;

export interface NewEvidence {
  readonly id: string;
  readonly planName: string;
  /** As the user wrote it, or as it was filled in. */
  readonly planText: string;
  /** RFC 3339. */
  readonly start: string;
  readonly spec: DrillSpec;
  readonly series: DrillResult["metadata"]["series"];
}

export interface Evidence {
  readonly id: string;
  readonly folder: string;
  readonly metadata: DrillResult["metadata"];
  /** Where the load writes its history. */
  readonly historyPath: string;
  /** Component logs (JSON lines of events) as PLACE-COMPONENT.jsonl; other output as .log. */
  readonly logsFolder: string;
  /** Seals it with its digest. Call before the first fault; throws when there is one already. */
  writePrediction(
    prediction: Omit<Prediction, "digest" | "writtenAt">,
    writtenAt: string,
  ): Promise<Prediction>;
  writeEnvironment(environment: DrillEnvironment): Promise<void>;
  /** Merges logs/*.jsonl and `more` into events.jsonl. `originNs`: CLOCK_MONOTONIC at time 0 of the history. */
  mergeEvents(
    originNs: bigint,
    more?: readonly { readonly file: string; readonly text: string }[],
  ): Promise<Timeline>;
  /** Ends it: packs the history, writes the page, then replaces the result. */
  complete(result: DrillResult, reportHtml: string): Promise<void>;
  /** Ends it with the reasons; what is there stays. */
  abort(reasons: readonly string[]): Promise<void>;
}

async function written<T>(where: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof OutlastError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new OutlastError({
      code: code === "EEXIST" ? "EVIDENCE_EXISTS" : "EVIDENCE_NOT_WRITTEN",
      definite: true,
      what: code === "EEXIST" ? "there is evidence of that name already" : `evidence not written: ${message}`,
      where,
      next:
        code === "ENOSPC"
          ? "free some space, or keep evidence elsewhere with --evidence FOLDER"
          : "check that the folder exists and is yours, or name another with --evidence FOLDER",
      cause,
    });
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function packHistory(folder: string): Promise<void> {
  const source = join(folder, FILES.history);
  const target = join(folder, FILES.historyGzip);
  const temporary = `${target}.new`;
  try {
    await pipeline(createReadStream(source), createGzip({ level: 4 }), createWriteStream(temporary));
  } catch (cause) {
    await rm(temporary, { force: true });
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return; // the drill ended before any load
    throw cause;
  }
  await rename(temporary, target);
  await rm(source);
}

export async function createEvidence(root: string, drill: NewEvidence): Promise<Evidence> {
  const { id, spec, planText } = drill;
  if (!DRILL_ID.test(id)) throw new RangeError(`not a drill id: ${id}`);
  const folder = join(root, id);
  const inFolder = (name: string) => join(folder, name);
  const metadata = {
    id,
    planName: drill.planName,
    planDigest: digestOf(planText),
    start: drill.start,
    series: drill.series,
  };
  let prediction: Prediction | null = null;
  let environment: DrillEnvironment | null = null;
  const unfinished = (phase: "running" | "aborted", reasons: readonly string[]): DrillResult => ({
    apiVersion: API_VERSION,
    kind: "DrillResult",
    metadata,
    spec,
    status: { ...blankStatus(phase, reasons), predicted: prediction, environment },
  });
  const put = (name: string, content: string) =>
    written(inFolder(name), () => writeFileAtomic(inFolder(name), content));
  const end = async (result: DrillResult) => {
    await put(FILES.result, json(result));
    await rm(inFolder(FILES.writer), { force: true });
  };

  await written(folder, async () => {
    await makeFolder(root);
    await mkdir(folder); // refuses an id that is taken
    await makeFolder(inFolder(FILES.logs));
  });
  await put(FILES.writer, json(await ownIdentity())); // first: a result without it would look abandoned
  await put(FILES.result, json(unfinished("running", [])));
  await put(FILES.plan, planText);
  await put(FILES.seed, `${spec.seed}\n`);

  return {
    id,
    folder,
    metadata,
    historyPath: inFolder(FILES.history),
    logsFolder: inFolder(FILES.logs),
    writePrediction: async (body, writtenAt) => {
      if (prediction !== null) throw new Error(`drill ${id}: the prediction is written once`);
      const finite = (ms: number | null) => (ms !== null && Number.isFinite(ms) ? ms : null);
      const whole = {
        recoveryTimeMs: finite(body.recoveryTimeMs),
        terms: body.terms.map(({ name, ms, because }) => ({ name, ms: finite(ms), because })),
        writtenAt,
      };
      prediction = { ...whole, digest: predictionDigest(whole) };
      await put(FILES.prediction, json(prediction));
      return prediction;
    },
    writeEnvironment: async (found) => {
      environment = found;
      await put(FILES.environment, json(found));
    },
    mergeEvents: (originNs, more = []) =>
      written(inFolder(FILES.events), async () => {
        const names = (await readdir(inFolder(FILES.logs))).filter((name) => name.endsWith(".jsonl")).sort();
        const logs = await Promise.all(
          names.map(async (name) => ({
            file: `${FILES.logs}/${name}`,
            text: await readFile(join(inFolder(FILES.logs), name), "utf8"),
          })),
        );
        const timeline = mergeLogs([...logs, ...more], originNs);
        const lines = timeline.events.map((event) => `${JSON.stringify(event)}\n`).join("");
        await writeFileAtomic(inFolder(FILES.events), lines);
        return timeline;
      }),
    complete: async (result, reportHtml) => {
      await written(inFolder(FILES.historyGzip), () => packHistory(folder));
      await put(FILES.report, reportHtml);
      await end(result);
    },
    abort: (reasons) => end(unfinished("aborted", reasons)),
  };
}
