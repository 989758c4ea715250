// From a drill's history to its status: what clients saw, what was lost, whether the objective was met, and whether the
// run can be trusted. Pure.
import type {
  DrillEnvironment,
  DrillResult,
  DrillStatus,
  ObjectiveResult,
  TimelineEvent,
} from "../domain/drill.ts";
import type { History, Mark } from "../domain/history.ts";
import type { Plan } from "../domain/plan.ts";
import type { Verdict } from "../domain/verdict.ts";
import { breakdown } from "../evidence/breakdown.ts";
import { availability, percentiles, type StreamAvailability } from "../judges/availability.ts";
import { judgeEpochs } from "../judges/epochs.ts";
import { judgeJournal } from "../judges/journal.ts";
import { LIMITS } from "../judges/limits.ts";
import { judgeLinearizableRegister } from "../judges/linearizable-register.ts";
import type { Fault, FaultTarget } from "./fault.ts";
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

const NS_PER_MS = 1e6;
/** These ask again only after an error or never: reported, but no objective counts them (docs/evidence.md). */
const NEVER_ASKS_AGAIN = new Set(["pinned", "keep-alive", "dns-floor"]);

const toMs = (ns: number | null): number | null => (ns === null ? null : Math.round(ns / 1e3) / 1e3);

export function assess(input: AssessInput): DrillStatus {
  const { history, marks, load, environment } = input;
  const fault = marks.find((mark) => mark.mark === "fault");
  const heal = marks.find((mark) => mark.mark === "heal");
  if (fault === undefined) throw new RangeError("a drill without a fault");
  const streams = availability(history.operations, {
    deadlineNs: load.deadlineMs * NS_PER_MS,
    faultNs: fault.at,
    healNs: heal?.at ?? null,
  });
  const counted = streams.filter((stream) => counts(stream, input));
  const recovery = worstRecovery(counted);
  const journal = judgeJournal(history.operations, LIMITS);
  const verdicts = [
    judgeLinearizableRegister(history.operations, LIMITS),
    journal.verdict,
    judgeEpochs(history.operations, LIMITS),
  ];
  const failedNs = counted.length === 0 ? null : Math.max(...counted.map((stream) => stream.failedNs));
  const objectives = judgeObjectives(input, recovery.ms, journal, verdicts);
  const objective = input.plan.objectives.find((one) => one.survive === "site") ?? input.plan.objectives[0];
  const doubts = distrust({
    relayLatenessMs: environment.relayLatenessMs,
    generatorLatenessMs: environment.generatorLatenessMs,
    outageMs: longestOutageMs(counted),
    marginMs: objective === undefined || recovery.ms === null ? null : objective.recoveryTimeMs - recovery.ms,
    links: environment.links,
  });
  const region = recovery.at?.region ?? input.plan.regions[0]?.name ?? "";
  return {
    phase: "complete",
    objectiveMet: overall(objectives, doubts),
    objectives,
    conclusive: doubts.length === 0,
    reasons: [
      ...doubts,
      ...objectives.filter((one) => one.met === false).map(missed),
      ...undecided(verdicts),
    ],
    recoveryTimeMs: { worst: recovery.ms, worstAt: recovery.at, byRegion: byRegion(streams) },
    failedMs: toMs(failedNs),
    outages: streams.flatMap(({ region: inRegion, profile, outages }) =>
      outages.map(({ fromNs, toNs }) => ({
        region: inRegion,
        profile,
        fromAtMs: toMs(fromNs) ?? 0,
        toAtMs: toMs(toNs),
      })),
    ),
    breakdownMs: breakdown(input.timeline, {
      region,
      profile: recovery.at?.profile ?? null,
      site: input.target.site,
      faultAtMs: fault.at / NS_PER_MS,
      healAtMs: heal === undefined ? null : heal.at / NS_PER_MS,
    }),
    acknowledgedWrites: journal.acknowledged,
    lostAcknowledgedWrites: journal.lost,
    recoveryPointMs: toMs(journal.recoveryPointNs),
    restoredStateAgeMs: null, // nothing is restored from a copy under `distributed`
    timeToFullRedundancyMs: input.redundantAtMs === null ? null : input.redundantAtMs - fault.at / NS_PER_MS,
    verdicts,
    predicted: input.predicted,
    latencyMs: latencyOf(input, fault.at, heal?.at ?? Number.POSITIVE_INFINITY),
    marks: marks.map(({ mark, name, site, at }) => ({
      mark,
      name,
      site: site ?? null,
      atMs: at / NS_PER_MS,
    })),
    events: input.events,
    environment,
  };
}

/** The headline is the worst of the regions that still have their site, and of clients that ask again. */
function counts({ region, profile }: StreamAvailability, { plan, fault, target }: AssessInput): boolean {
  if (NEVER_ASKS_AGAIN.has(profile)) return false;
  if (fault.effect !== "site-unreachable") return true;
  const lostRegion = plan.sites.find((site) => site.name === target.site)?.region;
  return region !== lostRegion;
}

function worstRecovery(streams: readonly StreamAvailability[]) {
  const unknown = streams.find((stream) => stream.recoveryNs === null);
  if (streams.length === 0 || unknown !== undefined) return { ms: null, at: unknown ?? null };
  const worst = streams.reduce((a, b) => ((b.recoveryNs ?? 0) > (a.recoveryNs ?? 0) ? b : a));
  return { ms: toMs(worst.recoveryNs), at: { region: worst.region, profile: worst.profile } };
}

function longestOutageMs(streams: readonly StreamAvailability[]): number | null {
  const lengths = streams.map((stream) => stream.recoveryNs ?? 0);
  const longest = Math.max(0, ...lengths);
  return longest === 0 ? null : longest / NS_PER_MS;
}

function byRegion(streams: readonly StreamAvailability[]): DrillStatus["recoveryTimeMs"]["byRegion"] {
  const regions: Record<string, Record<string, number | null>> = {};
  for (const { region, profile, recoveryNs } of streams) {
    const profiles = (regions[region] ??= {});
    profiles[profile] = toMs(recoveryNs);
  }
  return regions;
}

function latencyOf(
  { history, load }: AssessInput,
  faultNs: number,
  healNs: number,
): DrillStatus["latencyMs"] {
  const part = (fromNs: number, toNs: number) => {
    const found = percentiles(
      history.operations.flatMap(({ scheduled, completed, outcome, profile }) =>
        scheduled !== undefined &&
        completed !== undefined &&
        outcome === "ok" &&
        profile !== undefined &&
        scheduled >= fromNs &&
        scheduled < toNs
          ? [completed - scheduled].filter((latency) => latency <= load.deadlineMs * NS_PER_MS)
          : [],
      ),
    );
    return found === null
      ? null
      : { p50: found.p50 / NS_PER_MS, p99: found.p99 / NS_PER_MS, max: found.max / NS_PER_MS };
  };
  return {
    before: part(Number.NEGATIVE_INFINITY, faultNs),
    during: part(faultNs, healNs),
    after: part(healNs, Number.POSITIVE_INFINITY),
  };
}

type Journal = ReturnType<typeof judgeJournal>;

function judgeObjectives(
  { plan, fault }: AssessInput,
  recoveryMs: number | null,
  journal: Journal,
  verdicts: readonly Verdict[],
): ObjectiveResult[] {
  const objective = plan.objectives.find((one) => one.survive === "site");
  const consistency: ObjectiveResult = {
    name: "strong consistency",
    unit: "verdict",
    asked: "valid",
    measured:
      verdicts.find(({ verdict }) => verdict === "invalid")?.verdict ??
      verdicts.find(({ verdict }) => verdict === "unknown")?.verdict ??
      "valid",
    met: verdicts.some(({ verdict }) => verdict === "invalid")
      ? false
      : verdicts.some(({ verdict }) => verdict === "unknown")
        ? null
        : true,
  };
  if (objective === undefined) return [consistency];
  const zero = objective.recoveryPointMs === 0;
  const point = zero ? journal.lost : toMs(journal.recoveryPointNs);
  return [
    {
      name: `recovery time, ${fault.kind}`,
      unit: "ms",
      asked: objective.recoveryTimeMs,
      measured: recoveryMs,
      met: recoveryMs === null ? false : recoveryMs <= objective.recoveryTimeMs,
    },
    {
      name: "recovery point",
      unit: zero ? "writes" : "ms",
      asked: zero ? 0 : objective.recoveryPointMs,
      measured: point,
      met: point === null ? null : point <= objective.recoveryPointMs,
    },
    consistency,
  ];
}

/** Loss and inconsistency stand whatever the timing was worth; a time measured by late instruments does not. */
function overall(objectives: readonly ObjectiveResult[], doubts: readonly string[]): boolean | null {
  if (objectives.some((one) => one.met === false && one.unit !== "ms")) return false;
  if (doubts.length > 0) return null;
  if (objectives.some((one) => one.met === false)) return false;
  return objectives.some((one) => one.met === null) ? null : true;
}

const missed = ({ name, asked, measured, unit }: ObjectiveResult): string =>
  `${name}: asked ${asked}${unit === "verdict" ? "" : ` ${unit}`}, measured ${measured ?? "none while watched"}`;

const undecided = (verdicts: readonly Verdict[]): string[] =>
  verdicts.filter(({ verdict }) => verdict === "unknown").map(({ model, reason }) => `${model}: ${reason}`);
