// Transactions as recorded → numbered, with what each read and wrote per key. Steps are ["append"|"w"|"r", key, value].
// A key that anyone writes is a register; one that is only appended to, or read as a list, is a list.
import type { Operation } from "../domain/history.ts";

export interface Access {
  readonly key: number;
  /** What was appended or written, in order; as text, so that equal values are equal. */
  readonly writes: readonly string[];
  /** What its first read of the key gave, before its own writes; null: it did not read first. */
  readonly read: Seen | null;
}

/** A list read gives all elements, a register read one value or none. */
export type Seen = readonly string[];

export interface Transaction {
  readonly source: Operation;
  readonly accesses: readonly Access[];
  /** Why its own steps contradict each other; null when they do not. */
  readonly internal: string | null;
}

export interface TransactionLog {
  /** ok and unknown ones; an unknown one's reads are not known. */
  readonly transactions: readonly Transaction[];
  readonly keys: readonly { readonly name: string; readonly list: boolean }[];
  /** `KEY VALUE` of transactions that certainly failed. */
  readonly failed: ReadonlyMap<string, Operation>;
  readonly unreadable: Operation | null;
}

type Step = readonly [kind: string, key: string, value: unknown];

export const textOf = (value: unknown): string => JSON.stringify(value) ?? "null";

function stepsOf(value: unknown): Step[] | null {
  if (!Array.isArray(value)) return null;
  const steps: Step[] = [];
  for (const item of value as unknown[]) {
    if (!Array.isArray(item) || item.length < 2) return null;
    const [kind, key, third] = item as unknown[];
    if (kind !== "append" && kind !== "w" && kind !== "r") return null;
    steps.push([kind, typeof key === "string" ? key : textOf(key), third ?? null]);
  }
  return steps;
}

/** The same text object for the same value: reads of long lists share their elements, and comparing them is cheap. */
function sharedTexts(): (value: unknown) => string {
  const known = new Map<unknown, string>();
  return (value) => {
    if (typeof value === "object") return textOf(value);
    const found = known.get(value);
    if (found !== undefined) return found;
    const text = textOf(value);
    known.set(value, text);
    return text;
  };
}

const seenOf = (value: unknown, list: boolean, text: (value: unknown) => string): Seen | null => {
  if (value === null) return [];
  if (!list) return [text(value)];
  return Array.isArray(value) ? (value as unknown[]).map(text) : null;
};

const startsWith = (whole: Seen, start: Seen) => start.every((item, index) => item === whole[index]);
const show = (seen: Seen) => `[${seen.length > 6 ? `… ${seen.slice(-6).join(" ")}` : seen.join(" ")}]`;

/** The accesses of one transaction by key; a string: its own steps contradict each other. */
function accessesOf(
  steps: readonly Step[],
  isList: (key: string) => boolean,
  number: (key: string) => number,
  text: (value: unknown) => string,
): { accesses: Access[]; internal: string | null } {
  const states = new Map<string, { first: Seen | null; known: Seen | null; writes: string[] }>();
  let internal: string | null = null;
  for (const [kind, key, value] of steps) {
    const list = isList(key);
    const state = states.get(key) ?? { first: null, known: null, writes: [] };
    states.set(key, state);
    if (kind === "r") {
      const seen = seenOf(value, list, text);
      if (seen === null) {
        internal ??= `its read of ${key} is no list`;
        continue;
      }
      if (state.known !== null && (seen.length !== state.known.length || !startsWith(seen, state.known)))
        internal ??= `it read ${show(seen)} from ${key} where its own steps before say ${show(state.known)}`;
      else if (
        state.known === null &&
        state.writes.length > 0 &&
        !startsWith(seen.slice(-state.writes.length), state.writes)
      )
        internal ??= `it read ${show(seen)} from ${key} after it had put ${show(state.writes)} there`;
      if (state.first === null)
        state.first = list
          ? state.writes.length === 0
            ? seen
            : seen.slice(0, Math.max(0, seen.length - state.writes.length))
          : state.writes.length > 0
            ? null
            : seen;
      state.known = seen;
    } else {
      const written = text(value);
      state.writes.push(written);
      if (!list) state.known = [written];
      else if (state.known !== null) state.known = [...state.known, written];
    }
  }
  return {
    accesses: [...states].map(([key, { first, writes }]) => ({ key: number(key), writes, read: first })),
    internal,
  };
}

export function readTransactions(operations: readonly Operation[]): TransactionLog {
  const lists = new Set<string>();
  const registers = new Set<string>();
  const parsed: { source: Operation; steps: Step[] }[] = [];
  const failed = new Map<string, Operation>();
  let unreadable: Operation | null = null;
  for (const source of operations) {
    if (source.op !== "txn") continue;
    const steps = stepsOf(source.outcome === "ok" ? source.output : source.input);
    if (steps === null) {
      unreadable ??= source;
      continue;
    }
    for (const [kind, key, value] of steps) {
      if (kind === "append" || (kind === "r" && Array.isArray(value))) lists.add(key);
      if (kind === "w") registers.add(key);
      if (source.outcome === "fail" && kind !== "r") failed.set(`${key} ${textOf(value)}`, source);
    }
    if (source.outcome !== "fail") parsed.push({ source, steps });
  }
  const keys: { name: string; list: boolean }[] = [];
  const numbers = new Map<string, number>();
  const isList = (key: string) => lists.has(key) && !registers.has(key);
  const number = (name: string): number => {
    const found = numbers.get(name);
    if (found !== undefined) return found;
    numbers.set(name, keys.length);
    keys.push({ name, list: isList(name) });
    return keys.length - 1;
  };
  const text = sharedTexts();
  const transactions = parsed.map(({ source, steps }): Transaction => {
    const certain = source.outcome === "ok" ? steps : steps.filter(([kind]) => kind !== "r");
    return { source, ...accessesOf(certain, isList, number, text) };
  });
  return { transactions, keys, failed, unreadable };
}
