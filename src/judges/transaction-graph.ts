// Transactions → what of their order can be inferred (after Elle: Kingsbury & Alvaro, VLDB 2020). A list's longest read
// tells the order of its appends. Of a register only two things are assumed: it begins empty, and a transaction that reads
// a value and then writes another put the second right behind the first.
//   ww  wrote the version before the other's      wr  the other read what it wrote
//   rw  read the version that the other replaced  process, realtime  was over before the other began
import type { Operation } from "../domain/history.ts";
import { sortByTime } from "./sort-times.ts";
import {
  type Access,
  agree,
  elementsOf,
  lastOf,
  type LogKey,
  type Seen,
  type TransactionLog,
} from "./transaction-log.ts";

export const EDGES = ["ww", "wr", "rw", "process", "realtime"] as const;
export type EdgeKind = (typeof EDGES)[number];

export interface Dependencies {
  /** Nodes: transactions, and behind them two for each key that stand for many edges (connectEmpty). */
  readonly nodes: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Place in EDGES. */
  readonly kind: Uint8Array;
  /** Key number; -1 for process and realtime. */
  readonly key: Int32Array;
}

export interface Anomaly {
  readonly name: string;
  readonly reason: string;
  readonly transactions: readonly Operation[];
}

export interface Inferred {
  readonly dependencies: Dependencies;
  readonly anomalies: readonly Anomaly[];
  readonly coverage: Readonly<Record<"writes" | "writesOrdered" | "reads" | "readsUsed", number>>;
}

interface Writer {
  readonly transaction: number;
  /** It is the last that its transaction wrote to the key. */
  readonly final: boolean;
}

type Connect = (from: number, to: number, kind: EdgeKind, key: number) => void;

type Reader = Access & { readonly read: Seen };

interface KeyWork {
  readonly key: number;
  readonly name: string;
  readonly writers: ReadonlyMap<string, Writer>;
  /** Written by several transactions: nothing can be inferred from them. */
  readonly repeated: ReadonlySet<string>;
  readonly readers: readonly Reader[];
  readonly accesses: readonly Access[];
}

const list = (seen: Seen) =>
  seen.length > 8
    ? `[… ${seen.items.slice(seen.length - 8, seen.length).join(" ")}]`
    : `[${elementsOf(seen).join(" ")}]`;

/** The longest read, the first of several; null: there is none. */
function longestOf(work: KeyWork): Reader | null {
  let longest: Reader | null = null;
  for (const reader of work.readers)
    if (longest === null || reader.read.length > longest.read.length) longest = reader;
  return longest;
}

/** What a read shows by itself: values of nobody, of failed transactions, half of another's. */
function readAnomalies(work: KeyWork, log: TransactionLog, found: Anomaly[]): void {
  const sourceOf = (transaction: number) => log.transactions[transaction] as Operation;
  const checked = new Set<string>();
  // Most reads begin as the longest does: what that one holds is looked at once.
  const longest = longestOf(work)?.read;
  for (const { transaction, read } of work.readers) {
    const last = lastOf(read);
    const writer = last === undefined ? undefined : work.writers.get(last);
    if (writer !== undefined && !writer.final && writer.transaction !== transaction)
      found.push({
        name: "G1b",
        reason: `read ${list(read)} from ${work.name}, but ${last} was not the last that its transaction put there (intermediate read)`,
        transactions: [sourceOf(writer.transaction), sourceOf(transaction)],
      });
    if (read !== longest && read.items === longest?.items) continue;
    for (let index = 0; index < read.length; index += 1) {
      const value = read.items[index] as string;
      if ((read !== longest && value === longest?.items[index]) || checked.has(value)) continue;
      checked.add(value);
      if (work.writers.has(value) || work.repeated.has(value)) continue;
      const failed = log.failed.get(`${work.name} ${value}`);
      found.push(
        failed === undefined
          ? {
              name: "garbage-read",
              reason: `read ${value} from ${work.name}, which nobody put there`,
              transactions: [sourceOf(transaction)],
            }
          : {
              name: "G1a",
              reason: `read ${value} from ${work.name}, whose transaction failed (aborted read)`,
              transactions: [failed, sourceOf(transaction)],
            },
      );
    }
  }
}

/** The order of a list's elements; reads that do not fit it are anomalies. null: nothing can be inferred. */
function orderOfList(work: KeyWork, log: TransactionLog, found: Anomaly[]): readonly string[] | null {
  const sourceOf = (transaction: number) => log.transactions[transaction] as Operation;
  const longest = longestOf(work);
  if (longest === null) return null;
  const order = elementsOf(longest.read);
  if (new Set(order).size < order.length) {
    found.push({
      name: "duplicate-elements",
      reason: `read ${list(longest.read)} from ${work.name}: an element is there twice`,
      transactions: [sourceOf(longest.transaction)],
    });
    return null;
  }
  let fits = true;
  for (const { transaction, read } of work.readers) {
    if (agree(read, longest.read)) continue;
    fits = false;
    found.push({
      name: "incompatible-order",
      reason: `read ${list(read)} and ${list(longest.read)} from ${work.name}: neither begins with the other`,
      transactions: [sourceOf(transaction), sourceOf(longest.transaction)],
    });
  }
  return fits && !order.some((value) => work.repeated.has(value)) ? order : null;
}

function connectList(work: KeyWork, order: readonly string[], connect: Connect): number {
  const { key, writers, readers } = work;
  const writerOf = order.map((value) => writers.get(value)?.transaction);
  const writerAt = (index: number): number | undefined => writerOf[index];
  let previous: number | undefined;
  for (const writer of writerOf) {
    if (previous !== undefined && writer !== undefined && writer !== previous)
      connect(previous, writer, "ww", key);
    if (writer !== undefined) previous = writer;
  }
  for (const { transaction, read } of readers) {
    const before = writerAt(read.length - 1);
    if (before !== undefined && before !== transaction) connect(before, transaction, "wr", key);
    // What the next version is; its writer may be the reader itself.
    const after = writerAt(read.length);
    if (after !== undefined && after !== transaction) connect(transaction, after, "rw", key);
  }
  return readers.length;
}

function connectRegister(work: KeyWork, initial: number, connect: Connect): number {
  const { key, writers, readers, accesses, repeated } = work;
  const successors = new Map<string, number[]>();
  for (const { transaction, read, writes } of accesses) {
    const seen = read === null || read.length === 0 ? undefined : read.items[0];
    const written = writes[0];
    if (seen === undefined || written === undefined || repeated.has(seen)) continue;
    const writer = writers.get(seen)?.transaction;
    if (writer !== undefined && writer !== transaction) connect(writer, transaction, "ww", key);
    const next = successors.get(seen) ?? [];
    successors.set(seen, next);
    next.push(transaction);
  }
  let used = 0;
  for (const { transaction, read } of readers) {
    const value = read.length === 0 ? undefined : read.items[0];
    const writer = value === undefined ? undefined : writers.get(value)?.transaction;
    if (value === undefined || repeated.has(value) || writer === undefined) continue;
    used += 1;
    if (writer !== transaction) connect(writer, transaction, "wr", key);
    for (const next of successors.get(value) ?? [])
      if (next !== transaction) connect(transaction, next, "rw", key);
  }
  return used + connectEmpty(work, initial, connect);
}

/**
 * Who read a register empty comes before all its writers: over the node `initial`, or there would be an edge for each
 * pair. Who then wrote it was the first writer, and comes before the others over `initial + 1`.
 */
function connectEmpty(
  { key, writers, readers, accesses }: KeyWork,
  initial: number,
  connect: Connect,
): number {
  const firsts = new Set(
    accesses
      .filter(({ read, writes }) => read?.length === 0 && writes.length > 0)
      .map(({ transaction }) => transaction),
  );
  const [first, ...rivals] = firsts;
  const others = new Set([...writers.values()].map(({ transaction }) => transaction));
  for (const transaction of others) {
    connect(initial, transaction, "ww", key);
    if (first !== undefined && transaction !== first) connect(initial + 1, transaction, "ww", key);
  }
  if (first !== undefined) connect(first, initial + 1, "rw", key);
  for (const rival of rivals) connect(rival, first as number, "rw", key);
  let used = 0;
  for (const { transaction, read } of readers) {
    if (read.length > 0) continue;
    used += 1;
    if (!firsts.has(transaction) && !others.has(transaction)) connect(transaction, initial, "rw", key);
  }
  return used;
}

/** Edges from the latest that were over to each that began: the rest follows from them. */
function connectTimes(transactions: readonly Operation[], uncertaintyNs: number, connect: Connect): void {
  const lastOf = new Map<number, number>();
  const count = transactions.length;
  const begins = Float64Array.from(transactions, ({ invoked }) => invoked);
  const ends = Float64Array.from(transactions, ({ completed }) => completed ?? Number.POSITIVE_INFINITY);
  const byStart = sortByTime(begins, count);
  const byEnd = sortByTime(ends, count);
  let ended = 0;
  const latest: number[] = [];
  for (const index of byStart) {
    const started = begins[index] as number;
    for (; ended < count && (ends[byEnd[ended] as number] as number) + uncertaintyNs < started; ended += 1) {
      const over = byEnd[ended] as number;
      let kept = 0;
      for (const other of latest)
        if ((ends[other] as number) + uncertaintyNs >= (begins[over] as number)) {
          latest[kept] = other;
          kept += 1;
        }
      latest.length = kept;
      latest.push(over);
    }
    for (const over of latest) connect(over, index, "realtime", -1);
    const { process, session = process, outcome } = transactions[index] as Operation;
    const before = lastOf.get(session);
    if (before !== undefined) connect(before, index, "process", -1);
    if (outcome === "ok") lastOf.set(session, index);
  }
}

function keyWork({ name, accesses }: LogKey, key: number): KeyWork {
  const writers = new Map<string, Writer>();
  const repeated = new Set<string>();
  for (const { transaction, writes } of accesses)
    for (const [index, value] of writes.entries())
      if (writers.has(value)) repeated.add(value);
      else writers.set(value, { transaction, final: index === writes.length - 1 });
  for (const value of repeated) writers.delete(value);
  const readers = accesses.filter((access): access is Reader => access.read !== null);
  return { key, name, writers, repeated, readers, accesses };
}

/** Two that read the same version of a key and both wrote it: one update is lost. */
function lostUpdates(work: KeyWork, log: TransactionLog, found: Anomaly[]): void {
  const updaters = new Map<string, number>();
  for (const { transaction, read, writes } of work.accesses) {
    if (read === null || writes.length === 0) continue;
    const version = `${read.length} ${lastOf(read) ?? ""}`;
    const other = updaters.get(version);
    if (other === undefined) updaters.set(version, transaction);
    else
      found.push({
        name: "lost-update",
        reason: `both read ${list(read)} from ${work.name} and both wrote it`,
        transactions: [other, transaction].map((each) => log.transactions[each] as Operation),
      });
  }
}

const NUMBER_OF: Readonly<Record<EdgeKind, number>> = { ww: 0, wr: 1, rw: 2, process: 3, realtime: 4 };

/** Edges in columns that grow. */
function edgeColumns(): { connect: Connect; finish(): Omit<Dependencies, "nodes"> } {
  let size = 1024;
  let count = 0;
  let froms = new Int32Array(size);
  let tos = new Int32Array(size);
  let kinds = new Uint8Array(size);
  let keys = new Int32Array(size);
  const grow = () => {
    size *= 2;
    const wider = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(size);
      next.set(column);
      return next;
    };
    froms = wider(froms);
    tos = wider(tos);
    keys = wider(keys);
    const next = new Uint8Array(size);
    next.set(kinds);
    kinds = next;
  };
  return {
    connect(from, to, kind, key) {
      if (count === size) grow();
      froms[count] = from;
      tos[count] = to;
      kinds[count] = NUMBER_OF[kind];
      keys[count] = key;
      count += 1;
    },
    finish: () => ({
      from: froms.subarray(0, count),
      to: tos.subarray(0, count),
      kind: kinds.subarray(0, count),
      key: keys.subarray(0, count),
    }),
  };
}

export function inferDependencies(log: TransactionLog, uncertaintyNs: number): Inferred {
  const { transactions, keys } = log;
  const edges = edgeColumns();
  const { connect } = edges;
  const anomalies: Anomaly[] = [];
  for (const { transaction, reason } of log.internal)
    anomalies.push({ name: "internal", reason, transactions: [transaction] });
  const coverage = { writes: 0, writesOrdered: 0, reads: 0, readsUsed: 0 };
  for (const [number, key] of keys.entries()) {
    const work = keyWork(key, number);
    coverage.writes += work.writers.size + work.repeated.size;
    coverage.reads += work.readers.length;
    readAnomalies(work, log, anomalies);
    lostUpdates(work, log, anomalies);
    if (key.list) {
      const order = orderOfList(work, log, anomalies);
      if (order === null) continue;
      coverage.writesOrdered += order.length;
      coverage.readsUsed += connectList(work, order, connect);
    } else {
      coverage.writesOrdered += work.accesses.filter(
        ({ read, writes }) => read !== null && writes.length > 0,
      ).length;
      coverage.readsUsed += connectRegister(work, transactions.length + 2 * work.key, connect);
    }
  }
  connectTimes(transactions, uncertaintyNs, connect);
  return {
    dependencies: { nodes: transactions.length + 2 * keys.length, ...edges.finish() },
    anomalies,
    coverage,
  };
}
