// The status of a workload as `outlast status -o json` prints it: docs/status.md. Times are ages in ms, because they were told by
// several machines; those in RFC 3339 are the asker's wall clock minus the age. null: not known, which is never fine.
import type { FailureDomain } from "../domain/plan.ts";

/** Yes, no, or nobody can tell. */
export type Certain = "yes" | "no" | "unknown";

export type Phase =
  /** Nobody has served yet. */
  | "beginning"
  | "serving"
  | "taking-over"
  /** It is certain that nobody can commit. */
  | "stopped"
  | "unknown";

export const CONDITIONS = ["Available", "Protected", "PeerReady"] as const;

export interface Condition {
  readonly type: (typeof CONDITIONS)[number];
  readonly status: "True" | "False" | "Unknown";
  /** One word for programs. */
  readonly reason: string;
  readonly message: string;
  /** Since it is as it is now; at least, where an agent has started anew since. */
  readonly ageMs: number | null;
  readonly lastTransitionTime: string | null;
}

export interface Survival {
  readonly domain: FailureDomain;
  /** By the plan's objectives. */
  readonly promised: number;
  /** Failures that are certainly survived: each site that does not answer counts as lost. */
  readonly now: number;
  /** If each that does not answer were well. */
  readonly atMost: number;
  /** What a failure more would take away. */
  readonly limitedBy: "acknowledged writes" | "store majority" | "standbys to commit with" | "majority";
  /** Of `now`, for acknowledged writes alone and for the store alone. */
  readonly data: number;
  readonly dataAtMost: number;
  readonly store: number;
}

export interface Lag {
  readonly standby: string;
  readonly bytes: number;
  readonly ms: number | null;
  readonly lastSyncTime: string | null;
}

export interface SiteStatus {
  readonly site: string;
  /** Of its agent. */
  readonly answers: boolean;
  /** Why it does not, or why it can't commit. */
  readonly because: string;
  readonly role: "primary" | "standby" | "leader" | "follower" | "learner" | "down" | "unknown";
  readonly ableToCommit: boolean | null;
  /** As this site knows it, which may be old. */
  readonly epoch: number | null;
  /** Its data counts. */
  readonly data: Certain;
  /** Its vote in the consensus counts: the store's, or the engine's own. */
  readonly vote: Certain;
  readonly lagBytes: number | null;
  readonly lagMs: number | null;
}

export interface WorkloadStatus {
  readonly name: string;
  readonly phase: Phase;
  readonly primary: string | null;
  readonly epoch: number | null;
  /** Everything that the plan promises holds; null: nobody can tell. */
  readonly asPromised: boolean | null;
  readonly conditions: readonly Condition[];
  readonly survives: readonly Survival[];
  /** The least of all standbys'; null: there is none, or nobody tells. */
  readonly lag: Lag | null;
  readonly sites: readonly SiteStatus[];
  readonly disagreements: readonly string[];
  readonly paused: boolean | null;
  readonly running: { readonly workflow: string; readonly step: string | null } | null;
  /** What was last shown to work: a workflow's record, or a drill's evidence. */
  readonly lastProof: string | null;
}
