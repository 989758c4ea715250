// From what was recorded to the drill's result: histories judged, availability measured, evidence written.
import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { API_VERSION, type DrillEnvironment, type DrillResult } from "../domain/drill.ts";
import type { History, Mark } from "../domain/history.ts";
import { linkBetween } from "../domain/plan.ts";
import { buildReport, runsOf } from "../evidence/build-report.ts";
import type { Evidence } from "../evidence/folder.ts";
import { keyEvents, type Timeline } from "../evidence/timeline.ts";
import { openHistoryWriter } from "../history/write.ts";
import { LOGS_FOLDER } from "../lab/keeper/keeper.ts";
import type { LinkFidelity } from "../lab/link.ts";
import { writeFileAtomic } from "../runtime/files.ts";
import { assess } from "./assess.ts";
import { generatorLateness } from "./trust.ts";
import type { FaultTarget } from "./fault.ts";
import { type DrillRequest, type Surroundings, specOf } from "./run-drill.ts";

/** Starting processes are late, a returning site's too; what was measured lies between shortly before the fault and heal. */
const LATENESS_BEFORE_NS = 2_000_000_000;

export interface ConcludeInput {
  readonly request: DrillRequest;
  readonly around: Surroundings;
  readonly evidence: Evidence;
  readonly prediction: DrillResult["status"]["predicted"];
  readonly target: FaultTarget;
  readonly originNs: bigint;
  readonly marks: readonly Mark[];
  /** Since the origin; null: not before the drill's patience ended. */
  readonly redundantAtNs: number | null;
  readonly history: History;
  /** What could not be read back, where, and why. */
  readonly notReadBack: readonly string[];
  readonly fidelity: LinkFidelity;
}

export async function conclude(input: ConcludeInput): Promise<DrillResult> {
  const { request, around, evidence, history, target } = input;
  const environment = environmentOf(input);
  await evidence.writeEnvironment(environment);
  await copyLogs(around.lab.pathOf(LOGS_FOLDER), evidence.logsFolder, input.originNs);
  const timeline = await evidence.mergeEvents(input.originNs);
  await writeHistory(evidence.historyPath, history);
  const status = assess({
    plan: around.plan,
    fault: request.fault,
    target,
    load: request.load,
    history,
    marks: input.marks,
    redundantAtMs: input.redundantAtNs === null ? null : input.redundantAtNs / 1e6,
    timeline: timeline.events,
    environment,
    predicted: input.prediction,
    notReadBack: input.notReadBack,
    events: keyEvents(timeline.events),
  });
  const result: DrillResult = {
    apiVersion: API_VERSION,
    kind: "DrillResult",
    metadata: evidence.metadata,
    spec: specOf(request, target),
    status,
  };
  await evidence.complete(result, await reportOf(result, timeline, input));
  return result;
}

const LINK_WORDS = { relay: "vxlan-relay", netem: "netem" } as const;

const DISK_WORDS = {
  memory: "tmpfs (synchronisation costs nothing)",
  loop: "ext4 on a loop device, its image on this machine's disk",
} as const;

function environmentOf({ around, fidelity, history, marks }: ConcludeInput): DrillEnvironment {
  const measured = (a: string, b: string) =>
    fidelity.roundTripMs.find(({ between }) => between.includes(a) && between.includes(b))?.median ?? null;
  const faultAt = marks.find((mark) => mark.mark === "fault")?.at ?? 0;
  const healAt = marks.find((mark) => mark.mark === "heal")?.at ?? Number.POSITIVE_INFINITY;
  return {
    ...around.machine,
    linkDriver: LINK_WORDS[around.lab.links],
    relayLatenessMs: fidelity.latenessMs,
    generatorLatenessMs: generatorLateness(history.operations, faultAt - LATENESS_BEFORE_NS, healAt),
    disks: [DISK_WORDS[around.lab.disks]],
    links: around.plan.links.map(({ between }) => ({
      between,
      plannedRoundTripMs: linkBetween(around.plan, ...between).roundTripMs,
      medianRoundTripMs: measured(...between),
    })),
  };
}

/**
 * Events of this drill (a lab may have seen others before) and other words of every process. A load's summary line is no
 * event: it gets a file of its own.
 */
export async function copyLogs(from: string, to: string, originNs: bigint): Promise<void> {
  const isSummary = (line: string) => line.startsWith('{"load":"');
  const isEarlier = (line: string) => {
    const at = /^\{"at":"(\d+)"/.exec(line)?.[1];
    return at !== undefined && BigInt(at) < originNs;
  };
  for (const name of await readdir(from)) {
    if (!name.endsWith(".jsonl")) {
      await copyFile(join(from, name), join(to, name));
      continue;
    }
    const lines = (await readFile(join(from, name), "utf8")).split("\n");
    const events = lines.filter((line) => !isSummary(line) && !isEarlier(line));
    await writeFileAtomic(join(to, name), events.join("\n"));
    const [summary] = lines.filter(isSummary);
    if (summary !== undefined)
      await writeFileAtomic(join(to, name.replace(/jsonl$/, "summary.json")), `${summary}\n`);
  }
}

async function writeHistory(path: string, { header, operations, marks }: History): Promise<void> {
  await using writer = await openHistoryWriter(path, header);
  for (const mark of marks) writer.mark(mark);
  for (const operation of operations) writer.append(operation);
  await writer.close();
}

async function reportOf(
  result: DrillResult,
  timeline: Timeline,
  { evidence, around }: ConcludeInput,
): Promise<string> {
  const loaded = {
    id: evidence.id,
    folder: evidence.folder,
    result,
    planText: around.planText,
    events: timeline.events,
    brokenEventLines: timeline.brokenLines,
    historyPath: evidence.historyPath,
  };
  return buildReport(loaded, await runsOf(around.evidenceRoot, result));
}
