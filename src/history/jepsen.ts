// Jepsen's history.edn → a history. Register, cas-register, set, queue, lock, bank, list-append and rw-register
// transactions; values [key value] of independent keys are taken apart. Jepsen's `:fail` certainly did not happen (a
// compare-and-set that found another value is one, too), `:info` is unknown. Operations of the nemesis become marks.
import type { History, HistoryHeader, Mark, Operation } from "../domain/history.ts";
import { decodeHeader } from "./decode.ts";
import { type EdnFault, keywordText, readEdn } from "./edn.ts";
import { historyInvalid } from "./invalid.ts";
import { type Dialect, type Entry, isPair, OUTCOMES, plain, toOperation } from "./jepsen-operation.ts";

/** The first line of an export: a remark for Jepsen, the header for us. */
export const HEADER_REMARK = ";; ";

const nameOf = (value: unknown): string | null =>
  keywordText(value) ?? (typeof value === "string" ? value.replace(/^:/, "") : null);

const isTime = (time: unknown): time is number => Number.isSafeInteger(time);

function entriesOf(text: string, file: string): Entry[] {
  const reader = readEdn(text);
  const entries: Entry[] = [];
  let withoutTime = 0;
  const add = (value: unknown, line: number) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw historyInvalid(file, line, "expected an operation: a map");
    const { type, f, process, time, outlast, value: given } = value as Record<string, unknown>;
    const [kind, called] = [nameOf(type), nameOf(f)];
    if (kind === null || called === null) throw historyInvalid(file, line, "an operation needs :type and :f");
    if (!isTime(time)) withoutTime += 1;
    entries.push({
      line,
      type: kind,
      f: called,
      process,
      value: given,
      time: isTime(time) ? time : 0,
      outlast: typeof outlast === "object" && outlast !== null ? (outlast as Record<string, unknown>) : {},
    });
  };
  try {
    for (let found = reader.next(); found !== null; found = reader.next()) {
      const { value, line } = found;
      if (Array.isArray(value)) for (const each of value as unknown[]) add(each, line);
      else add(value, line);
    }
  } catch (cause) {
    if (cause instanceof Error) throw cause;
    const { line, what } = cause as EdnFault;
    throw historyInvalid(file, line, what);
  }
  // Without times only the order is known; times of some would be a second clock.
  return withoutTime === 0 ? entries : entries.map((entry, index) => ({ ...entry, time: index * 1_000 }));
}

/**
 * Values are [key value] when a write holds a pair, or a compare-and-set a key and a pair, or whatever is invoked holds a
 * pair, a read too.
 */
function isIndependent(entries: readonly Entry[]): boolean {
  const clients = entries.filter(
    ({ process, type, f }) => typeof process === "number" && type === "invoke" && f !== "txn",
  );
  return (
    clients.some(
      ({ f, value }) =>
        (f === "write" && isPair(value)) || (f === "cas" && isPair(value) && isPair(value[1])),
    ) ||
    (clients.some(({ f }) => f === "read" || f === "dequeue") &&
      clients.every(({ f, value }) => isPair(value) && (f !== "cas" || isPair(value[1]))))
  );
}

function markOf({ time, f, type, value, outlast }: Entry): Mark {
  return {
    mark: "event",
    at: time,
    name: f,
    ...(Object.keys(outlast).length > 0
      ? (plain(outlast) as object)
      : { detail: { type, value: plain(value) ?? null } }),
  };
}

/** A drain is many dequeues at once, each as if by a client of its own, and then the queue is empty. */
function drained(drain: Entry, end: Entry, fresh: () => number, dialect: Dialect): Operation[] {
  const elements = Array.isArray(end.value) ? (end.value as unknown[]) : [];
  return [...elements, null].flatMap((value) => {
    const operation = toOperation({ ...drain, f: "dequeue", value: null }, { ...end, value }, fresh(), {
      ...dialect,
      independent: false,
    });
    return operation === null ? [] : [operation];
  });
}

/** What the first line of our own export says; null in a file of Jepsen's. */
function remarkOf(text: string): { header: HistoryHeader; independent: boolean } | null {
  if (!text.startsWith(`${HEADER_REMARK}{`)) return null;
  const first = text.slice(HEADER_REMARK.length, text.indexOf("\n"));
  const header = decodeHeader(first);
  return typeof header === "string"
    ? null
    : { header, independent: (JSON.parse(first) as { independent?: unknown }).independent === true };
}

const JEPSEN_HEADER: HistoryHeader = {
  history: "outlast/v1",
  origin: "",
  uncertaintyNs: 0,
  meta: { importedFrom: "jepsen" },
};

/** A process that goes on after an unknown outcome gets new ids, and all of them one session. */
function retireProcesses(operations: readonly Operation[]): Operation[] {
  let fresh = operations.reduce((most, { process }) => Math.max(most, process), 0);
  const current = new Map<number, number>();
  const again = new Set<number>();
  const retired = new Set<number>();
  const renumbered = operations.map((operation) => {
    const { process, outcome } = operation;
    if (retired.has(process)) {
      fresh += 1;
      current.set(process, fresh);
      again.add(process);
      retired.delete(process);
    }
    if (outcome === "unknown") retired.add(process);
    return { operation, id: current.get(process) ?? process };
  });
  return renumbered.map(({ operation, id }) =>
    again.has(operation.process) ? { session: operation.process, ...operation, process: id } : operation,
  );
}

/** Throws HISTORY_INVALID with file:line. Operations of unknown `:f` are refused, those of the nemesis become marks. */
export function importJepsen(text: string, file: string): History {
  const entries = entriesOf(text, file);
  if (entries.length === 0) throw historyInvalid(file, 1, "the file holds no operation");
  const remark = remarkOf(text);
  const dialect = {
    independent: remark?.independent ?? isIndependent(entries),
    banks: entries.some(({ f }) => f === "transfer"),
  };
  let fresh = entries.reduce(
    (most, { process }) => (typeof process === "number" ? Math.max(most, process) : most),
    0,
  );
  const open = new Map<number, Entry>();
  const operations: Operation[] = [];
  const marks: Mark[] = [];
  const finish = (process: number, begin: Entry, end: Entry | null) => {
    if (begin.f === "drain" && end?.type === "ok") {
      operations.push(...drained(begin, end, () => (fresh += 1), dialect));
      return;
    }
    if (begin.f === "drain") throw historyInvalid(file, begin.line, "a :drain whose outcome is not known");
    const operation = toOperation(begin, end, process, dialect);
    if (operation === null) throw historyInvalid(file, begin.line, `unknown operation :${begin.f}`);
    operations.push(operation);
  };
  for (const entry of entries) {
    const { process, type } = entry;
    if (typeof process !== "number") {
      marks.push(markOf(entry));
      continue;
    }
    if (!Number.isSafeInteger(process)) throw historyInvalid(file, entry.line, ":process is no whole number");
    const begin = open.get(process);
    if (type === "invoke") {
      if (begin !== undefined)
        throw historyInvalid(
          file,
          entry.line,
          `process ${process} already has the operation of line ${begin.line} open`,
        );
      open.set(process, entry);
    } else if (!Object.hasOwn(OUTCOMES, type))
      throw historyInvalid(file, entry.line, `unknown :type :${type}`);
    else if (begin === undefined)
      throw historyInvalid(file, entry.line, `process ${process} ends what it did not begin`);
    else if (entry.f !== begin.f)
      throw historyInvalid(
        file,
        entry.line,
        `process ${process} ends :${entry.f}, but began :${begin.f} in line ${begin.line}`,
      );
    else if (entry.time < begin.time)
      throw historyInvalid(
        file,
        entry.line,
        `completed (${entry.time}) before invoked (${begin.time}, line ${begin.line})`,
      );
    else {
      open.delete(process);
      finish(process, begin, entry);
    }
  }
  for (const [process, begin] of open) if (begin.f !== "drain") finish(process, begin, null);
  operations.sort((a, b) => a.invoked - b.invoked);
  return { header: remark?.header ?? JEPSEN_HEADER, operations: retireProcesses(operations), marks };
}
