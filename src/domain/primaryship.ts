// What is written down of who may serve a workload: the words that store, recovery, agent and fences share. An epoch is the
// number of one primaryship; it grows by one at each takeover.

/** How long the right to serve lasts and how a silence is judged. All ms. docs/recovery.md tells what each is for. */
export interface LeaseTimings {
  /** Life of a ticket: a renewal must be confirmed within it (P). */
  readonly ticketMs: number;
  /** Life of a fence that was opened (F). */
  readonly fenceMs: number;
  /** What a taker waits beyond ticket + fence: drift of clocks and kernel timers. */
  readonly marginMs: number;
  /** From the sending of one successful renewal to the next one. */
  readonly renewalMs: number;
  /** An attempt without an answer for this long: another one, to another member of the store. */
  readonly retryMs: number;
  /** Silence of an opened epoch after which another may swap (D). */
  readonly silenceMs: number;
  /** Silence of a takeover after which another may carry it on under the next epoch. */
  readonly stuckMs: number;
  /** A local commit at most so long ago, or the holder does not renew. */
  readonly proofOfLifeMs: number;
}

/** The right to serve, or, until the epoch is opened, to lead its takeover. Renewed by its holder. */
export interface LeaseRecord {
  readonly epoch: number;
  readonly holder: string;
  /** Of the renewal that wrote it: by this its author knows its own success. 0: written by a swap of epochs. */
  readonly nonce: number;
  readonly ticketMs: number;
  readonly fenceMs: number;
  readonly marginMs: number;
  /** Age of the holder's last synchronous commit when it sent this; null: it waits for none. */
  readonly syncAgeMs: number | null;
  /** The holder has closed its fence, provably, in favour of this site. */
  readonly releasedTo: string | null;
}

/** One primaryship from its swap on. Sealing: no primary yet; named: not opened yet; opened: its fence may open. */
export interface EpochRecord {
  readonly epoch: number;
  readonly phase: "sealing" | "named" | "opened";
  readonly coordinator: string;
  readonly primary: string | null;
  /** The last lease under which a fence can be open: nobody opens before it has run out. null: none, or proven closed. */
  readonly after: { readonly leaseRevision: number; readonly waitMs: number } | null;
  /** A loss that a named human has accepted; null: none is. */
  readonly acceptedLoss: { readonly by: string; readonly reason: string } | null;
}

/** The rule for the next promotion: written when an epoch is opened, changed by quorum bookkeeping only. */
export interface OpenedSet {
  readonly epoch: number;
  readonly primary: string;
  /** Voters: each acknowledged write is on the primary and on `acknowledgements` of these. */
  readonly standbys: readonly string[];
  readonly acknowledgements: number;
}

/**
 * Where a log stands: its branches from the first to the current one. A branch is named by the epoch under which it was
 * promoted, never by the engine's own timeline number: two promotions from one ancestor can choose the same number.
 */
export type LogHistory = readonly { readonly branch: number; readonly upTo: number }[];

/** Proof that a site follows nobody of an older epoch any more, and where its log then stood. */
export interface Seal {
  readonly site: string;
  readonly epoch: number;
  readonly history: LogHistory;
}

export interface Control {
  /** No new automatic takeover; renewals and takeovers that have begun go on. */
  readonly paused: boolean;
  /** The one workflow that is under way; null: none. */
  readonly workflow: string | null;
}
