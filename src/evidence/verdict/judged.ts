// A verdict with what is needed to show it.
import type { Operation } from "../../domain/history.ts";
import type { Verdict } from "../../domain/verdict.ts";

export interface Judged {
  readonly verdict: Verdict;
  /** What is judged, in a few words. */
  readonly summary: string;
  /** Other operations on the witness's keys at that time, by invocation. */
  readonly around: readonly Operation[];
  /** How many more of those there are. */
  readonly aroundMore: number;
}
