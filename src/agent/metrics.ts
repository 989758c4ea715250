// What an agent sees, as metrics. Pure.
import type { AgentStatus } from "../api/agent.ts";
import { metricsText, type Sample } from "../api/metrics-text.ts";
import type { SiteReport } from "../domain/health.ts";

const seconds = (ms: number | null | undefined): number | null => (ms == null ? null : ms / 1_000);

export function agentSamples(status: AgentStatus, report: SiteReport): Sample[] {
  const { observed } = status.member;
  const samples: Sample[] = [
    { name: "outlast_able_to_commit", value: report.ableToCommit },
    { name: "outlast_member_up", value: observed.kind === "known" },
    { name: "outlast_member_in_contact", value: observed.kind === "known" && observed.value.quorum },
    ...(status.recovery === undefined
      ? [{ name: "outlast_epoch" as const, value: report.epoch }]
      : recoverySamples(status.site, status.recovery)),
  ];
  return samples.map((sample) => ({ ...sample, labels: { site: status.site, ...sample.labels } }));
}

function recoverySamples(site: string, recovery: NonNullable<AgentStatus["recovery"]>): Sample[] {
  const { primaryship: record, store, standbys, lags = [] } = recovery;
  const streams = (name: string) => standbys.some((each) => each.site === name && each.state === "streaming");
  const serves = recovery.role === "primary";
  const counted = record === null ? null : record.standbys.filter(streams).length - record.acknowledgements;
  const gone = serves
    ? (record?.standbys ?? []).filter((name) => !lags.some((lag) => lag.site === name))
    : [];
  return [
    { name: "outlast_epoch", value: record?.epoch ?? null },
    { name: "outlast_epoch_opened", value: record === null ? null : record.phase === "opened" },
    { name: "outlast_is_primary", value: record?.primary === site },
    { name: "outlast_fence_open", value: recovery.fenceOpenFor !== null },
    { name: "outlast_lease_age_seconds", value: seconds(recovery.leaseAgeMs) },
    { name: "outlast_lease_lifetime_seconds", value: seconds(recovery.leaseLifeMs) },
    { name: "outlast_store_member_in_contact", value: store.inContact ?? false },
    { name: "outlast_store_read_age_seconds", value: seconds(store.readAgeMs) },
    { name: "outlast_synchronous_standbys", value: serves ? (record?.standbys.length ?? null) : null },
    {
      name: "outlast_synchronous_standbys_needed",
      value: serves ? (record?.acknowledgements ?? null) : null,
    },
    { name: "outlast_synchronous_standbys_spare", value: serves ? counted : null },
    ...[...lags.map((lag) => lag.site), ...gone].map((standby) => ({
      name: "outlast_standby_streaming" as const,
      labels: { standby },
      value: streams(standby),
    })),
    ...lags.flatMap(({ site: standby, lagBytes, lagMs, caughtUpAgeMs }): Sample[] => [
      { name: "outlast_standby_lag_bytes", labels: { standby }, value: lagBytes },
      { name: "outlast_standby_lag_seconds", labels: { standby }, value: seconds(lagMs) },
      { name: "outlast_standby_sync_age_seconds", labels: { standby }, value: seconds(caughtUpAgeMs) },
    ]),
    { name: "outlast_paused", value: record?.paused ?? null },
    { name: "outlast_distrusts_store", value: recovery.distrust !== null },
    { name: "outlast_workflow_running", value: (recovery.workflows?.running ?? null) !== null },
  ];
}

export const agentMetrics = (status: AgentStatus, report: SiteReport): string =>
  metricsText(agentSamples(status, report));
