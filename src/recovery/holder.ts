// The holder's side of the lease: when to renew, what to confirm, when to stop. Pure: `decide(state, event, now)`.
//
//   none ──leads an epoch──► holding ──refused under a newer epoch, or seen one──► none (closed, demoted)
//                              │ each renewal: ticket into the kernel → swap of the lease → confirm, which the kernel lets
//                              │ through only while that ticket lives. No check here stands between proof and opening.
//                              └─release─► releasing ──closed, proven──► swap "released" ──► none
//
// A renewal that fails or gets no answer changes nothing: the kernel closes the fence by itself, and the next success may
// open it again, since nobody has swapped the epoch in between.
import type { LeaseRecord, LeaseTimings } from "../domain/primaryship.ts";
import type { Rules } from "./rules.ts";
import type { Held } from "./view.ts";

export interface Attempt {
  readonly nonce: number;
  readonly sentAtMs: number;
}

export interface Holding {
  readonly kind: "holding";
  readonly epoch: number;
  /** Of the lease, as last known: what the next renewal compares. */
  readonly leaseRevision: number;
  /** Sent, without an answer yet; those whose ticket is gone are dropped: they can open nothing. */
  readonly attempts: readonly Attempt[];
  /** The last success that has not been confirmed yet: because the fence may not be opened yet. */
  readonly unconfirmed: Attempt | null;
  readonly nextAtMs: number;
  /** Last local commit of the engine; null: none is asked for, because the epoch is not opened. */
  readonly committedAtMs: number | null;
  readonly syncAgeMs: number | null;
}

export type Holder =
  | { readonly kind: "none" }
  | Holding
  | {
      readonly kind: "releasing";
      readonly epoch: number;
      readonly to: string;
      readonly leaseRevision: number;
      readonly closed: boolean;
    };

export type HolderAction =
  | { readonly do: "ticket"; readonly nonce: number; readonly lifeMs: number }
  | {
      readonly do: "renew";
      readonly nonce: number;
      readonly leaseRevision: number;
      readonly lease: LeaseRecord;
    }
  | { readonly do: "confirm"; readonly nonce: number; readonly epoch: number; readonly lifeMs: number }
  /** Removes ticket, lease and refresh rules of the epoch in one transaction; answered by the event "closed". */
  | { readonly do: "close"; readonly epoch: number };

export type RenewalAnswer =
  | { readonly kind: "swapped"; readonly revision: number }
  | { readonly kind: "refused"; readonly lease: Held<LeaseRecord> | null }
  /** No answer, or an answer that says nothing certain: nothing is learnt. */
  | { readonly kind: "nothing" };

export interface HolderSurroundings {
  readonly site: string;
  readonly timings: LeaseTimings;
  readonly rules: Rules;
  readonly nowMs: number;
  /** The epoch is opened, this site is its primary, and the lease before it has run out. Once true it stays true. */
  readonly mayOpen: boolean;
  /** Never used before by this site. */
  readonly nonce: number;
}

export interface HolderDecision {
  readonly holder: Holder;
  readonly actions: readonly HolderAction[];
  readonly usedNonce: boolean;
}

const ATTEMPTS_MAX = 16;

const stay = (holder: Holder): HolderDecision => ({ holder, actions: [], usedNonce: false });

export function startHolding(epoch: number, leaseRevision: number, nowMs: number): Holding {
  return {
    kind: "holding",
    epoch,
    leaseRevision,
    attempts: [],
    unconfirmed: null,
    nextAtMs: nowMs,
    committedAtMs: null,
    syncAgeMs: null,
  };
}

export function holderTick(holder: Holder, around: HolderSurroundings): HolderDecision {
  if (holder.kind !== "holding") return stay(holder);
  const { nowMs, timings, nonce, site, rules } = around;
  const confirm = confirmation(holder, around);
  const alive = holder.committedAtMs === null || nowMs - holder.committedAtMs <= timings.proofOfLifeMs;
  if (nowMs < holder.nextAtMs || !alive) return { ...confirm, usedNonce: false };
  const lease: LeaseRecord = {
    epoch: holder.epoch,
    holder: site,
    nonce,
    ticketMs: timings.ticketMs,
    fenceMs: timings.fenceMs,
    marginMs: timings.marginMs,
    syncAgeMs: holder.syncAgeMs,
    releasedTo: null,
  };
  const current = confirm.holder as Holding;
  const kept = current.attempts
    .filter(({ sentAtMs }) => nowMs - sentAtMs < timings.ticketMs)
    .slice(1 - ATTEMPTS_MAX);
  const renew: HolderAction = { do: "renew", nonce, leaseRevision: holder.leaseRevision, lease };
  const ticket: HolderAction = { do: "ticket", nonce, lifeMs: timings.ticketMs };
  return {
    holder: {
      ...current,
      attempts: [...kept, { nonce, sentAtMs: nowMs }],
      nextAtMs: nowMs + timings.retryMs,
    },
    actions: [...confirm.actions, ...(rules.ticketed === "before sending" ? [ticket, renew] : [renew])],
    usedNonce: true,
  };
}

/** `nonce`: of the attempt that this answers. */
export function holderAnswered(
  holder: Holder,
  nonce: number,
  answer: RenewalAnswer,
  around: HolderSurroundings,
): HolderDecision {
  if (holder.kind !== "holding" || answer.kind === "nothing") return stay(holder);
  if (answer.kind === "swapped") return succeeded(holder, nonce, answer.revision, around);
  const found = answer.lease;
  // An old refusal, perhaps of an attempt under an earlier epoch: whatever it tells was known when this holding began.
  if (found !== null && found.revision <= holder.leaseRevision) return stay(holder);
  const newer = found !== null && found.value.epoch > holder.epoch;
  if (found === null || newer || found.value.holder !== around.site) return stopped(holder);
  const own = around.rules.ownSuccess(
    found.value,
    around.site,
    holder.epoch,
    holder.attempts.map((attempt) => attempt.nonce),
  );
  if (own !== null) return succeeded(holder, own, found.revision, around);
  // Ours, from before a restart or from an attempt given up: go on from it; it opens nothing.
  return stay({ ...holder, leaseRevision: found.revision, nextAtMs: around.nowMs });
}

/** The store shows another epoch, or another holder of this one. */
export function stopped(holder: Holder): HolderDecision {
  if (holder.kind === "none") return stay(holder);
  return { holder: { kind: "none" }, actions: [{ do: "close", epoch: holder.epoch }], usedNonce: false };
}

function succeeded(
  holder: Holding,
  nonce: number,
  revision: number,
  around: HolderSurroundings,
): HolderDecision {
  const attempt = holder.attempts.find((each) => each.nonce === nonce);
  if (attempt === undefined || revision <= holder.leaseRevision) return stay(holder);
  const renewed: Holding = {
    ...holder,
    leaseRevision: revision,
    // Whatever else is under way compares a revision that is gone.
    attempts: [],
    unconfirmed: attempt,
    nextAtMs: attempt.sentAtMs + around.timings.renewalMs,
  };
  return { ...confirmation(renewed, around), usedNonce: false };
}

/** Confirms the last success as soon as the fence may be opened; whether its ticket still lives is the kernel's business. */
function confirmation(
  holder: Holding,
  { mayOpen, timings, rules }: HolderSurroundings,
): Omit<HolderDecision, "usedNonce"> {
  if (!mayOpen || holder.unconfirmed === null) return { holder, actions: [] };
  const { nonce } = holder.unconfirmed;
  const confirm: HolderAction = { do: "confirm", nonce, epoch: holder.epoch, lifeMs: timings.fenceMs };
  const ticket: HolderAction = { do: "ticket", nonce, lifeMs: timings.ticketMs };
  return {
    holder: { ...holder, unconfirmed: null },
    actions: rules.ticketed === "before sending" ? [confirm] : [ticket, confirm],
  };
}
