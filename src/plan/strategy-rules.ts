// Rules that join engine, strategy and objectives: which engine has which strategy, which versions there are, and whether
// what is left after the loss that an objective names can still commit, or lose nothing.
import type { EngineKind, FailureDomain, Plan, Strategy, TransactionReplication } from "../domain/plan.ts";
import type { Remark } from "./name-rules.ts";
import type { PlanDocument } from "./schema.ts";
import { formatDurationMs as show } from "./units.ts";

const error = (path: Remark["path"], message: string): Remark => ({ level: "error", path, message });
const warning = (path: Remark["path"], message: string): Remark => ({ level: "warning", path, message });

interface EngineRule {
  readonly strategy: Strategy["kind"];
  readonly version: RegExp;
  readonly versions: string;
  /** How many other sites a commit can wait for at most; null: all of them. */
  readonly acknowledgementsMax: number | null;
}

const ENGINES: Readonly<Record<EngineKind, EngineRule>> = {
  etcd: {
    strategy: "distributed",
    version: /^\d+\.\d+\.\d+$/,
    versions: 'such as "3.6.16"',
    acknowledgementsMax: null,
  },
  postgresql: {
    strategy: "transaction-replication",
    version: /^1[5-8](?:\.\d{1,2})?$/,
    versions: 'such as "15" or "15.18", 15 to 18',
    acknowledgementsMax: null,
  },
  mariadb: {
    strategy: "transaction-replication",
    version: /^(?:10\.11|11\.4|11\.8)(?:\.\d{1,2})?$/,
    versions: 'such as "10.11" or "10.11.19"; 10.11, 11.4 or 11.8',
    acknowledgementsMax: 1, // semi-synchronous replication waits for any one replica
  },
};

export function strategyRules(plan: Plan, spec: PlanDocument["spec"]): Remark[] {
  const { engine } = plan.workload;
  const rule = ENGINES[engine];
  const remarks: Remark[] = [];
  if (plan.strategy.kind !== rule.strategy)
    return [
      error(
        ["spec", "strategy", "kind"],
        `${engine} replicates by ${rule.strategy}, not by ${plan.strategy.kind}`,
      ),
    ];
  if (plan.workload.version !== null && !rule.version.test(plan.workload.version))
    remarks.push(
      error(
        ["spec", "workload", "version"],
        `expected a version of ${engine} ${rule.versions}, got "${plan.workload.version}"`,
      ),
    );
  if (plan.strategy.kind !== "transaction-replication") return remarks;
  for (const key of ["heartbeat", "electionTimeout"] as const)
    if (spec.workload[key] !== undefined)
      remarks.push(error(["spec", "workload", key], `${engine} elects nobody: leave it out`));
  if (
    spec.strategy.kind === "transaction-replication" &&
    spec.strategy.mode === "asynchronous" &&
    spec.strategy.acknowledgements !== undefined
  )
    remarks.push(
      error(["spec", "strategy", "acknowledgements"], "an asynchronous commit waits for none: leave it out"),
    );
  const most = rule.acknowledgementsMax;
  if (most !== null && plan.strategy.acknowledgements > most)
    remarks.push(
      error(
        ["spec", "strategy", "acknowledgements"],
        `a commit of ${engine} waits for ${counted(most)} at most, any one of those that stream: write ${most}, or use another engine`,
      ),
    );
  return [...remarks, ...replicationRules(plan, plan.strategy)];
}

const counted = (count: number): string => (count === 1 ? "1 site" : `${count} sites`);

/** Sites, and candidates, that the worst loss of such a failure domain leaves. */
function left(domain: FailureDomain, plan: Plan, candidates: readonly string[]) {
  const groups = new Map<string, { sites: number; candidates: number }>();
  for (const { name, region } of plan.sites) {
    const key = domain === "region" ? region : name;
    const group = groups.get(key) ?? { sites: 0, candidates: 0 };
    group.sites += 1;
    if (candidates.includes(name)) group.candidates += 1;
    groups.set(key, group);
  }
  const all = [...groups.values()];
  return {
    sites: plan.sites.length - Math.max(...all.map(({ sites }) => sites)),
    candidates: candidates.length - Math.max(...all.map((group) => group.candidates)),
  };
}

function replicationRules(plan: Plan, strategy: TransactionReplication): Remark[] {
  const { acknowledgements: count, candidates, trigger } = strategy;
  const others = plan.sites.length - 1;
  if (count > others)
    return [
      error(
        ["spec", "strategy", "acknowledgements"],
        `a commit can't wait for ${count} other sites: there ${others === 1 ? "is" : "are"} ${others}`,
      ),
    ];
  return plan.objectives.flatMap((objective, index): Remark[] => {
    const at = (key: string) => ["spec", "objectives", index, key];
    const remarks: Remark[] = [];
    const rest = left(objective.survive, plan, candidates);
    if (count === 0 && objective.recoveryPointMs === 0)
      remarks.push(
        error(
          at("recoveryPoint"),
          "an asynchronous commit is acknowledged before any other site has it, so its loss can't be excluded: write a time over 0s, or mode: synchronous",
        ),
      );
    if (rest.candidates < 1)
      remarks.push(
        error(at("survive"), `after the loss of one ${objective.survive} no candidate is left to be primary`),
      );
    if (rest.sites - 1 < count)
      remarks.push(
        error(
          at("survive"),
          `after the loss of one ${objective.survive} ${counted(rest.sites)} ${rest.sites === 1 ? "is" : "are"} left, and a commit waits for ${count} besides the primary: nothing could be committed`,
        ),
      );
    const majority = Math.floor(plan.sites.length / 2) + 1;
    if (trigger === "automatic" && rest.sites < majority)
      remarks.push(
        error(
          at("survive"),
          `after the loss of one ${objective.survive} ${rest.sites} of ${counted(plan.sites.length)} ${rest.sites === 1 ? "is" : "are"} left, and only a majority (${majority}) decides by itself: write trigger: human, or add a site`,
        ),
      );
    if (trigger === "human" && objective.recoveryTimeMs < HUMAN_MS)
      remarks.push(
        warning(
          at("recoveryTime"),
          `${show(objective.recoveryTimeMs)} counts from the decision of a human, who is not as quick`,
        ),
      );
    return remarks;
  });
}

/** Nobody is called, looks and decides in less. */
const HUMAN_MS = 60_000;
