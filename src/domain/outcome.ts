// What an observation or an action can come back with. Unknown is a value of its own and never counts as success
// (docs/invariants.md, 6).

/** A failure as told to people and branched on by programs. `definite`: it certainly took no effect. */
export interface Failure {
  /** Stable, UPPER_SNAKE_CASE. */
  readonly code: string;
  readonly definite: boolean;
  readonly what: string;
  readonly where: string;
  /** What the reader can do next. */
  readonly next: string;
  readonly cause?: unknown;
}

export type Reading<T> =
  | { readonly kind: "known"; readonly value: T; readonly atMs: number }
  | { readonly kind: "unknown"; readonly reason: string; readonly sinceMs: number };

export type Outcome<T = void> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed" | "unknown"; readonly failure: Failure };

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 130;

/** The one exception class: carries a Failure up to the command line, which prints it in three lines. */
export class OutlastError extends Error {
  readonly failure: Failure;
  readonly exitCode: ExitCode;
  constructor(failure: Failure, exitCode: ExitCode = 3) {
    super(`${failure.code} ${failure.what}`, failure.cause === undefined ? {} : { cause: failure.cause });
    this.failure = failure;
    this.exitCode = exitCode;
  }
}

export const done = <T>(value: T): Outcome<T> => ({ kind: "done", value });

/** Changes what was done; a failure stays what it is. */
export const mapped = <A, B>(outcome: Outcome<A>, change: (value: A) => B): Outcome<B> =>
  outcome.kind === "done" ? done(change(outcome.value)) : outcome;
