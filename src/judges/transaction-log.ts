// Transactions as recorded → numbered, with what each read and wrote per key. Steps are ["append"|"w"|"r", key, value].
// A key that anyone writes is a register; one that is only appended to, or read as a list, is a list.
import type { Operation } from "../domain/history.ts";

/** What one transaction did with one key. */
export interface Access {
  readonly transaction: number;
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

export interface LogKey {
  readonly name: string;
  readonly list: boolean;
  /** In the order of the transactions. */
  readonly accesses: readonly Access[];
}

export interface TransactionLog {
  /** ok and unknown ones; an unknown one's reads are not known. */
  readonly transactions: readonly Operation[];
  /** Those whose own steps contradict each other. */
  readonly internal: readonly { readonly transaction: Operation; readonly reason: string }[];
  readonly keys: readonly LogKey[];
  /** `KEY VALUE` of transactions that certainly failed. */
  readonly failed: ReadonlyMap<string, Operation>;
  readonly unreadable: Operation | null;
}

type Step = readonly [kind: string, key: string, value: unknown];

export const textOf = (value: unknown): string =>
  typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "null");

const isStep = (item: unknown): boolean =>
  Array.isArray(item) &&
  item.length === 3 &&
  (item[0] === "append" || item[0] === "r" || item[0] === "w") &&
  typeof item[1] === "string";

function stepsOf(value: unknown): readonly Step[] | null {
  if (!Array.isArray(value)) return null;
  if ((value as unknown[]).every(isStep)) return value as Step[];
  const steps: Step[] = [];
  for (const item of value as unknown[]) {
    if (!Array.isArray(item) || item.length < 2) return null;
    const [kind, key, third] = item as unknown[];
    if (kind !== "append" && kind !== "w" && kind !== "r") return null;
    steps.push([kind, typeof key === "string" ? key : textOf(key), third ?? null]);
  }
  return steps;
}

const NOTHING: Seen = { items: [], length: 0 };

/** The longest read of a list so far; what others share of it. */
interface Trunk {
  readonly items: string[];
  /** Its values as they came. */
  readonly values: unknown[];
  /** What reads of each length gave. */
  readonly views: Seen[];
}

/** What a read of a list gave, without a copy where it begins as reads before it did. */
function seenOf(trunk: Trunk, values: readonly unknown[]): Seen {
  if (values.length === 0) return NOTHING;
  const known = Math.min(values.length, trunk.items.length);
  for (let index = 0; index < known; index += 1) {
    const value = values[index];
    if (value !== trunk.values[index] && textOf(value) !== trunk.items[index])
      return { items: values.map(textOf), length: values.length };
  }
  for (let index = known; index < values.length; index += 1) {
    trunk.values.push(values[index]);
    trunk.items.push(textOf(values[index]));
  }
  const view = trunk.views[values.length] ?? { items: trunk.items, length: values.length };
  trunk.views[values.length] = view;
  return view;
}

const show = (seen: Seen) =>
  `[${seen.length > 6 ? `… ${seen.items.slice(seen.length - 6, seen.length).join(" ")}` : elementsOf(seen).join(" ")}]`;

interface KeyDraft {
  readonly name: string;
  list: boolean;
  readonly accesses: Access[];
  readonly trunk: Trunk;
}

/** What a transaction knows of a key by its own steps. */
interface KeyState {
  readonly key: KeyDraft;
  first: Seen | null;
  /** Its latest read, or register write, and what it appended since; null: nothing. */
  known: Seen | null;
  since: string[];
  writes: string[];
}

/** Of transactions with more steps than this, what is known of a key is found by a map. */
const FEW = 16;
/** For all that wrote nothing; never written to. */
const NO_WRITES: string[] = [];

const isKnown = (seen: Seen, known: Seen, since: readonly string[]): boolean =>
  seen.length === known.length + since.length &&
  agree(seen, known) &&
  since.every((value, index) => value === seen.items[known.length + index]);

const endsWith = ({ items, length }: Seen, writes: readonly string[]): boolean =>
  length >= writes.length && writes.every((value, index) => value === items[length - writes.length + index]);

/** Takes the steps of one transaction; gives why they contradict each other, or null. */
function takeSteps(
  steps: readonly Step[],
  transaction: number,
  keyOf: (name: string) => KeyDraft,
): string | null {
  const states: KeyState[] = [];
  const byName = steps.length > FEW ? new Map<string, KeyState>() : null;
  let internal: string | null = null;
  for (const [kind, name, value] of steps) {
    let state = byName === null ? states.find(({ key }) => key.name === name) : byName.get(name);
    if (state === undefined) {
      state = { key: keyOf(name), first: null, known: null, since: NO_WRITES, writes: NO_WRITES };
      states.push(state);
      byName?.set(name, state);
    }
    const { key, writes } = state;
    const { list } = key;
    if (kind !== "r") {
      const written = textOf(value);
      if (writes === NO_WRITES) state.writes = [written];
      else writes.push(written);
      if (!list) state.known = { items: [written], length: 1 };
      else if (state.known !== null) state.since = [...state.since, written];
      continue;
    }
    if (list && value !== null && !Array.isArray(value)) {
      internal ??= `its read of ${name} is no list`;
      continue;
    }
    const seen =
      value === null
        ? NOTHING
        : list
          ? seenOf(key.trunk, value as unknown[])
          : { items: [textOf(value)], length: 1 };
    const { known, since } = state;
    if (known !== null && !isKnown(seen, known, since))
      internal ??= `it read ${show(seen)} from ${name} where its own steps before say ${show({ items: [...elementsOf(known), ...since], length: known.length + since.length })}`;
    else if (known === null && writes.length > 0 && !endsWith(seen, writes))
      internal ??= `it read ${show(seen)} from ${name} after it had put ${show({ items: writes, length: writes.length })} there`;
    if (state.first === null && (list || writes.length === 0))
      state.first =
        writes.length === 0 ? seen : { items: seen.items, length: Math.max(0, seen.length - writes.length) };
    state.known = seen;
    state.since = NO_WRITES;
  }
  for (const { key, first, writes } of states) key.accesses.push({ transaction, writes, read: first });
  return internal;
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
  const keys = new Map<string, KeyDraft>();
  const keyOf = (name: string): KeyDraft => {
    let key = keys.get(name);
    if (key === undefined) {
      key = { name, list: asList(name), accesses: [], trunk: { items: [], values: [], views: [] } };
      keys.set(name, key);
    }
    key.list ||= asList(name); // one that was only read empty was no list yet
    return key;
  };
  const transactions: Operation[] = [];
  const internal: { transaction: Operation; reason: string }[] = [];
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
      const reason = takeSteps(certain, transactions.length, keyOf);
      transactions.push(source);
      if (reason !== null) internal.push({ transaction: source, reason });
    },
    finish() {
      if (mixed) return null;
      for (const key of keys.values()) key.list = asList(key.name);
      return { transactions, internal, keys: [...keys.values()], failed, unreadable };
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
