// What the agent needs of a fence: whatever stands between clients and an engine, and keeps a site that has lost its epoch
// from acknowledging anything. One folder per driver.
//
//   beginEpoch ─► ticket(nonce) ─► renewal of the lease in the store ─► confirm(nonce, epoch) ─► open for F
//                    │ lives for P                                          │ only while that ticket lives
//
// Whoever waits for another site's fence counts P + F from the sending of the last renewal: the driver keeps that bound
// without the help of the process that calls it, which may be frozen at any line.
import type { Outcome, Reading } from "../domain/outcome.ts";
import type { LeaseTimings } from "../domain/primaryship.ts";

/** P and F of the lease, in ms. */
export type FenceTimings = Pick<LeaseTimings, "ticketMs" | "fenceMs">;

export interface Fence extends AsyncDisposable {
  readonly kind: "kernel";
  /** Sentences for people: what passes in spite of this fence, as it is set up here. */
  readonly leavesOpen: readonly string[];

  /** From now on new connections belong to this epoch, and only its tickets count. Opens nothing. Doing it again is no change. */
  beginEpoch(epoch: number, signal?: AbortSignal): Promise<Outcome>;
  /** To be done *before* a renewal is sent. `nonce`: 1 … 2³²−1, never used before in this epoch. */
  ticket(nonce: number): Promise<Outcome>;
  /** After the renewal succeeded. Failed with FENCE_CONFIRM_REFUSED: its ticket is gone; nothing was opened. */
  confirm(nonce: number, epoch: number): Promise<Outcome>;
  /** Nothing of any epoch passes after this, until one begins and is confirmed; in one transaction. */
  close(signal?: AbortSignal): Promise<Outcome>;
  /**
   * Other P and F for what is opened from now on; what is open keeps its old end. Longer: tell the store first. Shorter:
   * this first, then wait the old P + F, then the store (recovery's `changeTimings`).
   */
  setTimings(timings: FenceTimings, signal?: AbortSignal): Promise<Outcome>;

  /** Read-only connections of this generation pass for `lifeMs`; those of another generation never again. */
  allowReads(generation: number, lifeMs: number, signal?: AbortSignal): Promise<Outcome>;
  /** At once, and before this site's member is promoted. */
  endReads(signal?: AbortSignal): Promise<Outcome>;

  /** Cheap, for every renewal. Failed with FENCE_MISSING: stop the engine. */
  check(): Promise<Outcome>;
  /** Compares everything with what was put there, every few seconds. Failed: FENCE_MISSING or FENCE_CHANGED. */
  audit(signal?: AbortSignal): Promise<Outcome>;
  observe(signal?: AbortSignal): Promise<Reading<FenceEvidence>>;

  /** Takes the fence away; the engine is then reachable by nobody. Disposing leaves it in force. */
  remove(signal?: AbortSignal): Promise<Outcome>;
}

/** From the kernel, not from what we believe we did. */
export interface FenceEvidence {
  /** What passes now and for how much longer. */
  readonly open: readonly { readonly epoch: number; readonly forMs: number }[];
  readonly reads: readonly { readonly generation: number; readonly forMs: number }[];
  /** Per epoch: how long ago the engine's last packet to a client left. */
  readonly lastPassed: readonly { readonly epoch: number; readonly agoMs: number }[];
  readonly packets: {
    readonly toEngine: number;
    readonly fromEngine: number;
    readonly refused: number;
    readonly withheld: number;
  };
}
