// The plan → YAML that parsePlan reads back to an equal plan (tested by round trip). The lab writes a plan with
// addresses filled in this way.
import { Document, isCollection, isSeq } from "yaml";
import type { BalancerPolicy, Plan, Strategy } from "../domain/plan.ts";
import { formatBandwidth, formatDurationMs, formatRatio } from "./units.ts";

function policyOf(policy: BalancerPolicy) {
  switch (policy.kind) {
    case "latency":
      return "latency";
    case "primary-secondary":
      return { primarySecondary: policy.order };
    case "weighted":
      return { weighted: policy.weights };
    default:
      return policy satisfies never;
  }
}

function strategyOf(strategy: Strategy) {
  if (strategy.kind === "distributed") return strategy;
  const { kind, acknowledgements, candidates, trigger } = strategy;
  return {
    kind,
    mode: acknowledgements === 0 ? "asynchronous" : "synchronous",
    ...(acknowledgements === 0 ? {} : { acknowledgements }),
    candidates,
    trigger,
  };
}

/** The plan in its written shape, without what is absent. */
function documentOf(plan: Plan) {
  const { balancer, workload } = plan;
  return {
    apiVersion: "outlast.dev/v1alpha1",
    kind: "RecoveryPlan",
    metadata: { name: plan.name },
    spec: {
      sites: plan.sites.map(({ name, region, zones, address }) => ({
        name,
        region,
        ...(address === null ? {} : { address }),
        ...(zones.length === 0 ? {} : { zones }),
      })),
      regions: plan.regions.map(({ name, gateway, prefixes }) => ({
        name,
        ...(gateway === null ? {} : { gateway }),
        ...(prefixes.length === 0 ? {} : { prefixes }),
      })),
      links: plan.links.map((link) => ({
        between: link.between,
        roundTrip: formatDurationMs(link.roundTripMs),
        ...(link.jitterMs === 0 ? {} : { jitter: formatDurationMs(link.jitterMs) }),
        ...(link.lossRatio === 0 ? {} : { loss: formatRatio(link.lossRatio) }),
        ...(link.bandwidthBitsPerSecond === null
          ? {}
          : { bandwidth: formatBandwidth(link.bandwidthBitsPerSecond) }),
      })),
      clientRoundTrip: formatDurationMs(plan.clientRoundTripMs),
      workload: {
        engine: workload.engine,
        ...(workload.version === null ? {} : { version: workload.version }),
        replicas: workload.replicas,
        ...(workload.heartbeatMs === null ? {} : { heartbeat: formatDurationMs(workload.heartbeatMs) }),
        ...(workload.electionTimeoutMs === null
          ? {}
          : { electionTimeout: formatDurationMs(workload.electionTimeoutMs) }),
      },
      strategy: strategyOf(plan.strategy),
      objectives: plan.objectives.map((objective) => ({
        survive: objective.survive,
        recoveryTime: formatDurationMs(objective.recoveryTimeMs),
        recoveryPoint: formatDurationMs(objective.recoveryPointMs),
      })),
      balancer: {
        hostname: balancer.hostname,
        policy: policyOf(balancer.policy),
        dns: { ttl: formatDurationMs(balancer.dnsTtlSeconds * 1000) },
        health: {
          ...(balancer.check.kind === "tcp" ? { tcp: {} } : { http: { path: balancer.check.path } }),
          interval: formatDurationMs(balancer.timing.intervalMs),
          timeout: formatDurationMs(balancer.timing.timeoutMs),
          fall: balancer.timing.fall,
          rise: balancer.timing.rise,
        },
        virtualAddress: balancer.virtualAddress,
        port: balancer.port,
      },
    },
  };
}

export function formatPlan(plan: Plan): string {
  const document = new Document(documentOf(plan), { aliasDuplicateObjects: false });
  for (const key of ["sites", "regions", "links", "objectives"]) {
    const list = document.getIn(["spec", key], true);
    if (isSeq(list)) for (const item of list.items) if (isCollection(item)) item.flow = true;
  }
  for (const key of ["policy", "dns", "health"]) {
    const map = document.getIn(["spec", "balancer", key], true);
    if (isCollection(map)) map.flow = true;
  }
  return document.toString({ lineWidth: 0 });
}
