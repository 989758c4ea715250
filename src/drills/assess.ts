// From a drill's history to its status: what clients saw, what was lost, whether the objective was met, and whether the
// run can be trusted. Pure.
import type { DrillEnvironment, DrillResult, DrillStatus, TimelineEvent } from "../domain/drill.ts";
import type { History, Mark } from "../domain/history.ts";
import type { Objective, Plan } from "../domain/plan.ts";
import type { Verdict } from "../domain/verdict.ts";
import { breakdown } from "../evidence/breakdown.ts";
import { EPOCHS, judgeEpochs } from "../judges/epochs.ts";
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
  /** What could not be read back, where, and why. */
  readonly notReadBack: readonly string[];
}

/** These ask again only after an error or never: reported, but no objective counts them (docs/evidence.md). */
const NEVER_ASKS_AGAIN = new Set(["pinned", "keep-alive", "dns-floor"]);

/** Each register that can't be read is one; a few tell why. */
const NOT_READ_BACK_TOLD_MAX = 5;

export function assess(input: AssessInput): DrillStatus {
  const { plan, history, marks, load } = input;
  const fault = marks.find((mark) => mark.mark === "fault");
  const heal = marks.find((mark) => mark.mark === "heal") ?? null;
  if (fault === undefined) throw new RangeError("a drill without a fault");
  const clients = clientOperations(history.operations);
  // What was over by itself, or hit every site, recovers by starting again, not beside the fault.
  const held = input.fault.lasting && input.fault.effect !== "workload-gone" ? (heal?.at ?? null) : null;
  const streams = clientStreams(clients, fault.at, load.deadlineMs, held);
  const counted = streams.filter((stream) => counts(stream, input));
  const recovery = worstRecovery(counted);
  const replicas = plan.sites.map((site) => site.name);
  const journal = countJournal(history.operations, fault.at, replicas);
  const loss = lossOf(journal);
  const verdicts = [
    judgeLinearizableRegister(history.operations, LIMITS),
    judgeJournal(history.operations, fault.at, replicas),
    judgeEpochs(history.operations, confirmationsOf(plan)),
  ];
  const objective = plan.objectives.find((one) => one.survive === "site") ?? null;
  // The time is asked for the loss of one site. That what is acknowledged is on disk holds for all of them at once.
  const timed = input.fault.effect === "workload-gone" ? null : objective;
  const promised = promisedOf(plan, verdicts);
  const objectives = objectiveResults(
    objective,
    timed === null ? "not asked" : recovery,
    loss,
    promised.verdicts,
    promised.name,
  );
  const doubts = doubtsOf(input, counted, recovery, timed);
  return {
    phase: "complete",
    objectiveMet: objectiveMet(objectives, doubts),
    objectives,
    conclusive: doubts.length === 0,
    reasons: [
      ...doubts,
      ...objectives.filter(({ met }) => met === false).map(missedWords),
      ...(recovery.onlyOnceHealed
        ? ["clients recovered only once the fault was healed: how long they would have waited is not known"]
        : []),
      ...undecided(verdicts),
      ...input.notReadBack.slice(0, NOT_READ_BACK_TOLD_MAX).map((words) => `not read back: ${words}`),
    ],
    recoveryTimeMs: {
      worst: recovery.ms,
      worstAt: recovery.at,
      byRegion: recoveryByRegion(streams),
      ...(recovery.onlyOnceHealed ? { onlyOnceHealed: true } : {}),
    },
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

/** What is acknowledged before anybody else has it may be gone after a failover: then only this much is promised. */
function promisedOf({ strategy }: Plan, verdicts: readonly Verdict[]): { name: string; verdicts: Verdict[] } {
  return strategy.kind === "transaction-replication" && strategy.acknowledgements === 0
    ? { name: "one primary at a time", verdicts: verdicts.filter(({ model }) => model === EPOCHS) }
    : { name: "strong consistency", verdicts: [...verdicts] };
}

/** An epoch of a primaryship is exact; a raft term can run ahead of what a majority knows (judges/epochs.ts). */
const confirmationsOf = ({ strategy, sites }: Plan): number =>
  strategy.kind === "distributed" ? Math.floor(sites.length / 2) + 1 : 1;

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
