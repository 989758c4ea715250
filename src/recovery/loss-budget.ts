// What a promotion would lose, said before it is decided, and compared with what the plan allows. Unknown is never zero.
export interface LossEstimate {
  /** Between the last position that the old primary is known to have acknowledged and the chosen log; null: not known. */
  readonly bytes: number | null;
  /** Of acknowledged writes that may be gone; null: not known. */
  readonly ms: number | null;
  /** The last position that was known of the old primary, and how old that knowledge is; null: none is. */
  readonly lastKnown: { readonly position: number; readonly ageMs: number } | null;
}

export interface LossKnowledge {
  /** The seals hold every acknowledged write (choose-primary.ts). */
  readonly complete: boolean;
  readonly chosenPosition: number;
  /** Of the chosen log: time of its last write, on this agent's clock. */
  readonly chosenAtMs: number | null;
  readonly lastKnown: { readonly position: number; readonly atMs: number } | null;
  /** When the old primary certainly could acknowledge nothing any more: the end of its lease. */
  readonly closedAtMs: number | null;
}

export type LossDecision =
  | { readonly kind: "within"; readonly estimate: LossEstimate }
  | { readonly kind: "refused"; readonly estimate: LossEstimate; readonly because: string }
  /** Above the budget, and a named human has said yes. */
  | {
      readonly kind: "accepted";
      readonly estimate: LossEstimate;
      readonly by: string;
      readonly reason: string;
    };

export function estimateLoss(known: LossKnowledge, nowMs: number): LossEstimate {
  const { complete, chosenPosition, chosenAtMs, lastKnown, closedAtMs } = known;
  const age = lastKnown === null ? null : { position: lastKnown.position, ageMs: nowMs - lastKnown.atMs };
  if (complete) return { bytes: 0, ms: 0, lastKnown: age };
  return {
    // At least: what was acknowledged after the last look is not in it.
    bytes: lastKnown === null ? null : Math.max(0, lastKnown.position - chosenPosition),
    // At most: from the last write that survives to the last instant at which the old primary could acknowledge one.
    ms: chosenAtMs === null || closedAtMs === null ? null : Math.max(0, closedAtMs - chosenAtMs),
    lastKnown: age,
  };
}

/** The budget is in time: bytes are an estimate from below, time is a bound from above. */
export function judgeLoss(
  estimate: LossEstimate,
  recoveryPointMs: number,
  accepted: { readonly by: string; readonly reason: string } | null,
): LossDecision {
  if (estimate.ms !== null && estimate.ms <= recoveryPointMs) return { kind: "within", estimate };
  if (accepted !== null && accepted.by.trim() !== "" && accepted.reason.trim() !== "")
    return { kind: "accepted", estimate, ...accepted };
  const because =
    estimate.ms === null
      ? `nobody knows how much would be lost; the plan allows ${recoveryPointMs} ms`
      : `up to ${Math.round(estimate.ms)} ms of acknowledged writes would be lost; the plan allows ${recoveryPointMs} ms`;
  return { kind: "refused", estimate, because };
}
