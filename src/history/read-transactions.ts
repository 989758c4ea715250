// A history file → columns of its transactions, in one pass and without an object for each.
//
//   bytes → scanLine with scan-steps.ts (what they do not take: decodeLine) → numbers of keys and values → columns
import type { HistoryHeader, Operation } from "../domain/history.ts";
import { FAILED, OK, type TransactionColumns, UNKNOWN } from "../domain/transaction-columns.ts";
import { type TransactionRows, transactionRows } from "../domain/transaction-rows.ts";
import { addSteps, stepsOf, textOf } from "../domain/transaction-steps.ts";
import { byteStrings } from "./byte-strings.ts";
import { keyNames } from "./key-names.ts";
import { listPrefixes } from "./list-prefixes.ts";
import { HISTORY_LIMITS, type HistoryLimits } from "./read.ts";
import { scanHistory } from "./scan-history.ts";
import { lineScan, SCAN_FAIL, SCAN_OK, SCAN_TXN } from "./scan-line.ts";
import {
  LIST,
  nextElement,
  NOTHING,
  READ,
  type ScannedSteps,
  stepScan,
  valueEnd,
  WRITE,
} from "./scan-steps.ts";

export interface TransactionHistory {
  readonly header: HistoryHeader;
  /** null: some key is a list in one transaction and a register in another; what it is can only be said of the whole. */
  readonly columns: TransactionColumns | null;
  /** Number of the line of each row. */
  readonly lines: Uint32Array;
}

const OUTCOMES = { ok: OK, unknown: UNKNOWN, fail: FAILED } as const;

/** What each key is, by the steps that touched it. */
function keyKinds() {
  const kinds: ("list" | "register" | undefined)[] = [];
  let mixed = false;
  return {
    learn(key: number, kind: "list" | "register"): void {
      const known = kinds[key];
      if (known === undefined) kinds[key] = kind;
      else if (known !== kind) mixed = true;
    },
    isList: (key: number) => kinds[key] === "list",
    isMixed: () => mixed,
  };
}

/** Numbers and columns for what is scanned. */
function transactionTable() {
  const keys = keyNames();
  const values = byteStrings();
  const kinds = keyKinds();
  const prefixes = listPrefixes();
  const rows = transactionRows();
  /** Of the list that is read: its values, and where the bytes of each end. */
  let items = new Int32Array(64);
  let ends = new Int32Array(64);
  const widen = (before: Int32Array): Int32Array<ArrayBuffer> => {
    const wider = new Int32Array(2 * before.length);
    wider.set(before);
    return wider;
  };
  const takeList = (key: number, bytes: Uint8Array, shared: number, from: number, end: number): void => {
    if (from === end) return rows.readShared(key, shared);
    let count = 0;
    for (let at = from; at < end; count += 1) {
      if (count === items.length) {
        items = widen(items);
        ends = widen(ends);
      }
      const begin = shared > 0 || count > 0 ? nextElement(bytes, at) : at;
      at = valueEnd(bytes, begin);
      items[count] = values.number(key, bytes, begin, at);
      ends[count] = at;
    }
    if (!rows.read(key, items, count, shared)) return;
    for (let index = prefixes.count(key) - shared; index < count; index += 1)
      prefixes.extend(key, bytes, index === 0 ? from : (ends[index - 1] as number), ends[index] as number);
  };
  const takeSteps = (
    bytes: Uint8Array,
    { count, op, keyStart, keyEnd, kind, shared, start, end }: ScannedSteps,
  ) => {
    for (let step = 0; step < count; step += 1) {
      const key = keys.ofBytes(bytes, keyStart[step] as number, keyEnd[step] as number);
      const [from, to] = [start[step] as number, end[step] as number];
      if (op[step] !== READ) {
        kinds.learn(key, op[step] === WRITE ? "register" : "list");
        rows.put(key, values.number(key, bytes, from, to));
      } else if (kind[step] === NOTHING) rows.readShared(key, 0);
      else if (kind[step] === LIST) {
        kinds.learn(key, "list");
        takeList(key, bytes, shared[step] as number, from, to);
      } else {
        kinds.learn(key, "register");
        items[0] = values.number(key, bytes, from, to);
        rows.read(key, items, 1);
      }
    }
  };
  const valueOf = (key: number, value: unknown): number => {
    const bytes = Buffer.from(textOf(value));
    return values.number(key, bytes, 0, bytes.length);
  };
  const takeDecoded = (operation: Operation): void => {
    const steps = stepsOf(operation.outcome === "ok" ? operation.output : operation.input);
    if (steps === null) return rows.markUnreadable();
    for (const [kind, name, value] of steps) {
      const key = keys.ofName(name);
      if (kind !== "r") kinds.learn(key, kind === "w" ? "register" : "list");
      else if (value !== null) kinds.learn(key, Array.isArray(value) ? "list" : "register");
    }
    addSteps(rows, steps, { keyOf: keys.ofName, valueOf, isList: (_, value) => Array.isArray(value) });
  };
  const finish = (): TransactionColumns | null => {
    if (kinds.isMixed()) return null;
    return {
      ...rows.finish(),
      keys: keys.names.map((name, key) => ({ name, list: kinds.isList(key) })),
      values: values.count,
      textOf: (value) => Buffer.from(values.bytesOf(value)).toString(),
    };
  };
  return { keys, prefixes, rows, takeSteps, takeDecoded, finish };
}

export async function readTransactionColumns(
  path: string,
  limits: HistoryLimits = HISTORY_LIMITS,
): Promise<TransactionHistory> {
  const table = transactionTable();
  const { rows }: { rows: TransactionRows } = table;
  const steps = stepScan(table.keys, table.prefixes);
  const scan = lineScan(steps.scan);
  let lines = new Uint32Array(1024);
  let count = 0;
  const at = (line: number): void => {
    if (count === lines.length) {
      const wider = new Uint32Array(2 * count);
      wider.set(lines);
      lines = wider;
    }
    lines[count] = line;
    count += 1;
  };
  const header = await scanHistory(path, limits, scan, {
    takeScanned(bytes, line) {
      const { op, process, session, outcome, invoked, completed } = scan;
      if (op !== SCAN_TXN) return;
      at(line);
      const ended = outcome === SCAN_OK ? OK : outcome === SCAN_FAIL ? FAILED : UNKNOWN;
      rows.begin(process, Number.isNaN(session) ? process : session, ended, invoked, completed);
      table.takeSteps(bytes, ended === OK ? steps.output : steps.input);
    },
    takeDecoded(operation, line) {
      if (operation.op !== "txn") return;
      at(line);
      const { process, session = process, outcome, invoked } = operation;
      const { completed = Number.POSITIVE_INFINITY } = operation;
      rows.begin(process, session, OUTCOMES[outcome], invoked, completed);
      table.takeDecoded(operation);
    },
  });
  return { header, columns: table.finish(), lines: lines.subarray(0, count) };
}
