// The operations of one register as columns: what a judge of millions of them reads, and what threads can share. Made
// from operations (judges) or straight from the bytes of a file (history).

/** What an operation is to a register. `failed` certainly had no effect: it is there for words only. */
export const READ = 0;
export const WRITE = 1;
/** A compare-and-set that swapped, or may have. */
export const SWAP = 2;
/** A compare-and-set that answered "not swapped": it saw anything but `from`. */
export const REFUSED = 3;
export const FAILED = 4;

export interface RegisterColumns {
  /** Values are numbered within their key from 0, which is null, to `values` − 1. */
  readonly values: number;
  readonly kind: Uint8Array;
  /** What a read or a swap saw, or a refused one did not see; -1 for others. */
  readonly from: Int32Array;
  /** What a write or a swap wrote, or a failed one did not; -1 for others. */
  readonly to: Int32Array;
  readonly invoked: Float64Array;
  /** Infinity: unknown, it may happen at any later time or never. */
  readonly completed: Float64Array;
}

export interface RegisterKey {
  readonly name: string;
  /** Its rows: start … end − 1. */
  readonly start: number;
  readonly end: number;
  /** How many values it has, null included. */
  readonly values: number;
}

/** All registers of a history, one key's rows after the other's. */
export interface Registers {
  readonly rows: Omit<RegisterColumns, "values">;
  readonly keys: readonly RegisterKey[];
  /** Operations on these keys, those included that no row holds: reads without an answer. */
  readonly operations: number;
  /** Operations that are no business of a register: of a replica by name, of the journal, of other kinds. */
  readonly leftOut: number;
}

/** The rows of one key, not copied. */
export function columnsOf(
  { rows }: Pick<Registers, "rows">,
  { start, end, values }: RegisterKey,
): RegisterColumns {
  return {
    values,
    kind: rows.kind.subarray(start, end),
    from: rows.from.subarray(start, end),
    to: rows.to.subarray(start, end),
    invoked: rows.invoked.subarray(start, end),
    completed: rows.completed.subarray(start, end),
  };
}
