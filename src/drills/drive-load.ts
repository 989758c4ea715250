// Clients in every region as processes of the lab: started, stopped, their histories fetched. Nothing here judges.
import { readFile } from "node:fs/promises";
import type { History, Mark } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import { mergeHistories } from "../history/merge.ts";
import type { LoadSummary } from "../load/run-load.ts";
import { loadHistory } from "../history/read.ts";
import { favourInstruments } from "../lab/instruments.ts";
import { LAB_FOLDER, LOGS_FOLDER, PLAN_FILE } from "../lab/keeper/keeper.ts";
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
const STOP_WITHIN_MS = 15_000;
const READ_BACK_WITHIN_MS = 60_000;

const runName = ({ seed }: DrillRequest, name: string) => `${name}-${seed}`;

export async function startLoads(
  request: DrillRequest,
  around: Surroundings,
  originNs: bigint,
): Promise<LoadRun[]> {
  const { load, seed } = request;
  const runs = around.plan.regions.map((region): LoadRun => {
    const process = runName(request, "load");
    return {
      region: region.name,
      place: `clients/${region.name}`,
      process,
      historyFile: `${LAB_FOLDER}/${logNameOf(`clients/${region.name}`, process)}.history.jsonl`,
    };
  });
  await Promise.all(
    runs.map(({ region, place, process, historyFile }) =>
      around.lab.call("startProcess", {
        place,
        spec: {
          name: process,
          restart: false,
          argv: around.outlast(
            ...["load", "-f", PLAN_FILE, "--region", region, "--profiles", load.profiles.join(",")],
            ...[
              "--rate",
              String(load.ratePerSecond),
              "--deadline",
              String(load.deadlineMs),
              "--seed",
              String(seed),
            ],
            ...[
              "--history",
              historyFile,
              "--origin-ns",
              String(originNs),
              "--max-duration",
              String(LOAD_DURATION_MAX_S),
            ],
            ...["--resolver", resolverAddress(around.topology, region)],
          ),
        },
      }),
    ),
  );
  favourInstruments(around.lab.name);
  return runs;
}

/** Ends every load and reads its summary. Throws LOAD_FAILED when one did not end well. */
export async function stopLoads(runs: readonly LoadRun[], around: Surroundings): Promise<LoadSummary[]> {
  await Promise.all(
    runs.map(({ place, process }) => around.lab.call("stopProcess", { place, name: process })),
  );
  return Promise.all(
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
      return summary;
    }),
  );
}

async function endedWell(
  place: string,
  process: string,
  withinMs: number,
  { lab, signal }: Surroundings,
): Promise<void> {
  const ended = await lab.call(
    "ended",
    { place, name: process },
    AbortSignal.any([signal, AbortSignal.timeout(withinMs)]),
  );
  if (ended.code !== 0) throw loadFailed(place, process, `it ended with ${ended.code ?? ended.signal}`);
}

const loadFailed = (place: string, process: string, why: string) =>
  new OutlastError({
    code: "LOAD_FAILED",
    definite: false,
    what: `the clients in ${place} can't be trusted: ${why}`,
    where: process,
    next: "this run is inconclusive; look at its log in the evidence",
  });

/** Everything that is in the workload afterwards, from the quorum and from each replica by name. */
export async function readBackAll(
  request: DrillRequest,
  around: Surroundings,
  runs: readonly LoadRun[],
  originNs: bigint,
): Promise<string> {
  const [first] = runs;
  if (first === undefined) throw new RangeError("a drill without clients");
  const process = runName(request, "read-back");
  const historyFile = `${LAB_FOLDER}/${process}.history.jsonl`;
  await around.lab.call("startProcess", {
    place: first.place,
    spec: {
      name: process,
      restart: false,
      argv: around.outlast(
        ...["load", "read-back", "-f", PLAN_FILE, "--region", first.region, "--seed", String(request.seed)],
        ...["--history", historyFile, "--origin-ns", String(originNs)],
        ...runs.flatMap((run) => ["--keys-of", run.historyFile]),
      ),
    },
  });
  await endedWell(first.place, process, READ_BACK_WITHIN_MS, around);
  return historyFile;
}

/** All histories of the drill as one, with its marks. */
export async function collectHistory(
  files: readonly string[],
  marks: readonly Mark[],
  { lab }: Surroundings,
): Promise<History> {
  const parts = await Promise.all(files.map((file) => loadHistory(lab.pathOf(file))));
  const merged = mergeHistories(parts);
  return { ...merged, marks: [...merged.marks, ...marks].sort((a, b) => a.at - b.at) };
}
