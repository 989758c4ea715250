// What one site's agent answered, or that it did not: the only things that a workload's status is made of.
import type { AgentStatus } from "../api/agent.ts";
import type { SiteReport } from "../domain/health.ts";
import type { Reading } from "../domain/outcome.ts";

export interface SiteAnswer {
  readonly site: string;
  readonly status: Reading<AgentStatus>;
  /** Can this site commit? Its own words. */
  readonly report: Reading<SiteReport>;
}

export const statusOf = (answers: readonly SiteAnswer[], site: string | null): AgentStatus | null => {
  const found = answers.find((answer) => answer.site === site)?.status;
  return found?.kind === "known" ? found.value : null;
};

export const reportOf = (answers: readonly SiteAnswer[], site: string | null): SiteReport | null => {
  const found = answers.find((answer) => answer.site === site)?.report;
  return found?.kind === "known" ? found.value : null;
};
