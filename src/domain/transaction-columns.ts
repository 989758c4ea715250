// Transactions as columns: what a judge of millions of them reads. Made from operations (judges) or straight from the bytes
// of a file (history), by transaction-rows.ts.

export const OK = 0;
export const UNKNOWN = 1;
export const FAILED = 2;

/** Appended or written. */
export const PUT = 0;
export const READ = 1;
/** Read of a list that gave none. */
export const ODD_READ = 2;

export interface TransactionKey {
  readonly name: string;
  /** Only appended to, or read as a list; else it is a register. */
  readonly list: boolean;
}

export interface TransactionSteps {
  /** How many there are, failed ones too, in the order of the history. */
  readonly rows: number;
  readonly process: Float64Array;
  /** The process where no session is known. */
  readonly session: Float64Array;
  readonly outcome: Uint8Array;
  readonly invoked: Float64Array;
  /** Infinity: unknown. */
  readonly completed: Float64Array;
  /** Steps of row r: firstStep[r] … firstStep[r + 1] − 1. Of an ok one what it answered, else what it asked. */
  readonly firstStep: Uint32Array;
  readonly stepKind: Uint8Array;
  readonly stepKey: Int32Array;
  /** PUT: the number of the value. READ: where in `items` begins what it gave; equal places are beginnings of one list. */
  readonly stepValue: Int32Array;
  /** READ: how many it gave; of a register one or none. */
  readonly stepLength: Int32Array;
  /** Numbers of values. Those of different keys are different. */
  readonly items: Int32Array;
  /** The first row whose steps are none that can be read; -1: there is none. */
  readonly unreadable: number;
}

export interface TransactionColumns extends TransactionSteps {
  readonly keys: readonly TransactionKey[];
  /** How many there are. */
  readonly values: number;
  textOf(value: number): string;
}
