// A workload's status as metrics. Pure.
import type { Sample } from "../api/metrics-text.ts";
import type { Plan } from "../domain/plan.ts";
import { CONDITIONS, type Phase, type WorkloadStatus } from "./workload-status.ts";

const PHASES = {
  beginning: true,
  serving: true,
  "taking-over": true,
  stopped: true,
  unknown: true,
} as const satisfies Record<Phase, true>;

/** A synchronous standby further behind is one that can't take over soon. */
const SYNCHRONOUS_LAG_BOUND_MS = 10_000;

/** Asynchronous: what the plan allows to be lost. */
export function lagBoundMs({ strategy, objectives }: Plan): number | null {
  if (strategy.kind === "distributed") return null;
  if (strategy.acknowledgements > 0) return SYNCHRONOUS_LAG_BOUND_MS;
  const points = objectives.map(({ recoveryPointMs }) => recoveryPointMs);
  return points.length === 0 ? null : Math.min(...points);
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
const ANSWERS = { yes: true, no: false, unknown: null } as const;

export function workloadSamples(plan: Plan, status: WorkloadStatus): Sample[] {
  const { conditions, survives, lag, sites, running, lastProof } = status;
  const synced = lag?.lastSyncTime == null ? null : Date.parse(lag.lastSyncTime);
  return [
    ...Object.keys(PHASES).map((phase) => ({
      name: "outlast_phase" as const,
      labels: { phase },
      value: phase === status.phase,
    })),
    ...CONDITIONS.flatMap((type) => {
      const found = conditions.find((each) => each.type === type);
      return ["True", "False", "Unknown"].map((each) => ({
        name: "outlast_condition" as const,
        labels: { type, status: each },
        value: found?.status === each,
      }));
    }),
    ...conditions.map(({ type, ageMs }) => ({
      name: "outlast_condition_age_seconds" as const,
      labels: { type },
      value: seconds(ageMs),
    })),
    ...Object.entries(ANSWERS).map(([answer, value]) => ({
      name: "outlast_as_promised" as const,
      labels: { answer },
      value: status.asPromised === value,
    })),
    ...survives.flatMap(({ domain, now, atMost, promised }): Sample[] => [
      { name: "outlast_survivable_failures", labels: { domain }, value: now },
      { name: "outlast_survivable_failures_at_most", labels: { domain }, value: atMost },
      { name: "outlast_survivable_failures_promised", labels: { domain }, value: promised },
    ]),
    { name: "outlast_workload_epoch", value: status.epoch },
    { name: "outlast_lag_bytes", value: lag?.bytes ?? null },
    { name: "outlast_lag_seconds", value: seconds(lag?.ms ?? null) },
    { name: "outlast_lag_bound_seconds", value: seconds(lagBoundMs(plan)) },
    { name: "outlast_last_sync_timestamp_seconds", value: seconds(synced) },
    ...sites.map(({ site, answers }) => ({
      name: "outlast_site_answers" as const,
      labels: { place: site },
      value: answers,
    })),
    { name: "outlast_disagreements", value: status.disagreements.length },
    ...(running === null
      ? []
      : [
          {
            name: "outlast_step_running" as const,
            labels: { workflow: running.workflow, step: running.step ?? "" },
            value: true,
          },
        ]),
    ...(lastProof === null
      ? []
      : [{ name: "outlast_last_proof" as const, labels: { proof: lastProof }, value: true }]),
  ];
}
