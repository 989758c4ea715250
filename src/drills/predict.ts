// What the plan's timings let one expect, written down before the first fault and shown beside the measurement. Pure.
import { clientRoundTripMs, type Plan } from "../domain/plan.ts";
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

export interface EngineTimings {
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: number;
}

/** The whole of the balancer's detection: `fall` failed probes, the last one timing out. */
export function detectionMs(plan: Plan): number {
  const { fall, intervalMs, timeoutMs } = plan.balancer.timing;
  return fall * intervalMs + timeoutMs;
}

/** raft: a follower starts an election after 1 … 2 election timeouts without its leader; then one round of votes. */
export function electionMs(plan: Plan, timings: EngineTimings): number {
  const farthest = Math.max(...plan.links.map((link) => link.roundTripMs));
  return 2 * timings.electionTimeoutMs + 2 * farthest;
}

export function predict(plan: Plan, fault: Fault, hitsLeader: boolean, timings: EngineTimings): Expectation {
  const { fall, intervalMs, timeoutMs } = plan.balancer.timing;
  const farthestClient = Math.max(
    ...plan.regions.flatMap((region) =>
      plan.sites.map((site) => clientRoundTripMs(plan, region.name, site.name)),
    ),
  );
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
