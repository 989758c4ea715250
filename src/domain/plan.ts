// The plan as the program sees it: defaults filled in, durations in milliseconds, names checked. `plan/` reads it from
// YAML. The words are those of docs/architecture.md.

export type FailureDomain = "node" | "zone" | "site" | "region";
export type EngineKind = "etcd" | "postgresql" | "mariadb";

export interface Zone {
  readonly name: string;
  readonly nodes: readonly string[];
}

export interface Site {
  readonly name: string;
  readonly region: string;
  readonly zones: readonly Zone[];
  /** IPv4 address that peers, front-end and name server of the site are reached at; null: the lab gives one. */
  readonly address: string | null;
}

/** Where clients are: one gateway (kernel path, probes, resolver) per client region. */
export interface ClientRegion {
  readonly name: string;
  /** The gateway's own IPv4 address; null: the lab gives one. */
  readonly gateway: string | null;
  /** Prefixes that clients and resolvers of this region ask from, CIDR. */
  readonly prefixes: readonly string[];
}

export interface Link {
  readonly between: readonly [string, string];
  readonly roundTripMs: number;
  /** Uniform, ± around half the round trip, per direction. */
  readonly jitterMs: number;
  /** 0 … 1, per packet and direction. */
  readonly lossRatio: number;
  /** null: unlimited. */
  readonly bandwidthBitsPerSecond: number | null;
}

export interface Objective {
  readonly survive: FailureDomain;
  readonly recoveryTimeMs: number;
  readonly recoveryPointMs: number;
}

export type HealthCheck =
  | { readonly kind: "http"; readonly path: string } // asks the front-end: can this site commit?
  | { readonly kind: "tcp" }; // asks only: is the port open?

export interface HealthTiming {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failed probes in a row until a fact turns false. */
  readonly fall: number;
  /** Successful probes in a row until a fact turns true again. */
  readonly rise: number;
}

export type BalancerPolicy =
  | { readonly kind: "latency" }
  | { readonly kind: "primary-secondary"; readonly order: readonly string[] }
  | { readonly kind: "weighted"; readonly weights: Readonly<Record<string, number>> };

export interface BalancerSpec {
  /** Without a trailing dot. */
  readonly hostname: string;
  readonly policy: BalancerPolicy;
  readonly dnsTtlSeconds: number;
  readonly check: HealthCheck;
  readonly timing: HealthTiming;
  /** IPv4 address of the kernel path at every gateway. */
  readonly virtualAddress: string;
  /** TCP port of the front-end, at sites and at the virtual address. */
  readonly port: number;
}

export interface Workload {
  readonly engine: EngineKind;
  /** "3.6.16"; null: the newest supported that can be had. */
  readonly version: string | null;
  readonly replicas: number;
  /** null: derived from the links (docs/engines.md). */
  readonly heartbeatMs: number | null;
  readonly electionTimeoutMs: number | null;
}

export type Strategy =
  | { readonly kind: "distributed"; readonly consistency: "strong" }
  | TransactionReplication;

/** One primary commits; its log is replayed at the other sites. */
export interface TransactionReplication {
  readonly kind: "transaction-replication";
  /**
   * How many other sites have a commit on disk before it is acknowledged; 0: none, it is acknowledged first and replicated
   * afterwards (asynchronous).
   */
  readonly acknowledgements: number;
  /** Sites that may become primary, the first one first. */
  readonly candidates: readonly string[];
  /** Who decides on a failover. */
  readonly trigger: "automatic" | "human";
}

export interface Plan {
  readonly name: string;
  readonly sites: readonly Site[];
  /** The regions that clients are in: those of the sites unless the plan names others. */
  readonly regions: readonly ClientRegion[];
  /** One per unordered pair of sites. */
  readonly links: readonly Link[];
  /** From a region's clients to a site of their own region; to another site: this plus the link (latencyMs). */
  readonly clientRoundTripMs: number;
  readonly workload: Workload;
  readonly strategy: Strategy;
  readonly objectives: readonly Objective[];
  readonly balancer: BalancerSpec;
}

export function siteOf(plan: Plan, name: string): Site {
  const site = plan.sites.find((candidate) => candidate.name === name);
  if (site === undefined) throw new RangeError(`no site ${name} in plan ${plan.name}`);
  return site;
}

export function linkBetween(plan: Plan, a: string, b: string): Link {
  const link = plan.links.find(({ between: [x, y] }) => (x === a && y === b) || (x === b && y === a));
  if (link === undefined) throw new RangeError(`no link ${a}–${b} in plan ${plan.name}`);
  return link;
}

/** Round trip between clients of a region and a site, in ms: the nearest site of the region, then the link. */
export function clientRoundTripMs(plan: Plan, region: string, site: string): number {
  const locals = plan.sites.filter((candidate) => candidate.region === region);
  if (locals.some((local) => local.name === site)) return plan.clientRoundTripMs;
  const links = locals.map((local) => linkBetween(plan, local.name, site).roundTripMs);
  if (links.length === 0)
    return plan.clientRoundTripMs + Math.max(...plan.links.map((link) => link.roundTripMs));
  return plan.clientRoundTripMs + Math.min(...links);
}

/** Ports that every site uses, at its own address. One place, so that rules, probes and docs agree. */
export const PORTS = {
  dns: 53,
  frontend: 8080,
  engineClient: 2379,
  enginePeer: 2380,
  postgresql: 5432,
  /** Between members of one workload, through its fence. */
  postgresqlReplication: 5433,
  postgresqlReads: 5434,
  /** What agents remember of recoveries (docs/recovery.md), apart from any workload's etcd. */
  storeClient: 2479,
  storePeer: 2480,
  /** Datagrams of the fence to this machine itself; nobody listens (docs/fences.md). */
  fenceTicket: 7461,
  fenceConfirm: 7462,
  mariadb: 3306,
  agent: 7400,
  balancer: 7500,
} as const;

/** Where a fenced engine listens on every site: found only by packets that the site's own rules have marked. */
export const FENCED_ENGINE_ADDRESS = "169.254.77.1";
