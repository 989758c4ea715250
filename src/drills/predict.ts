// What the plan's timings let one expect, written down before the first fault and shown beside the measurement. Pure.
import { clientRoundTripMs, type Plan } from "../domain/plan.ts";
import type { LeaseTimings } from "../domain/primaryship.ts";
import type { Fault } from "./fault.ts";

export interface PredictedTerm {
  readonly name: string;
  readonly ms: number;
  readonly because: string;
}

export interface Expectation {
  /** Upper estimate for clients on the kernel path, without their deadline. */
  readonly recoveryTimeMs: number;
  readonly terms: readonly PredictedTerm[];
}

export interface ElectionTimings {
  readonly kind: "election";
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: number;
}

/** Where one primary replicates: the lease under which another site takes over; null: none does by itself. */
export interface TakeoverTimings {
  readonly kind: "takeover";
  readonly lease: Pick<LeaseTimings, "ticketMs" | "fenceMs" | "marginMs" | "silenceMs"> | null;
}

export type EngineTimings = ElectionTimings | TakeoverTimings;

/** The whole of the balancer's detection: `fall` failed probes, the last one timing out. */
export function detectionMs(plan: Plan): number {
  const { fall, intervalMs, timeoutMs } = plan.balancer.timing;
  return fall * intervalMs + timeoutMs;
}

/** raft: a follower starts an election after 1 … 2 election timeouts without its leader; then one round of votes. */
export function electionMs(plan: Plan, timings: ElectionTimings): number {
  const farthest = Math.max(...plan.links.map((link) => link.roundTripMs));
  return 2 * timings.electionTimeoutMs + 2 * farthest;
}

const farthestClientMs = (plan: Plan): number =>
  Math.max(
    ...plan.regions.flatMap((region) =>
      plan.sites.map((site) => clientRoundTripMs(plan, region.name, site.name)),
    ),
  );

export function predict(plan: Plan, fault: Fault, hitsLeader: boolean, timings: EngineTimings): Expectation {
  return timings.kind === "election"
    ? predictElection(plan, fault, hitsLeader, timings)
    : predictTakeover(plan, fault, hitsLeader, timings);
}

/** Silence that was noticed until promoted and followed, and from the opened fence to a first commit: measured medians. */
const PROMOTED_MS = 170;
const FIRST_COMMIT_MS = 35;

/** The loss of a standby costs nothing while enough are left. The fence and the promotion overlap: the longer one counts. */
function predictTakeover(
  plan: Plan,
  fault: Fault,
  hitsPrimary: boolean,
  { lease }: TakeoverTimings,
): Expectation {
  const farthestMs = farthestClientMs(plan);
  const never = (name: string, because: string): Expectation => ({
    terms: [{ name, ms: Number.POSITIVE_INFINITY, because }],
    recoveryTimeMs: Number.POSITIVE_INFINITY,
  });
  const least = plan.strategy.kind === "transaction-replication" ? plan.strategy.acknowledgements : 0;
  if (fault.effect === "workload-gone")
    return never("start", "every site starts anew: how long that takes is not the plan's");
  if (fault.effect === "degraded" || !hitsPrimary) {
    if (!hitsPrimary && fault.effect !== "degraded" && plan.sites.length - 2 < least)
      return never("wait", `commits wait for ${least} standbys, and ${plan.sites.length - 2} are left`);
    const because = `the primary and enough standbys are left; up to ${farthestMs} ms round trip`;
    return { terms: [{ name: "reconnect", ms: 3 * farthestMs, because }], recoveryTimeMs: 3 * farthestMs };
  }
  if (fault.effect === "leader-gone")
    return never("start", "the primary starts again in its place: how long that takes is not the plan's");
  if (lease === null) return never("promote", "no other site takes over by itself");
  const fencedMs = lease.ticketMs + lease.fenceMs + lease.marginMs;
  const promotedMs = lease.silenceMs + PROMOTED_MS;
  const { intervalMs } = plan.balancer.timing;
  const terms: PredictedTerm[] = [
    {
      name: "take over",
      ms: Math.max(fencedMs, promotedMs) + FIRST_COMMIT_MS,
      because: `the longer of the old fence (${lease.ticketMs} + ${lease.fenceMs} + ${lease.marginMs} ms) and of silence ${lease.silenceMs} ms with promotion ${PROMOTED_MS} ms; then a first commit, ${FIRST_COMMIT_MS} ms`,
    },
    { name: "route", ms: intervalMs + farthestMs, because: `the next probe, every ${intervalMs} ms` },
    {
      name: "reconnect",
      ms: 3 * farthestMs,
      because: `connect and ask again at up to ${farthestMs} ms round trip`,
    },
  ];
  return { terms, recoveryTimeMs: terms.reduce((sum, { ms }) => sum + ms, 0) };
}

function predictElection(
  plan: Plan,
  fault: Fault,
  hitsLeader: boolean,
  timings: ElectionTimings,
): Expectation {
  const { fall, intervalMs, timeoutMs } = plan.balancer.timing;
  const farthestClient = farthestClientMs(plan);
  const election: PredictedTerm = {
    name: "election",
    ms: electionMs(plan, timings),
    because: `up to 2 × election timeout ${timings.electionTimeoutMs} ms, then a round of votes`,
  };
  const detection: PredictedTerm = {
    name: "detect",
    ms: detectionMs(plan),
    because: `fall ${fall} × interval ${intervalMs} ms + timeout ${timeoutMs} ms`,
  };
  const reconnect: PredictedTerm = {
    name: "reconnect",
    ms: 3 * farthestClient,
    because: `connect and ask again at up to ${farthestClient} ms round trip`,
  };
  switch (fault.effect) {
    case "site-unreachable": {
      // The balancer detects while the engine elects: the longer one counts.
      const terms = hitsLeader ? [election, detection, reconnect] : [detection, reconnect];
      return {
        terms,
        recoveryTimeMs: (hitsLeader ? Math.max(election.ms, detection.ms) : detection.ms) + reconnect.ms,
      };
    }
    case "site-unable": {
      // A site counts as unable only once another is able again (the hold rule): the two follow each other.
      if (plan.balancer.check.kind === "tcp")
        return {
          terms: [
            {
              name: "detect",
              ms: Number.POSITIVE_INFINITY,
              because: "a port check never notices: the port is open",
            },
          ],
          recoveryTimeMs: Number.POSITIVE_INFINITY,
        };
      const terms = hitsLeader ? [election, detection, reconnect] : [detection, reconnect];
      return { terms, recoveryTimeMs: terms.reduce((sum, term) => sum + term.ms, 0) };
    }
    case "leader-gone": {
      const terms = hitsLeader ? [election, reconnect] : [reconnect];
      return { terms, recoveryTimeMs: terms.reduce((sum, term) => sum + term.ms, 0) };
    }
    case "workload-gone": {
      // How long machines and programs take to start is not the plan's: no time is promised.
      const terms = [
        { ...election, because: `${election.because}, once enough sites have started` },
        reconnect,
      ];
      return { terms, recoveryTimeMs: Number.POSITIVE_INFINITY };
    }
    case "degraded":
      return { terms: [reconnect], recoveryTimeMs: reconnect.ms };
    default:
      return fault.effect satisfies never;
  }
}
