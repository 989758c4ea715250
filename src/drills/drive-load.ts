// Clients in every region as processes of the lab: started, stopped, their histories fetched. Nothing here judges.
import { readFile } from "node:fs/promises";
import type { History, Mark, Operation } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import { mergeHistories } from "../history/merge.ts";
import type { ReadBack } from "../load/read-back.ts";
import type { LoadSummary } from "../load/run-load.ts";
import { loadHistory } from "../history/read.ts";
import { JOURNAL_KEY } from "../judges/journal.ts";
import { LAB_FOLDER } from "../lab/disks/disks.ts";
import { LOGS_FOLDER, PLAN_FILE } from "../lab/keeper/keeper.ts";
import { logNameOf } from "../lab/keeper/place.ts";
import { resolverAddress } from "../lab/lab-config.ts";
import type { DrillRequest, Surroundings } from "./run-drill.ts";

export interface LoadRun {
  readonly region: string;
  readonly place: string;
  /** Process name: one lab may see several drills. */
  readonly process: string;
  /** In the lab. */
  readonly historyFile: string;
}

const LOAD_DURATION_MAX_S = 600;
const NICENESS = "5";
const STOP_WITHIN_MS = 15_000;
const READ_BACK_WITHIN_MS = 60_000;
/** Of the time before the fault: the rest is for steady clients, so that latency before and after can be compared. */
const RAMP_SHARE = 0.6;
/** Its exit code. */
const READ_BACK_INCOMPLETE = 5;

const runName = ({ seed }: DrillRequest, name: string) => `${name}-${seed}`;

export async function startLoads(
  request: DrillRequest,
  around: Surroundings,
  originNs: bigint,
): Promise<LoadRun[]> {
  const { load, seed, phasesMs } = request;
  const runs = around.plan.regions.map((region): LoadRun => {
    const process = runName(request, "load");
    return {
      region: region.name,
      place: `clients/${region.name}`,
      process,
      historyFile: `${LAB_FOLDER}/${logNameOf(`clients/${region.name}`, process)}.history.jsonl`,
    };
  });
  const loadArguments = (region: string, historyFile: string): string[] => {
    const options: Readonly<Record<string, string | number>> = {
      file: PLAN_FILE,
      region,
      profiles: load.profiles.join(","),
      rate: load.ratePerSecond,
      deadline: load.deadlineMs,
      ramp: phasesMs.before * RAMP_SHARE,
      seed,
      history: historyFile,
      "origin-ns": String(originNs),
      "max-duration": LOAD_DURATION_MAX_S,
      resolver: resolverAddress(around.topology, region),
    };
    return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  };
  await Promise.all(
    runs.map(({ region, place, process, historyFile }) =>
      around.lab.call("startProcess", {
        place,
        spec: {
          name: process,
          restart: false,
          argv: yielding(around.outlast("load", ...loadArguments(region, historyFile))),
        },
      }),
    ),
  );
  return runs;
}

/**
 * Clients have machines of their own; on this one they take what the system under test leaves (docs/adr/0002). When that is too
 * little they are late, which is measured. Where the kernel shares cores between sessions first, theirs gets the lower share.
 */
const yielding = (argv: readonly string[]): readonly string[] => [
  "nice",
  "-n",
  NICENESS,
  "sh",
  "-c",
  `for tried in 1 2 3 4 5; do echo ${NICENESS} 2>/dev/null >/proc/self/autogroup && break; sleep 0.1; done
exec "$@"`,
  "sh",
  ...argv,
];

/** Ends every load and checks its summary. Throws LOAD_FAILED when one did not end well. */
export async function stopLoads(runs: readonly LoadRun[], around: Surroundings): Promise<void> {
  await Promise.all(
    runs.map(({ place, process }) => around.lab.call("stopProcess", { place, name: process })),
  );
  await Promise.all(
    runs.map(async ({ place, process }) => {
      await endedWell(place, process, STOP_WITHIN_MS, around);
      const text = await readFile(
        around.lab.pathOf(`${LOGS_FOLDER}/${logNameOf(place, process)}.jsonl`),
        "utf8",
      );
      const summary = text
        .split("\n")
        .filter((line) => line.startsWith('{"load":"summary"'))
        .map((line) => JSON.parse(line) as LoadSummary)
        .at(-1);
      if (summary === undefined) throw loadFailed(place, process, "it ended without its summary");
      if (summary.scheduled !== summary.recorded)
        throw loadFailed(
          place,
          process,
          `${summary.scheduled} operations were scheduled, ${summary.recorded} recorded`,
        );
    }),
  );
}

export async function endedWell(
  place: string,
  process: string,
  withinMs: number,
  { lab, signal }: Surroundings,
  codes: readonly number[] = [0],
): Promise<void> {
  const ended = await lab.call(
    "ended",
    { place, name: process },
    AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
  );
  if (!codes.includes(ended.code ?? -1))
    throw loadFailed(place, process, `it ended with ${ended.code ?? ended.signal}`);
}

const loadFailed = (place: string, process: string, why: string) =>
  new OutlastError({
    code: "LOAD_FAILED",
    definite: false,
    what: `the clients in ${place} can't be trusted: ${why}`,
    where: process,
    next: "this run is inconclusive; look at its log in the evidence",
  });

export interface ReadBackRun {
  /** In the lab. */
  readonly historyFile: string;
  /** What could not be read, where, and why. */
  readonly missing: readonly string[];
}

/**
 * Everything that is in the workload afterwards, from the quorum and from each replica by name, once it has caught up. What
 * could not be read is missing from the history, which the judges tell as unknown.
 */
export async function readBackAll(
  request: DrillRequest,
  around: Surroundings,
  runs: readonly LoadRun[],
  originNs: bigint,
): Promise<ReadBackRun> {
  const [first] = runs;
  if (first === undefined) throw new RangeError("a drill without clients");
  const process = runName(request, "read-back");
  const historyFile = `${LAB_FOLDER}/${process}.history.jsonl`;
  const argv = around.outlast(
    ...`load read-back --file ${PLAN_FILE} --region ${first.region} --history ${historyFile} --origin-ns ${originNs}`.split(
      " ",
    ),
    ...runs.flatMap((run) => ["--keys-of", run.historyFile]),
  );
  await around.lab.call("startProcess", {
    place: first.place,
    spec: { name: process, restart: false, argv },
  });
  await endedWell(first.place, process, READ_BACK_WITHIN_MS, around, [0, READ_BACK_INCOMPLETE]);
  const log = around.lab.pathOf(`${LOGS_FOLDER}/${logNameOf(first.place, process)}.jsonl`);
  const told = (await readFile(log, "utf8"))
    .split("\n")
    .find((line) => line.startsWith('{"load":"read-back"'));
  if (told === undefined) throw loadFailed(first.place, process, "it ended without its summary");
  return { historyFile, missing: (JSON.parse(told) as ReadBack).missing };
}

/**
 * All histories of the drill as one, with its marks. A lab may have seen drills before: what their runs wrote is left out
 * of the read-backs by its tag, and nothing else is.
 */
export async function collectHistory(
  files: readonly string[],
  marks: readonly Mark[],
  { lab, earlierTags }: Surroundings,
): Promise<History> {
  const parts = await Promise.all(files.map((file) => loadHistory(lab.pathOf(file))));
  const merged = mergeHistories(parts);
  const operations =
    earlierTags.length === 0
      ? merged.operations
      : merged.operations.map((operation) => withoutRuns(operation, earlierTags));
  return { ...merged, operations, marks: [...merged.marks, ...marks].sort((a, b) => a.at - b.at) };
}

function withoutRuns(operation: Operation, tags: readonly string[]): Operation {
  if (operation.op !== "read" || operation.key !== JOURNAL_KEY || !Array.isArray(operation.output))
    return operation;
  const ids = operation.output as readonly unknown[];
  return { ...operation, output: ids.filter((id) => !tags.some((tag) => String(id).startsWith(`${tag}-`))) };
}
