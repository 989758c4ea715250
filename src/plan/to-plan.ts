// The written plan → the plan the program sees. Only for documents that the schema accepted.
import type { BalancerPolicy, Plan, Strategy } from "../domain/plan.ts";
import type { PlanDocument } from "./schema.ts";
import { parseBandwidth, parseDurationMs, parseRatio } from "./units.ts";

function known<T>(value: T | null): T {
  if (value === null) throw new TypeError("the schema let a value pass that its reader refuses");
  return value;
}
const ms = (text: string): number => known(parseDurationMs(text));

function toPolicy(policy: PlanDocument["spec"]["balancer"]["policy"]): BalancerPolicy {
  if (policy === "latency") return { kind: "latency" };
  if ("primarySecondary" in policy) return { kind: "primary-secondary", order: policy.primarySecondary };
  return { kind: "weighted", weights: policy.weighted };
}

function toStrategy({ strategy, sites }: PlanDocument["spec"]): Strategy {
  if (strategy.kind === "distributed") return strategy;
  const { mode, acknowledgements = 1, candidates, trigger } = strategy;
  return {
    kind: strategy.kind,
    acknowledgements: mode === "synchronous" ? acknowledgements : 0,
    candidates: candidates ?? sites.map(({ name }) => name),
    trigger,
  };
}

export function toPlan({ metadata, spec }: PlanDocument): Plan {
  const { balancer, workload } = spec;
  const named: readonly { name: string; gateway?: string | undefined; prefixes: readonly string[] }[] =
    spec.regions ??
    [...new Set(spec.sites.map((site) => site.region))].map((name) => ({ name, prefixes: [] }));
  return {
    name: metadata.name,
    sites: spec.sites.map(({ name, region, zones, address }) => ({
      name,
      region,
      zones,
      address: address ?? null,
    })),
    regions: named.map(({ name, gateway, prefixes }) => ({ name, gateway: gateway ?? null, prefixes })),
    links: spec.links.map((link) => ({
      between: [link.between[0] as string, link.between[1] as string],
      roundTripMs: ms(link.roundTrip),
      jitterMs: ms(link.jitter),
      lossRatio: known(parseRatio(link.loss)),
      bandwidthBitsPerSecond: link.bandwidth === undefined ? null : known(parseBandwidth(link.bandwidth)),
    })),
    clientRoundTripMs: ms(spec.clientRoundTrip),
    workload: {
      engine: workload.engine,
      version: workload.version ?? null,
      replicas: workload.replicas ?? spec.sites.length,
      heartbeatMs: workload.heartbeat === undefined ? null : ms(workload.heartbeat),
      electionTimeoutMs: workload.electionTimeout === undefined ? null : ms(workload.electionTimeout),
    },
    strategy: toStrategy(spec),
    objectives: spec.objectives.map((objective) => ({
      survive: objective.survive,
      recoveryTimeMs: ms(objective.recoveryTime),
      recoveryPointMs: ms(objective.recoveryPoint),
    })),
    balancer: {
      hostname: balancer.hostname,
      policy: toPolicy(balancer.policy),
      dnsTtlSeconds: ms(balancer.dns.ttl) / 1000,
      check:
        balancer.health.tcp === undefined
          ? { kind: "http", path: balancer.health.http?.path ?? "/health/ready" }
          : { kind: "tcp" },
      timing: {
        intervalMs: ms(balancer.health.interval),
        timeoutMs: ms(balancer.health.timeout),
        fall: balancer.health.fall,
        rise: balancer.health.rise,
      },
      virtualAddress: balancer.virtualAddress,
      port: balancer.port,
    },
  };
}
