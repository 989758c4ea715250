// Every metric that Outlast tells, by whom: the one place for names, help and labels. docs/status.md lists the same, the alert rules
// use no others (tests beside and in test/alerts). Names carry their unit; all are gauges: what is so now.
export interface Metric {
  readonly help: string;
  /** Beside `site` of an agent's. */
  readonly labels: readonly string[];
  /** agent: GET /metrics of each site's agent, with the label `site`; workload: of `outlast status --listen`. */
  readonly by: "agent" | "workload";
}

const agent = (help: string, ...labels: string[]): Metric => ({ help, labels, by: "agent" });
const workload = (help: string, ...labels: string[]): Metric => ({ help, labels, by: "workload" });

export const METRICS = {
  outlast_able_to_commit: agent("This site can commit"),
  outlast_member_up: agent("The engine's member of this site answers"),
  outlast_member_in_contact: agent("The member knows a majority, or streams, or has enough standbys"),
  outlast_epoch: agent("Number of the primaryship as this site knows it"),
  outlast_epoch_opened: agent("A primary may serve under this epoch; 0: a takeover is under way"),
  outlast_is_primary: agent("This site is the primary of the epoch that it knows"),
  outlast_fence_open: agent("Clients pass here"),
  outlast_lease_age_seconds: agent("Since the lease was last seen to change"),
  outlast_lease_lifetime_seconds: agent("So long a lease lasts after its renewal was sent"),
  outlast_store_member_in_contact: agent("The store's member of this site is in contact with a majority"),
  outlast_store_read_age_seconds: agent("Since the store last answered this agent"),
  outlast_synchronous_standbys: agent("Standbys that count, as recorded"),
  outlast_synchronous_standbys_needed: agent("So many of them a commit waits for"),
  outlast_synchronous_standbys_spare: agent(
    "Standbys that count and stream, beyond those that a commit waits for",
  ),
  outlast_standby_streaming: agent("The standby streams from this primary", "standby"),
  outlast_standby_lag_bytes: agent("Of a standby of this primary, on disk", "standby"),
  outlast_standby_lag_seconds: agent("Age of the oldest write that the standby lacks, at most", "standby"),
  outlast_standby_sync_age_seconds: agent("Since the standby last had everything", "standby"),
  outlast_paused: agent("No takeover begins by itself"),
  outlast_distrusts_store: agent("This agent acts on nothing any more until a person says so"),
  outlast_workflow_running: agent("A workflow runs"),
  outlast_phase: workload("1 for the phase that the workload is in", "phase"),
  outlast_condition: workload("1 for the status that the condition has", "type", "status"),
  outlast_condition_age_seconds: workload("Since the condition is as it is, at least", "type"),
  outlast_as_promised: workload("1 for whether everything that the plan promises holds", "answer"),
  outlast_survivable_failures: workload("Failures more that are certainly survived", "domain"),
  outlast_survivable_failures_at_most: workload("The same, if every silent site were well", "domain"),
  outlast_survivable_failures_promised: workload("By the plan's objectives", "domain"),
  outlast_workload_epoch: workload("Newest epoch that anybody has read"),
  outlast_lag_bytes: workload("Of the standby that is behind least"),
  outlast_lag_seconds: workload("Of the standby that is behind least"),
  outlast_lag_bound_seconds: workload("A standby further behind is not what the plan counts on"),
  outlast_last_sync_timestamp_seconds: workload("When a standby last had everything"),
  outlast_site_answers: workload("The site's agent answers", "place"),
  outlast_disagreements: workload("Agents that say something else than the newest epoch"),
  outlast_step_running: workload("1 for the workflow and step that run", "workflow", "step"),
  outlast_last_proof: workload("1 for what was last shown to work", "proof"),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
