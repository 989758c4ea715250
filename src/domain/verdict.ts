import type { Operation } from "./history.ts";

/** `unknown` is never a success: the judge ran out of its limits, or the history does not allow a decision. */
export interface Verdict {
  readonly model: string;
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly reason: string;
  /** The smallest set of operations that shows an `invalid`. */
  readonly witness: readonly Operation[];
  readonly statistics: Readonly<Record<string, number>>;
  /** Figures that are a list by nature, for example one row for each region and profile. */
  readonly tables?: readonly VerdictTable[];
}

export interface VerdictTable {
  readonly title: string;
  readonly columns: readonly string[];
  /** null: not known. */
  readonly rows: readonly (readonly (string | number | null)[])[];
}
