// Operations of one key → columns (domain/register-columns.ts), and rows back into what the long way of the register
// judge works on.
import { canonical } from "../domain/canonical.ts";
import type { Operation } from "../domain/history.ts";
import { FAILED, READ, REFUSED, type RegisterColumns, SWAP, WRITE } from "../domain/register-columns.ts";
import type { Register, RegisterOperation } from "./register-operations.ts";

/** Values below so many times the number of operations are small. */
const SMALL_EACH = 16;

/** Columns of one key's operations, and which operation each row is. The same choice as toRegister. */
export function toColumns(operations: readonly Operation[]): {
  readonly columns: RegisterColumns;
  readonly places: Uint32Array;
} {
  const size = operations.length;
  const kind = new Uint8Array(size);
  const from = new Int32Array(size);
  const to = new Int32Array(size);
  const begins = new Float64Array(size);
  const ends = new Float64Array(size);
  const places = new Uint32Array(size);
  const numbers = new Map<unknown, number>([[null, 0]]);
  /** Small whole numbers, nearly all values there are, need no map: value → its number; 0: none so far. */
  const small = new Int32Array(SMALL_EACH * size);
  let values = 1;
  const number = (value: unknown): number => {
    if (typeof value === "number" && value >= 0 && value < small.length && Number.isInteger(value)) {
      if (small[value] === 0) {
        small[value] = values;
        values += 1;
      }
      return small[value] as number;
    }
    const name = typeof value === "object" ? canonical(value) : value;
    const found = numbers.get(name);
    if (found !== undefined) return found;
    numbers.set(name, values);
    values += 1;
    return values - 1;
  };
  let rows = 0;
  for (let place = 0; place < size; place += 1) {
    const { op, outcome, input, output, invoked, completed } = operations[place] as Operation;
    from[rows] = -1;
    to[rows] = -1;
    if (op === "read") {
      if (outcome !== "ok" || output === undefined) continue;
      kind[rows] = READ;
      from[rows] = number(output);
    } else if (op === "write") {
      kind[rows] = outcome === "fail" ? FAILED : WRITE;
      to[rows] = number(input);
    } else if (op === "cas" && Array.isArray(input)) {
      kind[rows] = outcome === "fail" ? FAILED : outcome === "ok" && output === false ? REFUSED : SWAP;
      if (outcome !== "fail") from[rows] = number(input[0]);
      if (kind[rows] !== REFUSED) to[rows] = number(input[1]);
    } else continue;
    begins[rows] = invoked;
    ends[rows] = completed ?? Number.POSITIVE_INFINITY;
    places[rows] = place;
    rows += 1;
  }
  return {
    columns: {
      values,
      kind: kind.subarray(0, rows),
      from: from.subarray(0, rows),
      to: to.subarray(0, rows),
      invoked: begins.subarray(0, rows),
      completed: ends.subarray(0, rows),
    },
    places,
  };
}

const KINDS = ["read", "write", "swap", "refused"] as const;

/** A stand-in for the operation of a row whose text is not at hand: `process` is the row's number. */
const standIn = (row: number, invoked: number): Operation => ({
  process: row,
  op: "read",
  invoked,
  outcome: "unknown",
});

/** The rows of one key as a register whose sources are stand-ins: `process` is the row. */
export function registerOfRows(key: string, columns: RegisterColumns, only: Uint32Array | null): Register {
  const { kind, from, to, invoked, completed } = columns;
  const numbers = new Map<number, number>([[0, 0]]);
  const number = (value: number): number => {
    if (value < 0) return -1;
    const found = numbers.get(value);
    if (found !== undefined) return found;
    numbers.set(value, numbers.size);
    return numbers.size - 1;
  };
  const failed = new Map<number, Operation>();
  const operations: RegisterOperation[] = [];
  const count = only === null ? kind.length : only.length;
  for (let at = 0; at < count; at += 1) {
    const row = only === null ? at : (only[at] as number);
    const begin = invoked[row] as number;
    const source = standIn(row, begin);
    const what = KINDS[kind[row] as number];
    if (what === undefined) failed.set(number(to[row] as number), source);
    else
      operations.push({
        kind: what,
        from: number(from[row] as number),
        to: number(to[row] as number),
        invoked: begin,
        completed: completed[row] as number,
        source,
      });
  }
  return { key, operations, values: Array.from({ length: numbers.size }, () => null), failed };
}

/** These rows and what certainly failed to write what they saw, ascending: all that words about them need. */
export function withFailed({ kind, from, to }: RegisterColumns, rows: readonly number[]): number[] {
  const seen = new Set(rows.map((row) => from[row] as number).filter((value) => value >= 0));
  const all = new Set(rows);
  for (let row = 0; row < kind.length; row += 1)
    if (kind[row] === FAILED && seen.has(to[row] as number)) all.add(row);
  return [...all].sort((a, b) => a - b);
}
