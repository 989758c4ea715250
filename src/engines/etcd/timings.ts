// Heartbeat and election timeout from the plan's distances. The rule is told in docs/engines.md.
import type { Plan } from "../../domain/plan.ts";

export interface EtcdTimings {
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: number;
  /** Longest round trip between two sites, jitter of both directions included. */
  readonly longestRoundTripMs: number;
}

const HEARTBEAT_MIN_MS = 50;
const ELECTION_MIN_MS = 500;
/** etcd refuses more. */
const ELECTION_MAX_MS = 50_000;

export function etcdTimings(plan: Pick<Plan, "links" | "workload">): EtcdTimings {
  const longestRoundTripMs = Math.max(0, ...plan.links.map((link) => link.roundTripMs + 2 * link.jitterMs));
  const derived = Math.max(HEARTBEAT_MIN_MS, Math.ceil((2 * longestRoundTripMs) / 10) * 10);
  const heartbeatMs = plan.workload.heartbeatMs ?? derived;
  const electionTimeoutMs =
    plan.workload.electionTimeoutMs ?? Math.min(ELECTION_MAX_MS, Math.max(10 * heartbeatMs, ELECTION_MIN_MS));
  return { heartbeatMs, electionTimeoutMs, longestRoundTripMs };
}
