// Since when what an agent says has been so. Pure: kept by the agent's loop, told as ages, because clocks of two machines
// do not compare. An agent that started anew begins anew: then an age is "at least".
import type { AgentStatus } from "../api/agent.ts";
import { STREAMS } from "../domain/facts.ts";
import type { SiteReport } from "../domain/health.ts";

export type FactAges = Readonly<Record<string, { readonly is: boolean; readonly sinceMs: number }>>;

/** What conditions rest on (src/status), each as yes or no. */
export function factsOf(status: AgentStatus, report: SiteReport): Readonly<Record<string, boolean>> {
  const { member, recovery } = status;
  const facts: Record<string, boolean> = {
    "able-to-commit": report.ableToCommit,
    member: member.observed.kind === "known" && member.observed.value.quorum,
  };
  if (recovery === undefined) return facts;
  facts["store"] = recovery.store.complaint === null && recovery.store.readAgeMs !== null;
  for (const { site } of recovery.lags ?? [])
    facts[STREAMS + site] = recovery.standbys.some(
      (each) => each.site === site && each.state === "streaming",
    );
  return facts;
}

export const noteFacts = (
  before: FactAges,
  facts: Readonly<Record<string, boolean>>,
  nowMs: number,
): FactAges =>
  Object.fromEntries(
    Object.entries(facts).map(([name, is]) => {
      const known = before[name];
      return [name, known?.is === is ? known : { is, sinceMs: nowMs }];
    }),
  );

export const agesOf = (ages: FactAges, nowMs: number): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(ages).map(([name, { sinceMs }]) => [name, Math.round(nowMs - sinceMs)]));
