// Transactions → what of their order can be inferred (after Elle: Kingsbury & Alvaro, VLDB 2020). A list's longest read
// tells the order of its appends. Of a register only two things are assumed: it begins empty, and a transaction that reads
// a value and then writes another put the second right behind the first.
import { FAILED, PUT, type TransactionColumns } from "../domain/transaction-columns.ts";
import { type Accesses, accessesOf, listText, type Seen } from "./transaction-accesses.ts";
import { type Connect, edgeColumns, type Edges, RW, WR, WW } from "./transaction-edges.ts";

export interface Dependencies extends Edges {
  /** Nodes: transactions, and behind them two for each key that stand for many edges (connectEmpty). */
  readonly nodes: number;
}

export interface Anomaly {
  readonly name: string;
  /** What shows it; `nameOf` says how a transaction (its row) is called. */
  words(nameOf: (row: number) => string): string;
  /** Rows of transactions. */
  readonly transactions: readonly number[];
}

export interface Inferred {
  readonly dependencies: Dependencies;
  readonly anomalies: readonly Anomaly[];
  readonly coverage: Readonly<Record<"writes" | "writesOrdered" | "reads" | "readsUsed", number>>;
}

const NOBODY = -1;
/** Written by several transactions, or twice by one: nothing can be inferred from it. */
const SEVERAL = -2;

/** What is known of each value. */
interface Writers {
  /** The row of who put it there, or NOBODY, or SEVERAL. */
  readonly writer: Int32Array;
  /** 1: it is the last that its transaction put there. */
  readonly final: Uint8Array;
  /** The row of a failed transaction that would have put it there; -1: none. */
  readonly failed: Int32Array;
  /** 1: a read of it was looked at. */
  readonly checked: Uint8Array;
}

/** One key of all. */
interface KeyWork extends Accesses, Writers {
  readonly key: number;
  readonly name: string;
  /** Its accesses: begin … end − 1. */
  readonly begin: number;
  readonly end: number;
  readonly columns: TransactionColumns;
  /** The access with the longest read, the first of several; -1: nobody read. */
  readonly longest: number;
}

const LIST_SHOWN = 8;
const seenAt = ({ place, length }: KeyWork, access: number): Seen => ({
  place: place[access] as number,
  length: length[access] as number,
});
const listAt = (work: KeyWork, access: number): string =>
  listText(work.columns.items, seenAt(work, access), work.columns.textOf, LIST_SHOWN);

function writersOf(columns: TransactionColumns, { row, firstPut, putCount, puts }: Accesses): Writers {
  const { values, rows, outcome, firstStep, stepKind, stepValue } = columns;
  const writer = new Int32Array(values).fill(NOBODY);
  const final = new Uint8Array(values);
  const failed = new Int32Array(values).fill(NOBODY);
  for (let access = 0; access < row.length; access += 1) {
    const end = (firstPut[access] as number) + (putCount[access] as number);
    for (let put = firstPut[access] as number; put < end; put += 1) {
      const value = puts[put] as number;
      writer[value] = writer[value] === NOBODY ? (row[access] as number) : SEVERAL;
      final[value] = put === end - 1 ? 1 : 0;
    }
  }
  for (let at = 0; at < rows; at += 1) {
    if (outcome[at] !== FAILED) continue;
    for (let step = firstStep[at] as number; step < (firstStep[at + 1] as number); step += 1)
      if (stepKind[step] === PUT) failed[stepValue[step] as number] = at;
  }
  return { writer, final, failed, checked: new Uint8Array(values) };
}

/** What a read shows by itself: values of nobody, of failed transactions, half of another's. */
function readAnomalies(work: KeyWork, found: Anomaly[]): void {
  const { begin, end, row, place, length, longest, writer, final, failed, checked, name, columns } = work;
  const { items, textOf } = columns;
  const shared = longest < 0 ? -1 : (place[longest] as number);
  const known = longest < 0 ? 0 : (length[longest] as number);
  for (let access = begin; access < end; access += 1) {
    const size = length[access] as number;
    if (size <= 0) continue;
    const from = place[access] as number;
    const reader = row[access] as number;
    const last = items[from + size - 1] as number;
    const source = writer[last] as number;
    if (source >= 0 && final[last] === 0 && source !== reader)
      found.push({
        name: "G1b",
        words: () =>
          `read ${listAt(work, access)} from ${name}, but ${textOf(last)} was not the last that its transaction put there (intermediate read)`,
        transactions: [source, reader],
      });
    // Most reads begin as the longest does: what that one holds is looked at once.
    if (access !== longest && from === shared) continue;
    for (let index = 0; index < size; index += 1) {
      const value = items[from + index] as number;
      const inLongest = access !== longest && index < known && value === items[shared + index];
      if (inLongest || checked[value] !== 0) continue;
      checked[value] = 1;
      if (writer[value] !== NOBODY) continue;
      const aborted = failed[value] as number;
      found.push(
        aborted === NOBODY
          ? {
              name: "garbage-read",
              words: () => `read ${textOf(value)} from ${name}, which nobody put there`,
              transactions: [reader],
            }
          : {
              name: "G1a",
              words: () => `read ${textOf(value)} from ${name}, whose transaction failed (aborted read)`,
              transactions: [aborted, reader],
            },
      );
    }
  }
}

function isTwice(items: Int32Array, { place, length }: Seen): boolean {
  const seen = new Set<number>();
  for (let at = place; at < place + length; at += 1) seen.add(items[at] as number);
  return seen.size < length;
}

/** All of the shorter is the beginning of the longer. */
function agree(items: Int32Array, a: Seen, b: Seen): boolean {
  if (a.place === b.place) return true;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1)
    if (items[a.place + index] !== items[b.place + index]) return false;
  return true;
}

/** The order of a list's elements; reads that do not fit it are anomalies. null: nothing can be inferred. */
function orderOfList(work: KeyWork, found: Anomaly[]): Seen | null {
  const { begin, end, row, length, longest, writer, name, columns } = work;
  const { items } = columns;
  if (longest < 0) return null;
  const order = seenAt(work, longest);
  const whole = () => listAt(work, longest);
  if (isTwice(items, order)) {
    found.push({
      name: "duplicate-elements",
      words: () => `read ${whole()} from ${name}: an element is there twice`,
      transactions: [row[longest] as number],
    });
    return null;
  }
  let fits = true;
  for (let access = begin; access < end; access += 1) {
    if ((length[access] as number) <= 0 || agree(items, seenAt(work, access), order)) continue;
    fits = false;
    found.push({
      name: "incompatible-order",
      words: () => `read ${listAt(work, access)} and ${whole()} from ${name}: neither begins with the other`,
      transactions: [row[access] as number, row[longest] as number],
    });
  }
  for (let at = order.place; at < order.place + order.length; at += 1)
    if (writer[items[at] as number] === SEVERAL) return null;
  return fits ? order : null;
}

function connectList(work: KeyWork, order: Seen, connect: Connect): number {
  const { begin, end, key, row, length, writer, columns } = work;
  const { items } = columns;
  const writerAt = (index: number): number =>
    index < 0 || index >= order.length ? NOBODY : (writer[items[order.place + index] as number] as number);
  let previous = NOBODY;
  for (let index = 0; index < order.length; index += 1) {
    const source = writerAt(index);
    if (source === NOBODY) continue;
    if (previous !== NOBODY && source !== previous) connect(previous, source, WW, key);
    previous = source;
  }
  let readers = 0;
  for (let access = begin; access < end; access += 1) {
    const size = length[access] as number;
    if (size < 0) continue;
    readers += 1;
    const reader = row[access] as number;
    const before = writerAt(size - 1);
    if (before !== NOBODY && before !== reader) connect(before, reader, WR, key);
    // What the next version is; its writer may be the reader itself.
    const after = writerAt(size);
    if (after !== NOBODY && after !== reader) connect(reader, after, RW, key);
  }
  return readers;
}

/** Who read each value of a register and then wrote another. */
function successorsOf(work: KeyWork): ReadonlyMap<number, readonly number[]> {
  const { begin, end, row, place, length, putCount, writer, columns } = work;
  const successors = new Map<number, number[]>();
  for (let access = begin; access < end; access += 1) {
    if ((length[access] as number) <= 0 || putCount[access] === 0) continue;
    const seen = columns.items[place[access] as number] as number;
    if (writer[seen] === SEVERAL) continue;
    const next = successors.get(seen);
    if (next === undefined) successors.set(seen, [row[access] as number]);
    else next.push(row[access] as number);
  }
  return successors;
}

function connectRegister(work: KeyWork, initial: number, connect: Connect): number {
  const { begin, end, key, row, place, length, writer, columns } = work;
  const successors = successorsOf(work);
  for (const [seen, next] of successors) {
    const source = writer[seen] as number;
    for (const successor of next)
      if (source >= 0 && source !== successor) connect(source, successor, WW, key);
  }
  let used = 0;
  for (let access = begin; access < end; access += 1) {
    if ((length[access] as number) <= 0) continue;
    const value = columns.items[place[access] as number] as number;
    const source = writer[value] as number;
    if (source < 0) continue;
    used += 1;
    const reader = row[access] as number;
    if (source !== reader) connect(source, reader, WR, key);
    for (const next of successors.get(value) ?? []) if (next !== reader) connect(reader, next, RW, key);
  }
  return used + connectEmpty(work, initial, connect);
}

/**
 * Who read a register empty comes before all its writers: over the node `initial`, or there would be an edge for each
 * pair. Who then wrote it was the first writer, and comes before the others over `initial + 1`.
 */
function connectEmpty(work: KeyWork, initial: number, connect: Connect): number {
  const { begin, end, key, row, length, firstPut, putCount, puts, writer } = work;
  const firsts = new Set<number>();
  const others = new Set<number>();
  for (let access = begin; access < end; access += 1) {
    if (putCount[access] === 0) continue;
    const source = row[access] as number;
    if (length[access] === 0) firsts.add(source);
    const last = (firstPut[access] as number) + (putCount[access] as number);
    for (let put = firstPut[access] as number; put < last; put += 1)
      if (writer[puts[put] as number] === source) others.add(source);
  }
  const [first, ...rivals] = firsts;
  for (const transaction of others) {
    connect(initial, transaction, WW, key);
    if (first !== undefined && transaction !== first) connect(initial + 1, transaction, WW, key);
  }
  if (first !== undefined) connect(first, initial + 1, RW, key);
  for (const rival of rivals) connect(rival, first as number, RW, key);
  let used = 0;
  for (let access = begin; access < end; access += 1) {
    if (length[access] !== 0) continue;
    used += 1;
    const reader = row[access] as number;
    if (!firsts.has(reader) && !others.has(reader)) connect(reader, initial, RW, key);
  }
  return used;
}

/** Two that read the same version of a key and both wrote it: one update is lost. */
function lostUpdates(work: KeyWork, found: Anomaly[]): void {
  const { begin, end, row, place, length, putCount, name, columns } = work;
  const updaters = new Map<number, number>();
  for (let access = begin; access < end; access += 1) {
    const size = length[access] as number;
    if (size < 0 || putCount[access] === 0) continue;
    const last = size === 0 ? 0 : (columns.items[(place[access] as number) + size - 1] as number);
    const version = size * (columns.values + 1) + last;
    const other = updaters.get(version);
    if (other === undefined) updaters.set(version, row[access] as number);
    else
      found.push({
        name: "lost-update",
        words: () => `both read ${listAt(work, access)} from ${name} and both wrote it`,
        transactions: [other, row[access] as number],
      });
  }
}

/** How many accesses of a key read, and how many read before they put something there. */
interface KeyCounts {
  readonly reads: number;
  readonly updates: number;
}

function keyWork(
  columns: TransactionColumns,
  all: Accesses & Writers,
  key: number,
): { work: KeyWork; counts: KeyCounts } {
  const begin = all.start[key] as number;
  const end = all.start[key + 1] as number;
  const counts = { reads: 0, updates: 0 };
  let longest = -1;
  for (let access = begin; access < end; access += 1) {
    const size = all.length[access] as number;
    if (size < 0) continue;
    counts.reads += 1;
    if (all.putCount[access] !== 0) counts.updates += 1;
    if (longest < 0 || size > (all.length[longest] as number)) longest = access;
  }
  const { name } = columns.keys[key] as TransactionColumns["keys"][number];
  return { work: { ...all, key, name, begin, end, columns, longest }, counts };
}

export function inferDependencies(columns: TransactionColumns): Inferred {
  const { rows, keys } = columns;
  const accesses = accessesOf(columns);
  const writers = writersOf(columns, accesses);
  const all = { ...accesses, ...writers };
  const edges = edgeColumns();
  const { connect } = edges;
  const anomalies: Anomaly[] = [];
  for (const { row, reason } of accesses.internal)
    anomalies.push({ name: "internal", words: () => reason, transactions: [row] });
  const coverage = { writes: 0, writesOrdered: 0, reads: 0, readsUsed: 0 };
  for (const source of writers.writer) if (source !== NOBODY) coverage.writes += 1;
  for (const [number, key] of keys.entries()) {
    const { work, counts } = keyWork(columns, all, number);
    coverage.reads += counts.reads;
    readAnomalies(work, anomalies);
    lostUpdates(work, anomalies);
    if (key.list) {
      const order = orderOfList(work, anomalies);
      if (order === null) continue;
      coverage.writesOrdered += order.length;
      coverage.readsUsed += connectList(work, order, connect);
    } else {
      coverage.writesOrdered += counts.updates;
      coverage.readsUsed += connectRegister(work, rows + 2 * number, connect);
    }
  }
  return {
    dependencies: { nodes: rows + 2 * keys.length, ...edges.finish() },
    anomalies,
    coverage,
  };
}
