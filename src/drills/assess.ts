// From a drill's history to its status: what clients saw, what was lost, whether the objective was met, and whether the
// run can be trusted. Pure.
import type { DrillEnvironment, DrillResult, DrillStatus, TimelineEvent } from "../domain/drill.ts";
import type { History, Mark } from "../domain/history.ts";
import type { Objective, Plan } from "../domain/plan.ts";
import type { Verdict } from "../domain/verdict.ts";
import { breakdown } from "../evidence/breakdown.ts";
import { judgeEpochs } from "../judges/epochs.ts";
import { countJournal, type JournalFindings, judgeJournal } from "../judges/journal.ts";
import { LIMITS } from "../judges/limits.ts";
import { judgeLinearizableRegister } from "../judges/linearizable-register.ts";
import {
  type ClientStream,
  clientOperations,
  clientStreams,
  type Headline,
  latencyAround,
  msOf,
  recoveryByRegion,
  worstRecovery,
} from "./client-view.ts";
import type { Fault, FaultTarget } from "./fault.ts";
import { type Loss, missedWords, objectiveMet, objectiveResults } from "./objectives.ts";
import { distrust } from "./trust.ts";

export interface AssessInput {
  readonly plan: Plan;
  readonly fault: Fault;
  readonly target: FaultTarget;
  readonly load: DrillResult["spec"]["load"];
  readonly history: History;
  readonly marks: readonly Mark[];
  readonly redundantAtMs: number | null;
  readonly timeline: readonly TimelineEvent[];
  /** Those that go into the result. */
  readonly events: readonly TimelineEvent[];
  readonly environment: DrillEnvironment;
  readonly predicted: DrillStatus["predicted"];
}

/** These ask again only after an error or never: reported, but no objective counts them (docs/evidence.md). */
const NEVER_ASKS_AGAIN = new Set(["pinned", "keep-alive", "dns-floor"]);

export function assess(input: AssessInput): DrillStatus {
  const { plan, history, marks, load } = input;
  const fault = marks.find((mark) => mark.mark === "fault");
  const heal = marks.find((mark) => mark.mark === "heal") ?? null;
  if (fault === undefined) throw new RangeError("a drill without a fault");
  const clients = clientOperations(history.operations);
  const streams = clientStreams(clients, fault.at, load.deadlineMs);
  const counted = streams.filter((stream) => counts(stream, input));
  const recovery = worstRecovery(counted);
  const replicas = plan.sites.map((site) => site.name);
  const journal = countJournal(history.operations, fault.at, replicas);
  const loss = lossOf(journal);
  const verdicts = [
    judgeLinearizableRegister(history.operations, LIMITS),
    judgeJournal(history.operations, fault.at, replicas),
    judgeEpochs(history.operations, Math.floor(plan.sites.length / 2) + 1),
  ];
  const objective = plan.objectives.find((one) => one.survive === "site") ?? null;
  // The time is asked for the loss of one site. That what is acknowledged is on disk holds for all of them at once.
  const timed = input.fault.effect === "workload-gone" ? null : objective;
  const objectives = objectiveResults(objective, timed === null ? "not asked" : recovery.ms, loss, verdicts);
  const doubts = doubtsOf(input, counted, recovery, timed);
  return {
    phase: "complete",
    objectiveMet: objectiveMet(objectives, doubts),
    objectives,
    conclusive: doubts.length === 0,
    reasons: [
      ...doubts,
      ...objectives.filter(({ met }) => met === false).map(missedWords),
      ...undecided(verdicts),
    ],
    recoveryTimeMs: { worst: recovery.ms, worstAt: recovery.at, byRegion: recoveryByRegion(streams) },
    failedMs: counted.length === 0 ? null : Math.max(...counted.map((stream) => stream.failedMs)),
    outages: streams.flatMap((stream) => stream.outages),
    breakdownMs: breakdown(input.timeline, {
      region: recovery.at?.region ?? "",
      profile: recovery.at?.profile ?? null,
      site: input.target.site,
      faultAtMs: msOf(fault.at),
      healAtMs: heal === null ? null : msOf(heal.at),
    }),
    acknowledgedWrites: journal.acknowledged,
    lostAcknowledgedWrites: loss.lost,
    recoveryPointMs: loss.recoveryPointMs,
    restoredStateAgeMs: null, // under `distributed` nothing is restored from a copy
    timeToFullRedundancyMs: input.redundantAtMs === null ? null : input.redundantAtMs - msOf(fault.at),
    verdicts,
    predicted: input.predicted,
    latencyMs: latencyAround(clients, fault.at, heal?.at ?? null, load.deadlineMs),
    marks: marks.map(({ mark, name, site = null, at }) => ({ mark, name, site, atMs: msOf(at) })),
    events: input.events,
    environment: input.environment,
  };
}

/** The headline is the worst of the regions that still have their site, and of clients that ask again. */
function counts({ region, profile }: ClientStream, { plan, fault, target }: AssessInput): boolean {
  if (NEVER_ASKS_AGAIN.has(profile)) return false;
  if (fault.effect !== "site-unreachable") return true;
  return region !== plan.sites.find((site) => site.name === target.site)?.region;
}

function doubtsOf(
  { environment }: AssessInput,
  counted: readonly ClientStream[],
  recovery: Headline,
  objective: Objective | null,
): string[] {
  return distrust({
    relayLatenessMs: environment.relayLatenessMs,
    generatorLatenessMs: environment.generatorLatenessMs,
    outageMs: Math.max(0, ...counted.map(({ recoveryTimeMs }) => recoveryTimeMs ?? 0)),
    marginMs: objective === null || recovery.ms === null ? null : objective.recoveryTimeMs - recovery.ms,
    links: environment.links,
  });
}

/** Nothing is known to be safe unless everything was read back; what is known to be lost is lost all the same. */
function lossOf({ lost, vanished, missing, recoveryPointMs }: JournalFindings): Loss {
  const gone = new Set([...lost, ...vanished]).size;
  return { lost: missing.length > 0 && gone === 0 ? null : gone, recoveryPointMs };
}

const undecided = (verdicts: readonly Verdict[]): string[] =>
  verdicts.filter(({ verdict }) => verdict === "unknown").map(({ model, reason }) => `${model}: ${reason}`);
