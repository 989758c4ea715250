// The fast way to `valid`: one key with reads and writes only, every written value different. The same theorem as
// register-order.ts on plain arrays, for histories of millions of operations. `false` decides nothing: the judge then
// goes the long way, which also finds the witness.
import type { Operation } from "../domain/history.ts";
import { canonical } from "./register-operations.ts";

const never = Number.POSITIVE_INFINITY;

/** Times by value: 0 is the initial one. */
interface Zones {
  /** Earliest completion of its reads and its write. */
  readonly first: number[];
  /** Latest invocation of them. */
  readonly last: number[];
}

/** null: a compare-and-set, a value written twice or never, or a read that was over before its write began. */
function zonesOf(operations: readonly Operation[]): Zones | null {
  const numbers = new Map<unknown, number>([[null, 0]]);
  const readEnd: number[] = [never];
  const readStart: number[] = [-never];
  const writeStart: number[] = [-never];
  const writeEnd: number[] = [-never];
  const number = (value: unknown): number => {
    const name = typeof value === "object" ? canonical(value) : value;
    const found = numbers.get(name);
    if (found !== undefined) return found;
    const next = readEnd.length;
    numbers.set(name, next);
    readEnd.push(never);
    readStart.push(-never);
    writeStart.push(Number.NaN);
    writeEnd.push(Number.NaN);
    return next;
  };
  for (const { op, outcome, input, output, invoked, completed } of operations) {
    if (outcome === "fail") continue;
    if (op === "read") {
      if (outcome !== "ok" || output === undefined) continue;
      const value = number(output);
      const end = completed ?? never;
      if (end < (readEnd[value] as number)) readEnd[value] = end;
      if (invoked > (readStart[value] as number)) readStart[value] = invoked;
    } else if (op === "write") {
      const value = number(input);
      if (!Number.isNaN(writeStart[value])) return null;
      writeStart[value] = invoked;
      writeEnd[value] = completed ?? never;
    } else return null;
  }
  const first: number[] = [];
  const last: number[] = [];
  for (let value = 0; value < readEnd.length; value += 1) {
    const start = writeStart[value] as number;
    const end = writeEnd[value] as number;
    const seen = readEnd[value] as number;
    if (Number.isNaN(start) || seen < start) return null;
    if (end === never && seen === never) continue; // nobody saw it, so it need not have happened
    if (value === 0 && seen === never) continue;
    first.push(Math.min(seen, end));
    last.push(Math.max(readStart[value] as number, start));
  }
  return { first, last };
}

/** Moves of the insertion sort, for each element, before it gives up: values come nearly in the order of their times. */
const MOVES_EACH = 16;

/** Indexes in the order of their times. */
function sortedBy(times: readonly number[]): Uint32Array {
  const order = new Uint32Array(times.length);
  let moves = times.length * MOVES_EACH;
  for (let index = 0; index < times.length; index += 1) {
    const time = times[index] as number;
    let at = index;
    for (; at > 0 && (times[order[at - 1] as number] as number) > time; at -= 1)
      order[at] = order[at - 1] as number;
    order[at] = index;
    moves -= index - at;
    if (moves < 0)
      // Infinity − Infinity is no number: -Infinity is there once at most, Infinity not at all.
      return order.map((_, place) => place).sort((a, b) => (times[a] as number) - (times[b] as number));
  }
  return order;
}

/** true: linearizable. */
export function isPlainlyLinearizable(operations: readonly Operation[]): boolean {
  const zones = zonesOf(operations);
  if (zones === null) return false;
  const count = zones.first.length;
  const order = sortedBy(zones.first);
  const first = new Float64Array(count);
  const last = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    const value = order[index] as number;
    first[index] = zones.first[value] as number;
    last[index] = zones.last[value] as number;
  }
  const latest = new Float64Array(count);
  let highest = -never;
  for (let index = 0; index < count; index += 1) {
    const begin = first[index] as number;
    const end = last[index] as number;
    // Of the earlier ones, those that must come before this one: all, if its own zone is forward.
    let limit = index;
    if (end <= begin) {
      let low = 0;
      while (low < limit) {
        const middle = (low + limit) >> 1;
        if ((first[middle] as number) < end) low = middle + 1;
        else limit = middle;
      }
    }
    if (limit > 0 && (latest[limit - 1] as number) > begin) return false;
    highest = Math.max(highest, end);
    latest[index] = highest;
  }
  return true;
}
