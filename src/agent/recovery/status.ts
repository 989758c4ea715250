// What the agent answers about itself and its workload. Pure.
import type { AgentStatus } from "../../api/agent.ts";
import type { SiteReport } from "../../domain/health.ts";
import type { Reading } from "../../domain/outcome.ts";
import type { Installation, Observation } from "../../engines/contract.ts";
import { leaseMs } from "../../recovery/lease-timings.ts";
import type { SiteState } from "../../recovery/site-state.ts";
import type { MemberStatus } from "../member.ts";
import type { Memory } from "./memory.ts";
import { type LagHistory, lagsOf } from "./standby-lag.ts";
import type { WorkflowsSeen } from "./workflow-news.ts";

export interface RecoverySeen {
  readonly site: string;
  readonly installed: Installation;
  readonly state: SiteState;
  readonly observed: Reading<Observation>;
  readonly pid: number | null;
  readonly hasData: boolean;
  readonly remembered: Memory;
  readonly storeMember: Pick<MemberStatus, "data" | "because" | "observed">;
  readonly storeReadAtMs: number | null;
  readonly storeComplaint: string | null;
  readonly doing: string | null;
  readonly complaint: string | null;
  /** When the kernel last took a confirm. */
  readonly confirmed: { readonly epoch: number; readonly atMs: number } | null;
  readonly fenceLeavesOpen: readonly string[];
  readonly fenceMs: number;
  readonly lags: LagHistory;
  readonly workflows: WorkflowsSeen;
  readonly frontend: { readonly pid: number | null; readonly report: SiteReport | null } | null;
  readonly nowMs: number;
}

const age = (nowMs: number, atMs: number | null): number | null =>
  atMs === null ? null : Math.round(nowMs - atMs);

/** As far as this agent knows: the kernel may have closed it earlier, never later. */
export const fenceOpenFor = ({
  confirmed,
  fenceMs,
  nowMs,
}: Pick<RecoverySeen, "confirmed" | "fenceMs" | "nowMs">): number | null =>
  confirmed !== null && nowMs - confirmed.atMs < fenceMs ? confirmed.epoch : null;

export function recoveryStatus(seen: RecoverySeen): AgentStatus {
  const { site, installed, state, observed, pid, hasData, remembered, frontend, nowMs } = seen;
  const { kind, replication } = { kind: observed.kind, ...(observed.kind === "known" ? observed.value : {}) };
  const record = state.view?.epoch?.value;
  const opened = state.view?.opened?.value;
  return {
    site,
    engine: { kind: installed.engine, version: installed.version, source: installed.source },
    member: {
      state: pid === null ? "stopped" : "running",
      because: observed.kind === "unknown" ? observed.reason : (seen.complaint ?? "it answers"),
      pid,
      attached: false,
      data: hasData ? "present" : "empty",
      observed:
        observed.kind === "known"
          ? { ...observed, value: { ...observed.value, alarms: [...observed.value.alarms] } }
          : observed,
    },
    recovery: {
      primaryship:
        record === undefined
          ? null
          : {
              epoch: record.epoch,
              phase: record.phase,
              coordinator: record.coordinator,
              primary: record.primary,
              holder: state.view?.lease?.value.holder ?? null,
              standbys: [...(opened?.standbys ?? [])],
              acknowledgements: opened?.acknowledgements ?? 0,
              paused: state.view?.control?.value.paused ?? false,
            },
      leaseAgeMs: age(nowMs, state.sighting?.atMs ?? null),
      leaseLifeMs: leaseMs(state.settings.timings),
      fenceOpenFor: fenceOpenFor(seen),
      fenceLeavesOpen: [...seen.fenceLeavesOpen],
      role: state.member.role,
      sealedEpoch: remembered.sealedEpoch,
      logEpoch: state.member.history.at(-1)?.branch ?? null,
      position: kind === "known" ? (replication?.flushed ?? null) : null,
      standbys: (replication?.standbys ?? []).map((standby) => ({
        site: standby.name,
        state: standby.state,
        lagBytes: Math.max(0, (replication?.flushed ?? 0) - standby.flushed),
      })),
      lags: lagsOf(seen.lags, nowMs),
      workflows: seen.workflows,
      doing: seen.doing,
      complaint: seen.complaint,
      distrust: state.distrust,
      store: {
        data: seen.storeMember.data,
        because: seen.storeMember.because,
        inContact:
          seen.storeMember.observed.kind === "unknown" ? null : seen.storeMember.observed.value.quorum,
        readAgeMs: age(nowMs, seen.storeReadAtMs),
        complaint: seen.storeComplaint,
      },
    },
    frontend: frontend ?? { pid: null, report: null },
  };
}

/** Can this site commit? Its fence is open, and where there is a front-end, that says so too. */
export function recoveryReport(seen: RecoverySeen): SiteReport {
  const { site, state, observed, frontend } = seen;
  const epoch = state.view?.epoch?.value.epoch ?? null;
  const say = (ableToCommit: boolean, because: string): SiteReport => ({
    site,
    ableToCommit,
    because,
    epoch,
  });
  if (state.distrust !== null) return say(false, `the store is not believed: ${state.distrust}`);
  const open = fenceOpenFor(seen);
  if (open === null) {
    const primary = state.view?.epoch?.value.primary ?? null;
    return say(false, primary === site ? "the fence is closed" : `the primary is ${primary ?? "nobody yet"}`);
  }
  if (observed.kind === "unknown") return say(false, `member: ${observed.reason}`);
  if (observed.value.alarms.length > 0)
    return say(false, `member: alarm ${observed.value.alarms.join(", ")}`);
  if (!observed.value.quorum) return say(false, "member: fewer standbys than a commit waits for");
  if (frontend === null) return say(true, `primary of epoch ${open}`);
  if (frontend.report === null) return say(false, "front-end: does not answer");
  return say(frontend.report.ableToCommit, `front-end: ${frontend.report.because}`);
}
