// What each site counts for: its data, and its vote. Only what somebody who can know it says counts as yes: of a standby's stream
// its primary, of a vote the site's own agent. Whoever is silent is unknown.
import type { AgentStatus } from "../api/agent.ts";
import type { Plan } from "../domain/plan.ts";
import type { Believed } from "./believed.ts";
import { type SiteAnswer, statusOf } from "./site-answer.ts";
import type { Rule, Standing } from "./survival.ts";
import type { Certain } from "./workload-status.ts";

const certain = (is: boolean): Certain => (is ? "yes" : "no");

export function ruleOf(plan: Plan, newest: Believed | null): Rule {
  const { strategy } = plan;
  if (strategy.kind === "distributed") return { kind: "majority" };
  const { primary = null, standbys: voters = null } = newest?.record ?? {};
  return { kind: "replicated", primary, voters, acknowledgements: strategy.acknowledgements };
}

export function standingsOf(plan: Plan, answers: readonly SiteAnswer[], newest: Believed | null): Standing[] {
  return plan.sites.map(({ name: site, region }) => {
    const status = statusOf(answers, site);
    const vote = plan.strategy.kind === "distributed" ? memberVote(status) : storeVote(status);
    const data = plan.strategy.kind === "distributed" ? vote : dataOf(plan, answers, newest, site);
    return { site, region, data, vote };
  });
}

/** Of a consensus member: it is in contact with a majority, and no learner. */
function memberVote(status: AgentStatus | null): Certain {
  if (status === null) return "unknown";
  const { observed } = status.member;
  return certain(observed.kind === "known" && observed.value.quorum && observed.value.role !== "learner");
}

function storeVote(status: AgentStatus | null): Certain {
  const inContact = status?.recovery?.store.inContact;
  return inContact === undefined ? "unknown" : certain(inContact === true);
}

function dataOf(plan: Plan, answers: readonly SiteAnswer[], newest: Believed | null, site: string): Certain {
  const own = statusOf(answers, site)?.recovery;
  // It seals nothing and takes nothing over: its log helps nobody until a person looks.
  if (own !== undefined && own.distrust !== null) return "no";
  const primary = newest?.record.primary ?? null;
  const serving = statusOf(answers, primary)?.recovery;
  if (site === primary) return own === undefined ? "unknown" : certain(own.role === "primary");
  if (serving?.role !== "primary") {
    // Nobody can tell of its stream; its own word on its log is what there is.
    if (own === undefined || own.role === "primary" || newest?.record.phase !== "opened") return "unknown";
    return certain(own.role === "standby" && own.logEpoch === newest.record.epoch);
  }
  const standby = serving.standbys.find((each) => each.site === site && each.state === "streaming");
  if (standby === undefined) return "no";
  return plan.strategy.kind === "transaction-replication" && plan.strategy.acknowledgements === 0
    ? nearEnough(plan, serving, site)
    : "yes";
}

/** Asynchronous: a standby counts while it lacks no more than the plan allows to be lost. */
function nearEnough(plan: Plan, serving: NonNullable<AgentStatus["recovery"]>, site: string): Certain {
  const allowedMs = Math.min(...plan.objectives.map(({ recoveryPointMs }) => recoveryPointMs));
  const lag = serving.lags?.find((each) => each.site === site);
  if (!Number.isFinite(allowedMs)) return "yes";
  if (lag === undefined || lag.lagMs === null) return "unknown";
  return certain(lag.lagMs <= allowedMs);
}
