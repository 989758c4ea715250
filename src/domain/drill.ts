// What a drill found, as written to result.json and printed by `-o json` (docs/evidence.md explains every number).
// null always means "not known" and never counts as success. Times named `atMs` are milliseconds since the origin of
// the drill's history; the other `…Ms` are durations.
import type { OutlastEvent } from "./event.ts";
import type { Verdict } from "./verdict.ts";

export const API_VERSION = "outlast.dev/v1alpha1";

/** running: being written; aborted: it ended before the end. */
export type DrillPhase = "running" | "complete" | "aborted";

export interface DrillLoad {
  /** Scheduled operations per second, per region and profile. */
  readonly ratePerSecond: number;
  /** An operation that has no answer after this long counts as failed, whatever comes later. */
  readonly deadlineMs: number;
  /** Client profiles: kernel, dns, pinned, direct … */
  readonly profiles: readonly string[];
}

/** Region → profile → milliseconds; null: did not recover while watched, or could not be measured. */
export type ByRegion = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

export interface RecoveryTime {
  /** Of the regions and profiles that the objective counts; null when one of them is null. */
  readonly worst: number | null;
  /** Where the worst was seen. */
  readonly worstAt: { readonly region: string; readonly profile: string } | null;
  readonly byRegion: ByRegion;
  /** Where the worst was seen nothing was answered before the fault was healed: not the workload recovered, the fault ended. */
  readonly onlyOnceHealed?: boolean;
}

/** A stretch in which scheduled operations of one region and profile failed. A second one, at heal, counts too. */
export interface Outage {
  readonly region: string;
  readonly profile: string;
  readonly fromAtMs: number;
  /** null: still failing when the drill ended. */
  readonly toAtMs: number | null;
}

/** Each the difference of two recorded events; null when one is missing or the step has no part in the strategy. They need not add up. */
export interface Breakdown {
  readonly detect: number | null;
  readonly decide: number | null;
  readonly fence: number | null;
  readonly promote: number | null;
  readonly route: number | null;
  readonly reconnect: number | null;
}

export const BREAKDOWN_TERMS = ["detect", "decide", "fence", "promote", "route", "reconnect"] as const;
export type BreakdownTerm = (typeof BREAKDOWN_TERMS)[number];

/** Written, with its digest, before the first fault. */
export interface Prediction {
  readonly recoveryTimeMs: number | null;
  /** ms null: without end, as a port check that never notices. */
  readonly terms: readonly { readonly name: string; readonly ms: number | null; readonly because: string }[];
  /** "sha256:…" over the prediction without this field. */
  readonly digest: string;
  /** RFC 3339. */
  readonly writtenAt: string;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Lateness extends Percentiles {
  readonly p999: number;
}

/** Of the operations that succeeded, from `scheduled`; null: none in that part. */
export interface Latency {
  readonly before: Percentiles | null;
  readonly during: Percentiles | null;
  readonly after: Percentiles | null;
}

export interface ObjectiveResult {
  /** "recovery time when a site is lost" */
  readonly name: string;
  readonly unit: "ms" | "writes" | "verdict";
  readonly asked: number | string;
  readonly measured: number | string | null;
  /** null: inconclusive. */
  readonly met: boolean | null;
}

export interface DrillMark {
  readonly mark: "fault" | "heal" | "event";
  readonly name: string;
  readonly site: string | null;
  readonly atMs: number;
}

/** An event of a component, placed on the drill's own time axis. */
export type TimelineEvent = { readonly atMs: number } & OutlastEvent;

export interface DrillEnvironment {
  /** outlast, node, engine, nft … → version */
  readonly versions: Readonly<Record<string, string>>;
  /** Where the engine's binary came from: "go module build", "debian package" … */
  readonly engineSource: string | null;
  readonly cores: number;
  readonly kernel: string;
  /** "vxlan-relay", "netem" … */
  readonly linkDriver: string | null;
  /** How late the relay forwarded, and the generator sent, in ms. */
  readonly relayLatenessMs: Lateness | null;
  readonly generatorLatenessMs: Lateness | null;
  /** What the members' data was on. */
  readonly disks: readonly string[];
  readonly links: readonly {
    readonly between: readonly [string, string];
    readonly plannedRoundTripMs: number;
    readonly medianRoundTripMs: number | null;
  }[];
}

export interface DrillSpec {
  /** Named after its fault: lose-site, isolate-site … */
  readonly scenario: string;
  /** The site the fault hits; null: the scenario has none. */
  readonly site: string | null;
  readonly load: DrillLoad;
  readonly seed: number;
  /** Positive controls in force: the run was made to fail, to show that it can. */
  readonly controls?: readonly string[];
}

export interface DrillStatus {
  readonly phase: DrillPhase;
  /** true, false, or null: inconclusive. */
  readonly objectiveMet: boolean | null;
  readonly objectives: readonly ObjectiveResult[];
  /** false: the run can't be trusted either way; `reasons` say why. */
  readonly conclusive: boolean;
  /** Why it is inconclusive, aborted or not met; empty when all is well. */
  readonly reasons: readonly string[];
  readonly recoveryTimeMs: RecoveryTime;
  /** Failed time of the whole drill, of the worst counted region and profile. */
  readonly failedMs: number | null;
  readonly outages: readonly Outage[];
  readonly breakdownMs: Breakdown;
  readonly acknowledgedWrites: number | null;
  /** null unless the read-back was complete. */
  readonly lostAcknowledgedWrites: number | null;
  /** max(fault, last lost acknowledgement) − oldest lost acknowledgement; 0 only when nothing was lost. */
  readonly recoveryPointMs: number | null;
  /** Age, at the fault, of the state that was restored. */
  readonly restoredStateAgeMs: number | null;
  /** From the fault until as many replicas as before had caught up. */
  readonly timeToFullRedundancyMs: number | null;
  readonly verdicts: readonly Verdict[];
  readonly predicted: Prediction | null;
  readonly latencyMs: Latency;
  readonly marks: readonly DrillMark[];
  /** What changed, in order of time; the whole timeline with every log line is the folder's events.jsonl. */
  readonly events: readonly TimelineEvent[];
  readonly environment: DrillEnvironment | null;
}

export interface DrillResult {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "DrillResult";
  readonly metadata: {
    readonly id: string;
    readonly planName: string;
    /** "sha256:…" of the plan.yaml in the folder. */
    readonly planDigest: string;
    /** RFC 3339. */
    readonly start: string;
    /** With `--runs N`: which of them this is. Every run has a folder of its own. */
    readonly series: { readonly id: string; readonly run: number; readonly of: number } | null;
  };
  readonly spec: DrillSpec;
  readonly status: DrillStatus;
}

/** All runs that were started are items, also the inconclusive and the aborted ones. */
export interface DrillResultList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "DrillResultList";
  readonly items: readonly DrillResult[];
  readonly summary: {
    readonly runs: number;
    /** A run without a recovery time counts as slower than any other: null when such a run is the median or worst. */
    readonly recoveryTimeMs: { readonly median: number | null; readonly worst: number | null };
    /** Over all runs; null when one run does not know. */
    readonly lostAcknowledgedWrites: number | null;
    /** true: in every run; false: missed in at least one; null: neither. */
    readonly objectiveMet: boolean | null;
  };
}
