// Rules that compare numbers: replicas with sites and objectives, timings with each other and with objectives. For
// documents that the schema accepted; lists keep their order, so an index is a path.
import type { FailureDomain, Plan } from "../domain/plan.ts";
import type { Remark } from "./name-rules.ts";
import type { PlanDocument } from "./schema.ts";
import { strategyRules } from "./strategy-rules.ts";
import { formatDurationMs as show } from "./units.ts";

const error = (path: Remark["path"], message: string): Remark => ({ level: "error", path, message });
const warning = (path: Remark["path"], message: string): Remark => ({ level: "warning", path, message });
const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Members that the loss of the largest such failure domain takes: one member a site, on one of its nodes. */
function membersIn(domain: FailureDomain, plan: Plan): { count: number; where: string } {
  if (domain !== "region") return { count: 1, where: `one ${domain}` };
  const counts = new Map<string, number>();
  for (const site of plan.sites) counts.set(site.region, (counts.get(site.region) ?? 0) + 1);
  const [region, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ["", 1];
  return { count, where: `region ${region}` };
}

function replicaRules(plan: Plan): Remark[] {
  const { replicas } = plan.workload;
  const path = ["spec", "workload", "replicas"];
  const sites = plan.sites.length;
  if (replicas > sites)
    return [
      error(path, `${replicas} replicas do not fit ${plural(sites, "site")}: each site runs one member`),
    ];
  if (replicas < sites)
    return [
      error(
        path,
        `${plural(sites, "site")} run one member each, but replicas is ${replicas}: write ${sites}, or name fewer sites`,
      ),
    ];
  if (plan.strategy.kind !== "distributed") return []; // strategy-rules.ts counts for them
  const majority = Math.floor(replicas / 2) + 1;
  const impossible = plan.objectives.flatMap((objective, index) => {
    const lost = membersIn(objective.survive, plan);
    if (replicas - lost.count >= majority) return [];
    return [
      error(
        ["spec", "objectives", index, "survive"],
        `the loss of ${lost.where} leaves ${replicas - lost.count} of ${plural(replicas, "member")}, and a majority is ${majority}: ` +
          `it can't be survived; ${objective.survive === "region" ? "spread the sites over more regions" : `use at least ${2 * lost.count + 1} sites`}`,
      ),
    ];
  });
  const even =
    replicas % 2 === 0 && replicas > 2
      ? [
          warning(
            path,
            `${replicas} members survive the loss of ${plural(replicas / 2 - 1, "member")}, as ${replicas - 1} do, and each write waits for one more`,
          ),
        ]
      : [];
  return [...impossible, ...even];
}

const longestRoundTripMs = (plan: Plan): number => Math.max(0, ...plan.links.map((link) => link.roundTripMs));

/** etcd's documentation: an election timeout of at least ten round trips; 100 ms heartbeat unless said. */
function electionOf(plan: Plan): { leastMs: number; because: string } {
  const { electionTimeoutMs, heartbeatMs } = plan.workload;
  const heartbeat = heartbeatMs ?? 100;
  if (electionTimeoutMs !== null) {
    const leastMs = Math.max(0, electionTimeoutMs - heartbeat);
    return {
      leastMs,
      because: `election timeout ${show(electionTimeoutMs)} − heartbeat ${show(heartbeat)} = ${show(leastMs)}`,
    };
  }
  const leastMs = 10 * longestRoundTripMs(plan);
  return { leastMs, because: `ten round trips of ${show(longestRoundTripMs(plan))} = ${show(leastMs)}` };
}

function raftRules(plan: Plan): Remark[] {
  if (plan.strategy.kind !== "distributed") return [];
  const { electionTimeoutMs, heartbeatMs } = plan.workload;
  const at = (key: string) => ["spec", "workload", key];
  const remarks: Remark[] = [];
  for (const [key, value] of [
    ["heartbeat", heartbeatMs],
    ["electionTimeout", electionTimeoutMs],
  ] as const)
    if (value !== null && !Number.isInteger(value))
      remarks.push(error(at(key), `etcd takes whole milliseconds, got ${show(value)}`));
  if (electionTimeoutMs !== null) {
    const heartbeat = heartbeatMs ?? 100;
    if (electionTimeoutMs < 5 * heartbeat)
      remarks.push(
        error(
          at("electionTimeout"),
          `etcd refuses less than 5 × the heartbeat (5 × ${show(heartbeat)} = ${show(5 * heartbeat)}), got ${show(electionTimeoutMs)}`,
        ),
      );
    if (electionTimeoutMs > 50_000)
      remarks.push(
        error(at("electionTimeout"), `etcd refuses more than 50s, got ${show(electionTimeoutMs)}`),
      );
    const roundTrips = 10 * longestRoundTripMs(plan);
    if (electionTimeoutMs < roundTrips)
      remarks.push(
        warning(
          at("electionTimeout"),
          `less than ten of the longest round trip (${show(roundTrips)}): elections without a fault are likely`,
        ),
      );
  }
  return remarks;
}

function timingRules(plan: Plan): Remark[] {
  const { intervalMs, timeoutMs, fall } = plan.balancer.timing;
  const path = ["spec", "balancer", "health", "timeout"];
  const farthest = plan.clientRoundTripMs + longestRoundTripMs(plan);
  if (timeoutMs > intervalMs * fall)
    return [
      error(
        path,
        `a probe may take ${show(timeoutMs)}, longer than fall × interval (${fall} × ${show(intervalMs)} = ${show(intervalMs * fall)})`,
      ),
    ];
  if (timeoutMs <= farthest)
    return [
      error(
        path,
        `the farthest site answers after ${show(farthest)} at best: a timeout of ${show(timeoutMs)} calls it lost`,
      ),
    ];
  if (timeoutMs > intervalMs)
    return [
      warning(
        path,
        `longer than the interval (${show(intervalMs)}): several probes of a site will be under way at once`,
      ),
    ];
  return [];
}

function objectiveRules(plan: Plan): Remark[] {
  const { intervalMs, timeoutMs, fall } = plan.balancer.timing;
  // Without consensus in the engine nobody elects; what a decision takes is not known from the plan alone.
  const election = plan.strategy.kind === "distributed" ? electionOf(plan) : { leastMs: 0, because: "" };
  const detectionLeast = (fall - 1) * intervalMs + timeoutMs;
  const detectionMost = fall * intervalMs + timeoutMs;
  return plan.objectives.flatMap((objective, index): Remark[] => {
    const path = ["spec", "objectives", index, "recoveryTime"];
    const wanted = objective.recoveryTimeMs;
    const steers = objective.survive === "site" || objective.survive === "region";
    if (wanted < election.leastMs)
      return [
        error(
          path,
          `${show(wanted)} can't be reached: a new leader is elected after ${show(election.leastMs)} at the earliest (${election.because})`,
        ),
      ];
    if (steers && wanted < detectionLeast)
      return [
        error(
          path,
          `${show(wanted)} can't be reached: the loss is seen after ${show(detectionLeast)} at the earliest ((fall − 1) × interval + timeout = ${fall - 1} × ${show(intervalMs)} + ${show(timeoutMs)})`,
        ),
      ];
    if (steers && wanted < detectionMost + plan.balancer.dnsTtlSeconds * 1000)
      return [
        warning(
          path,
          `clients that follow DNS may need ${show(detectionMost + plan.balancer.dnsTtlSeconds * 1000)}: fall × interval + timeout = ${show(detectionMost)}, and a time to live of ${show(plan.balancer.dnsTtlSeconds * 1000)}`,
        ),
      ];
    return [];
  });
}

export function numberRules(plan: Plan, { spec }: PlanDocument): Remark[] {
  const { health } = spec.balancer;
  const both =
    health.http !== undefined && health.tcp !== undefined
      ? [error(["spec", "balancer", "health"], "http and tcp exclude each other: leave one of them out")]
      : [];
  const ttl = Number.isInteger(plan.balancer.dnsTtlSeconds)
    ? []
    : [
        error(
          ["spec", "balancer", "dns", "ttl"],
          `DNS counts in whole seconds, got "${spec.balancer.dns.ttl}"`,
        ),
      ];
  return [
    ...both,
    ...ttl,
    ...replicaRules(plan),
    ...raftRules(plan),
    ...strategyRules(plan, spec),
    ...timingRules(plan),
    ...objectiveRules(plan),
  ];
}
