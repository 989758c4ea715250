// One site's agent as the decisions see it: what it knows, what it has under way, what it can be told and what it can do.
// Nothing in here has to survive the agent: what does is in the store, in the member's own persisted seal, and in the kernel.
import type { EpochRecord, LeaseTimings, LogHistory, LeaseRecord } from "../domain/primaryship.ts";
import type { Holder, HolderAction, RenewalAnswer } from "./holder.ts";
import type { Sighting } from "./rules.ts";
import type { Held, RecoverySwap, RecoveryView, SwapPurpose } from "./view.ts";

export interface RecoverySettings {
  readonly timings: LeaseTimings;
  /** Sites with data, in the order in which ties are decided. */
  readonly sites: readonly string[];
  /** k of "ANY k": how many standbys each acknowledged write is on. */
  readonly acknowledgements: number;
  /** With fewer standbys than that after a takeover: keep the fence closed, or go on unprotected. */
  readonly whenReplicaLost: "block" | "continue";
  readonly trigger: "automatic" | "human";
}

/** What the agent knows of its own member. Persisted by the member's driver: sealedEpoch and branch. */
export interface MemberReport {
  readonly role: "primary" | "standby" | "down";
  /** Sources of an older epoch are never followed again. */
  readonly sealedEpoch: number;
  /** The epoch under which it was promoted, when it has run without a restart since; also while it does not answer. */
  readonly promotedEpoch: number | null;
  readonly history: LogHistory;
  /** Of a primary: sites that have flushed its end of recovery. */
  readonly flushedBy: readonly string[];
  /** Of a primary: the standbys that its engine is configured to wait for now. */
  readonly names: readonly string[];
  /** The branch that it follows; null: nobody. */
  readonly following: number | null;
}

export interface SiteState {
  readonly site: string;
  readonly settings: RecoverySettings;
  readonly view: RecoveryView | null;
  readonly readAtMs: number | null;
  /** The current lease, and since when it has been silent while the store could be read. */
  readonly sighting: (Sighting & { readonly quietFromMs: number }) | null;
  /** The lease that has to run out before the current epoch may open, and from when this agent counts. */
  readonly wait: { readonly leaseRevision: number; readonly sinceMs: number } | null;
  readonly holder: Holder;
  /** One at a time; renewals are apart. */
  readonly swap: { readonly nonce: number; readonly purpose: SwapPurpose; readonly sentAtMs: number } | null;
  /** The last takeover was refused because of a renewal that came late: only a short silence is asked for then. */
  readonly hasty: boolean;
  readonly member: MemberReport;
  readonly nextNonce: number;
  /** Set for good when the store is not the one that was known: everything stays closed until a human says otherwise. */
  readonly distrust: string | null;
}

export type SiteEvent =
  /** A linearizable read. `floor`: the highest revision that was known when it was asked for. */
  | { readonly kind: "view"; readonly view: RecoveryView; readonly floor: number }
  | { readonly kind: "member"; readonly member: MemberReport }
  /** The engine has committed here; age of its last synchronous commit. */
  | { readonly kind: "committed"; readonly syncAgeMs: number | null }
  | { readonly kind: "renewal"; readonly nonce: number; readonly answer: RenewalAnswer }
  | {
      readonly kind: "swap";
      readonly nonce: number;
      readonly answer:
        | { readonly kind: "swapped" }
        | { readonly kind: "refused"; readonly lease: Held<LeaseRecord> | null }
        | { readonly kind: "nothing" };
    }
  /** "close" was carried out: nothing of that epoch passes any more and nothing can refresh it. */
  | { readonly kind: "closed"; readonly epoch: number }
  | { readonly kind: "release"; readonly to: string }
  /** A person's failover: this site coordinates it. */
  | { readonly kind: "take-over"; readonly acceptedLoss: EpochRecord["acceptedLoss"] }
  | { readonly kind: "tick" };

export type SiteAction =
  | HolderAction
  | { readonly do: "swap"; readonly swap: RecoverySwap }
  /** Persist the epoch, stop the receiver, then report: in this order (docs/recovery.md). */
  | { readonly do: "seal"; readonly epoch: number }
  | {
      readonly do: "promote";
      readonly epoch: number;
      /** Set before the promotion, so that no write is ever acknowledged by fewer. */
      readonly standbys: readonly string[];
      readonly acknowledgements: number;
    }
  /** Before the epoch is opened only: no write has been acknowledged yet, so the set may be changed freely. */
  | { readonly do: "names"; readonly epoch: number; readonly standbys: readonly string[] }
  | { readonly do: "follow"; readonly primary: string; readonly epoch: number };

export interface SiteDecision {
  readonly state: SiteState;
  readonly actions: readonly SiteAction[];
}

export function newSite(
  site: string,
  settings: RecoverySettings,
  member: MemberReport,
  firstNonce: number,
): SiteState {
  return {
    site,
    settings,
    view: null,
    readAtMs: null,
    sighting: null,
    wait: null,
    holder: { kind: "none" },
    swap: null,
    hasty: false,
    member,
    nextNonce: firstNonce,
    distrust: null,
  };
}
