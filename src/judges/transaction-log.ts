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

/**
 * What a read gave: a list all its elements, a register one value or none. The first `length` of `items`; most reads of a
 * list begin as its longest does and share its items.
 */
export interface Seen {
  readonly items: readonly string[];
  readonly length: number;
}

export const lastOf = ({ items, length }: Seen): string | undefined => items[length - 1];
export const elementsOf = ({ items, length }: Seen): readonly string[] => items.slice(0, length);
/** All of the shorter is the beginning of the longer. */
export function agree(a: Seen, b: Seen): boolean {
  if (a.items === b.items) return true;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) if (a.items[index] !== b.items[index]) return false;
  return true;
}

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

const NOTHING: Seen = { items: [], length: 0 };

/** Lists by key: what a read gave, without a copy where it begins as reads before it did. */
function sharedLists(text: (value: unknown) => string): (key: string, values: readonly unknown[]) => Seen {
  /** The longest read of each key, and its values as they came. */
  const trunks = new Map<string, { readonly items: string[]; readonly values: unknown[] }>();
  return (key, values) => {
    if (values.length === 0) return NOTHING;
    let trunk = trunks.get(key);
    if (trunk === undefined) {
      trunk = { items: [], values: [] };
      trunks.set(key, trunk);
    }
    const known = Math.min(values.length, trunk.items.length);
    for (let index = 0; index < known; index += 1) {
      const value = values[index];
      if (value !== trunk.values[index] && text(value) !== trunk.items[index])
        return { items: values.map(text), length: values.length };
    }
    for (let index = known; index < values.length; index += 1) {
      trunk.values.push(values[index]);
      trunk.items.push(text(values[index]));
    }
    return { items: trunk.items, length: values.length };
  };
}

const show = (seen: Seen) =>
  `[${seen.length > 6 ? `… ${seen.items.slice(seen.length - 6, seen.length).join(" ")}` : elementsOf(seen).join(" ")}]`;

/** What a transaction knows of a key by its own steps. */
interface KeyState {
  first: Seen | null;
  /** Its latest read, or register write, and what it appended since; null: nothing. */
  known: Seen | null;
  since: string[];
  readonly writes: string[];
}

const isKnown = (seen: Seen, known: Seen, since: readonly string[]): boolean =>
  seen.length === known.length + since.length &&
  agree(seen, known) &&
  since.every((value, index) => value === seen.items[known.length + index]);

const endsWith = ({ items, length }: Seen, writes: readonly string[]): boolean =>
  length >= writes.length && writes.every((value, index) => value === items[length - writes.length + index]);

/** The accesses of one transaction by key; a string: its own steps contradict each other. */
function accessesOf(
  steps: readonly Step[],
  isList: (key: string) => boolean,
  number: (key: string) => number,
  text: (value: unknown) => string,
  listOf: (key: string, values: readonly unknown[]) => Seen,
): { accesses: Access[]; internal: string | null } {
  const states = new Map<string, KeyState>();
  let internal: string | null = null;
  for (const [kind, key, value] of steps) {
    const list = isList(key);
    let state = states.get(key);
    if (state === undefined) {
      state = { first: null, known: null, since: [], writes: [] };
      states.set(key, state);
    }
    const { writes } = state;
    if (kind !== "r") {
      const written = text(value);
      writes.push(written);
      if (!list) state.known = { items: [written], length: 1 };
      else if (state.known !== null) state.since.push(written);
      continue;
    }
    if (list && value !== null && !Array.isArray(value)) {
      internal ??= `its read of ${key} is no list`;
      continue;
    }
    const seen =
      value === null ? NOTHING : list ? listOf(key, value as unknown[]) : { items: [text(value)], length: 1 };
    const { known, since } = state;
    if (known !== null && !isKnown(seen, known, since))
      internal ??= `it read ${show(seen)} from ${key} where its own steps before say ${show({ items: [...elementsOf(known), ...since], length: known.length + since.length })}`;
    else if (known === null && writes.length > 0 && !endsWith(seen, writes))
      internal ??= `it read ${show(seen)} from ${key} after it had put ${show({ items: writes, length: writes.length })} there`;
    if (state.first === null && (list || writes.length === 0))
      state.first =
        writes.length === 0 ? seen : { items: seen.items, length: Math.max(0, seen.length - writes.length) };
    state.known = seen;
    if (since.length > 0) state.since = [];
  }
  return {
    accesses: Array.from(states, ([key, { first, writes }]) => ({ key: number(key), writes, read: first })),
    internal,
  };
}

export interface LogBuilder {
  /** Takes the next operation. `source` stands for it in what is found. */
  add(operation: Operation, source: Operation): void;
  /** null: a key that is a list in one step is a register in another, and `isList` did not say so before. */
  finish(): TransactionLog | null;
}

/** Builds a log one operation at a time and keeps of it only what `source` does. `isList`: known before; else by first use. */
export function transactionLog(isList?: (key: string) => boolean): LogBuilder {
  /** By first use: true is a list. */
  const kinds = new Map<string, boolean>();
  let mixed = false;
  const learn = (key: string, list: boolean): void => {
    const known = kinds.get(key);
    if (known === undefined) kinds.set(key, list);
    else if (known !== list) mixed = true;
  };
  const asList = isList ?? ((key: string) => kinds.get(key) === true);
  const failed = new Map<string, Operation>();
  let unreadable: Operation | null = null;
  const keys: { name: string; list: boolean }[] = [];
  const numbers = new Map<string, number>();
  const number = (name: string): number => {
    const found = numbers.get(name);
    if (found !== undefined) return found;
    numbers.set(name, keys.length);
    keys.push({ name, list: asList(name) });
    return keys.length - 1;
  };
  const text = sharedTexts();
  const listOf = sharedLists(text);
  const transactions: Transaction[] = [];
  return {
    add(operation, source) {
      if (operation.op !== "txn") return;
      const { outcome, input, output } = operation;
      const steps = stepsOf(outcome === "ok" ? output : input);
      if (steps === null) {
        unreadable ??= source;
        return;
      }
      for (const [kind, key, value] of steps) {
        if (isList === undefined && (kind !== "r" || value !== null))
          learn(key, kind === "append" || (kind === "r" && Array.isArray(value)));
        if (outcome === "fail" && kind !== "r") failed.set(`${key} ${textOf(value)}`, source);
      }
      if (outcome === "fail") return;
      const certain = outcome === "ok" ? steps : steps.filter(([kind]) => kind !== "r");
      transactions.push({ source, ...accessesOf(certain, asList, number, text, listOf) });
    },
    finish() {
      if (mixed) return null;
      // A key that was first read empty was no list yet.
      for (const key of keys) key.list = asList(key.name);
      return { transactions, keys, failed, unreadable };
    },
  };
}

export function readTransactions(operations: readonly Operation[]): TransactionLog {
  const lists = new Set<string>();
  const registers = new Set<string>();
  for (const { op, outcome, input, output } of operations) {
    if (op !== "txn") continue;
    for (const [kind, key, value] of stepsOf(outcome === "ok" ? output : input) ?? []) {
      if (kind === "append" || (kind === "r" && Array.isArray(value))) lists.add(key);
      if (kind === "w") registers.add(key);
    }
  }
  const log = transactionLog((key) => lists.has(key) && !registers.has(key));
  for (const operation of operations) log.add(operation, operation);
  return log.finish() as TransactionLog; // what a list is was known before
}
