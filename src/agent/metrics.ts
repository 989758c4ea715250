// What an agent sees, in Prometheus' text format. Pure.
import type { AgentStatus } from "../api/agent.ts";
import type { SiteReport } from "../domain/health.ts";

interface Sample {
  readonly name: string;
  readonly help: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** null: not known; then it is left out, for an old value would look like a new one. */
  readonly value: number | null;
}

export function agentMetrics(status: AgentStatus, report: SiteReport): string {
  const { recovery } = status;
  const record = recovery?.primaryship ?? null;
  const samples: Sample[] = [
    { name: "able_to_commit", help: "This site can commit", value: Number(report.ableToCommit) },
    { name: "member_up", help: "The member answers", value: Number(status.member.observed.kind === "known") },
  ];
  if (recovery !== undefined)
    samples.push(
      { name: "epoch", help: "Number of the primaryship", value: record?.epoch ?? null },
      {
        name: "is_primary",
        help: "This site is the primary",
        value: Number(record?.primary === status.site),
      },
      { name: "fence_open", help: "Clients pass here", value: Number(recovery.fenceOpenFor !== null) },
      {
        name: "lease_age_seconds",
        help: "Since the lease was last seen to change",
        value: recovery.leaseAgeMs === null ? null : recovery.leaseAgeMs / 1_000,
      },
      {
        name: "store_read_age_seconds",
        help: "Since the store last answered",
        value: recovery.store.readAgeMs === null ? null : recovery.store.readAgeMs / 1_000,
      },
      {
        name: "synchronous_standbys_spare",
        help: "Standbys that count, beyond those that a commit waits for",
        value: record === null ? null : record.standbys.length - record.acknowledgements,
      },
      ...recovery.standbys.map((standby) => ({
        name: "standby_lag_bytes",
        help: "Of a standby that streams from here, on disk",
        labels: { standby: standby.site },
        value: standby.lagBytes,
      })),
      {
        name: "paused",
        help: "No takeover begins by itself",
        value: record === null ? null : Number(record.paused),
      },
      {
        name: "distrusts_store",
        help: "Nothing is decided here any more",
        value: Number(recovery.distrust !== null),
      },
    );
  const lines: string[] = [];
  let last = "";
  for (const { name, help, labels, value } of samples) {
    if (value === null) continue;
    if (name !== last) lines.push(`# HELP outlast_${name} ${help}`, `# TYPE outlast_${name} gauge`);
    last = name;
    const all = Object.entries({ site: status.site, ...labels }).map(([key, text]) => `${key}="${text}"`);
    lines.push(`outlast_${name}{${all.join(",")}} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}
