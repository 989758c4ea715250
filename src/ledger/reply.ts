// What a handler answers, and how an engine's outcome becomes one.
import type { LedgerError } from "../api/ledger.ts";
import type { Failure, Outcome } from "../domain/outcome.ts";
import type { Answer } from "../engines/contract.ts";

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** Present when the engine answered. */
  readonly term?: number;
}

/** A refusal of our own: it certainly took no effect. */
export const refusal = (status: number, code: string, what: string, next: string): Reply => ({
  status,
  body: { error: { code, definite: true, what, next } } satisfies LedgerError,
});

/** 503: it certainly took no effect. 504: unknown; it may have happened or happen yet. */
export function failureReply(outcome: {
  readonly kind: "failed" | "unknown";
  readonly failure: Failure;
}): Reply {
  const definite = outcome.kind === "failed";
  const { code, what, next } = outcome.failure;
  return {
    status: definite ? 503 : 504,
    body: { error: { code, definite, what, next } } satisfies LedgerError,
  };
}

export const replyTo = <T>(outcome: Outcome<Answer<T>>, answer: (got: Answer<T>) => Reply): Reply =>
  outcome.kind === "done" ? { ...answer(outcome.value), term: outcome.value.term } : failureReply(outcome);
