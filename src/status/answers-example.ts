// Answers of agents for the tests of this folder: three sites of which paris is the primary and both others count.
import type { AgentStatus } from "../api/agent.ts";
import type { EngineKind, Plan, TransactionReplication } from "../domain/plan.ts";
import type { SiteAnswer } from "./site-answer.ts";

export const SITES = ["paris", "frankfurt", "london"] as const;
type SiteName = (typeof SITES)[number];
type Recovery = NonNullable<AgentStatus["recovery"]>;

export function planOf(change: Partial<Plan> = {}, strategy: Partial<TransactionReplication> = {}): Plan {
  const regions = { paris: "eu-west", frankfurt: "eu-central", london: "eu-north" };
  return {
    name: "ledger",
    sites: SITES.map((name) => ({ name, region: regions[name], zones: [], address: null })),
    regions: [],
    links: [],
    clientRoundTripMs: 2,
    workload: workload("postgresql"),
    strategy: {
      kind: "transaction-replication",
      acknowledgements: 1,
      candidates: [...SITES],
      trigger: "automatic",
      ...strategy,
    },
    objectives: [{ survive: "site", recoveryTimeMs: 5_000, recoveryPointMs: 0 }],
    balancer: {
      hostname: "ledger.example.test",
      policy: { kind: "latency" },
      dnsTtlSeconds: 1,
      check: { kind: "http", path: "/health/ready" },
      timing: { intervalMs: 250, timeoutMs: 200, fall: 2, rise: 3 },
      virtualAddress: "10.79.0.1",
      port: 8080,
    },
    ...change,
  };
}

const workload = (engine: EngineKind): Plan["workload"] => ({
  engine,
  version: null,
  replicas: 3,
  heartbeatMs: null,
  electionTimeoutMs: null,
});

export const etcdPlan = (): Plan =>
  planOf({ workload: workload("etcd"), strategy: { kind: "distributed", consistency: "strong" } });

const observed = (
  role: "leader" | "follower" | "learner",
  quorum: boolean,
): AgentStatus["member"]["observed"] => ({
  kind: "known",
  value: { role, term: 4, position: 900, leader: "paris", quorum, alarms: [] },
  atMs: 0,
});

const memberOf = (seen: AgentStatus["member"]["observed"]): AgentStatus["member"] => ({
  state: "running",
  because: "it answers",
  pid: 7,
  attached: false,
  data: "present",
  observed: seen,
});

const known = (status: AgentStatus, ableToCommit: boolean, because: string, epoch: number): SiteAnswer => ({
  site: status.site,
  status: { kind: "known", value: status, atMs: 0 },
  report: { kind: "known", value: { site: status.site, ableToCommit, because, epoch }, atMs: 0 },
});

export const silent = (site: string): SiteAnswer => ({
  site,
  status: { kind: "unknown", reason: "no answer in time", sinceMs: 0 },
  report: { kind: "unknown", reason: "no answer in time", sinceMs: 0 },
});

export function site(name: SiteName, change: Partial<Recovery> = {}, held = {}): SiteAnswer {
  const serves = name === "paris";
  const standbys = serves ? ["frankfurt", "london"] : [];
  const recovery: Recovery = {
    primaryship: {
      epoch: 7,
      phase: "opened",
      coordinator: "paris",
      primary: "paris",
      holder: "paris",
      standbys: ["frankfurt", "london"],
      acknowledgements: 1,
      paused: false,
    },
    leaseAgeMs: 80,
    leaseLifeMs: 1_000,
    fenceOpenFor: serves ? 7 : null,
    fenceLeavesOpen: [],
    role: serves ? "primary" : "standby",
    sealedEpoch: 7,
    logEpoch: 7,
    position: 900,
    standbys: standbys.map((each) => ({ site: each, state: "streaming", lagBytes: 0 })),
    lags: standbys.map((each) => ({ site: each, lagBytes: 0, lagMs: 0, caughtUpAgeMs: 0 })),
    workflows: { running: null, last: null },
    doing: null,
    complaint: null,
    distrust: null,
    store: { data: "present", because: "it answers", inContact: true, readAgeMs: 30, complaint: null },
    ...change,
  };
  const status: AgentStatus = {
    site: name,
    heldForMs: { "able-to-commit": 60_000, "streams:frankfurt": 50_000, "streams:london": 40_000, ...held },
    engine: { kind: "postgresql", version: "15", source: "here" },
    member: memberOf(observed(serves ? "leader" : "follower", true)),
    recovery,
    frontend: { pid: null, report: null },
  };
  const able = recovery.fenceOpenFor !== null;
  return known(status, able, able ? "primary of epoch 7" : "the primary is paris", 7);
}

/** Recovery of the primary while only these standbys stream to it. */
export const streamedBy = (...names: SiteName[]): Partial<Recovery> => ({
  standbys: names.map((each) => ({ site: each, state: "streaming", lagBytes: 0 })),
});

export const record = (change: Partial<NonNullable<Recovery["primaryship"]>>): Partial<Recovery> => ({
  primaryship: {
    epoch: 7,
    phase: "opened",
    coordinator: "paris",
    primary: "paris",
    holder: "paris",
    standbys: ["frankfurt", "london"],
    acknowledgements: 1,
    paused: false,
    ...change,
  },
});

export function etcdSite(
  name: SiteName,
  quorum = true,
  role: "follower" | "learner" = "follower",
): SiteAnswer {
  const status: AgentStatus = {
    site: name,
    heldForMs: { "able-to-commit": 9_000 },
    engine: { kind: "etcd", version: "3.6.16", source: "here" },
    member: memberOf(observed(role, quorum)),
    frontend: { pid: 8, report: null },
  };
  const able = quorum && role !== "learner";
  return known(status, able, able ? "front-end: it writes" : "member: no leader, so no majority", 4);
}
