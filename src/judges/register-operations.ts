// Operations of a history → operations of registers, one list a key, values as small numbers. What certainly had no
// effect is left out; what may have had one stays, with a completion at infinity.
import { canonical } from "../domain/canonical.ts";
import type { Operation } from "../domain/history.ts";

/** Number of a value within its key; 0 is null, which every register starts with. */
export type Value = number;
export const INITIAL: Value = 0;

export interface RegisterOperation {
  /** `swap`: a cas that swapped, or may have. `refused`: a cas that answered "not swapped": it saw anything but `from`. */
  readonly kind: "read" | "write" | "swap" | "refused";
  /** What a read or a swap saw, or a refused cas did not see; -1 for a write. */
  readonly from: Value;
  /** What a write or a swap wrote; -1 for the others. */
  readonly to: Value;
  readonly invoked: number;
  /** Infinity: unknown, it may happen at any later time or never. */
  readonly completed: number;
  readonly source: Operation;
}

export interface Register {
  readonly key: string;
  readonly operations: readonly RegisterOperation[];
  /** Value → how it was written, for words. */
  readonly values: readonly unknown[];
  /** Writes that certainly did not happen, by their value: for words only. */
  readonly failed: ReadonlyMap<Value, Operation>;
}

export function toRegister(key: string, operations: readonly Operation[]): Register {
  const values: unknown[] = [null];
  const numbers = new Map<unknown, Value>([[null, INITIAL]]);
  const number = (value: unknown): Value => {
    const name = canonical(value);
    const found = numbers.get(name);
    if (found !== undefined) return found;
    numbers.set(name, values.length);
    values.push(value);
    return values.length - 1;
  };
  const failed = new Map<Value, Operation>();
  const list: RegisterOperation[] = [];
  for (const source of operations) {
    const { op, outcome, invoked, input, output } = source;
    const completed = source.completed ?? Number.POSITIVE_INFINITY;
    if (op === "read") {
      if (outcome === "ok" && output !== undefined)
        list.push({ kind: "read", from: number(output), to: -1, invoked, completed, source });
    } else if (op === "write") {
      const to = number(input);
      if (outcome === "fail") failed.set(to, source);
      else list.push({ kind: "write", from: -1, to, invoked, completed, source });
    } else if (op === "cas" && Array.isArray(input)) {
      const from = number(input[0]);
      const to = number(input[1]);
      if (outcome === "fail") failed.set(to, source);
      else if (outcome === "ok" && output === false)
        list.push({ kind: "refused", from, to: -1, invoked, completed, source });
      else list.push({ kind: "swap", from, to, invoked, completed, source });
    }
  }
  return { key, operations: list, values, failed };
}

export interface RegisterHistory {
  /** Key → its operations, for keys that only reads, writes and cas touch. */
  readonly keys: ReadonlyMap<string, readonly Operation[]>;
  /** Operations that are no business of a register: of a replica by name, of the journal, of other kinds. */
  readonly leftOut: number;
}

/** Operations by key. Reads of one replica by name are no part of the register's contract. */
export function registerKeys(operations: readonly Operation[]): RegisterHistory {
  const keys = new Map<string, Operation[]>();
  const foreign = new Set<string>(["journal"]);
  let leftOut = 0;
  for (const operation of operations) {
    const { op, key = "", from } = operation;
    if (op !== "read" && op !== "write" && op !== "cas") foreign.add(key);
    if (from !== undefined) {
      leftOut += 1;
      continue;
    }
    const list = keys.get(key);
    if (list === undefined) keys.set(key, [operation]);
    else list.push(operation);
  }
  for (const key of foreign) {
    leftOut += keys.get(key)?.length ?? 0;
    keys.delete(key);
  }
  return { keys, leftOut };
}
