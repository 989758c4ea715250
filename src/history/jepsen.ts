// Jepsen's history.edn ↔ a history. Register, cas-register, set, queue, bank, list-append and rw-register transactions;
// values [key value] of independent keys are taken apart. Jepsen's `:fail` certainly did not happen (a compare-and-set
// that found another value is one, too), `:info` is unknown. Operations of the nemesis become marks.
import type { History, Mark, Operation, OperationKind, Outcome3 } from "../domain/history.ts";
import { type EdnFault, readEdn, writeEdn } from "./edn.ts";
import { historyInvalid } from "./invalid.ts";

const KINDS: Readonly<Record<string, OperationKind>> = {
  ":read": "read",
  ":write": "write",
  ":cas": "cas",
  ":add": "add",
  ":append": "append",
  ":transfer": "transfer",
  ":txn": "txn",
  ":enqueue": "enqueue",
  ":dequeue": "dequeue",
  ":acquire": "acquire",
  ":release": "release",
};
const OUTCOMES: Readonly<Record<string, Outcome3>> = { ":ok": "ok", ":fail": "fail", ":info": "unknown" };

interface Entry {
  readonly line: number;
  readonly type: string;
  readonly f: string;
  readonly value: unknown;
  readonly process: unknown;
  readonly time: number;
}

const isPair = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2;
const plain = (value: unknown): unknown => {
  if (typeof value === "string" && value.startsWith(":")) return value.slice(1);
  return Array.isArray(value) ? value.map(plain) : value;
};

/** Accounts by name: Jepsen numbers them. */
const named = (transfer: unknown): unknown => {
  if (typeof transfer !== "object" || transfer === null) return transfer;
  const { from, to } = transfer as Record<string, unknown>;
  return { ...transfer, from: String(from as string), to: String(to as string) };
};

function entriesOf(text: string, file: string): Entry[] {
  const reader = readEdn(text);
  const entries: Entry[] = [];
  const add = (value: unknown, line: number) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw historyInvalid(file, line, "expected an operation: a map");
    const { type, f, process, time } = value as Record<string, unknown>;
    if (typeof type !== "string" || typeof f !== "string")
      throw historyInvalid(file, line, "an operation needs :type and :f");
    entries.push({
      line,
      type,
      f,
      process,
      value: (value as Record<string, unknown>).value,
      // Without times only the order is known.
      time: typeof time === "number" && Number.isSafeInteger(time) ? time : entries.length * 1_000,
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
  return entries;
}

/** Values are [key value] when a write holds a pair, or a compare-and-set a key and a pair. */
const isIndependent = (entries: readonly Entry[]): boolean =>
  entries.some(
    ({ f, value }) =>
      (f === ":write" && isPair(value)) || (f === ":cas" && isPair(value) && isPair(value[1])),
  );

function toOperation(
  begin: Entry,
  end: Entry | null,
  process: number,
  independent: boolean,
  banks: boolean,
): Operation | null {
  const kind = KINDS[begin.f];
  if (kind === undefined) return null;
  const outcome = end === null ? "unknown" : (OUTCOMES[end.type] ?? "unknown");
  const split = (value: unknown): { key?: string; value: unknown } =>
    independent && isPair(value) ? { key: String(plain(value[0])), value: value[1] } : { value };
  const asked = split(begin.value);
  const answered = split(end?.value);
  const key = asked.key ?? answered.key;
  const op = kind === "read" && banks ? "balances" : kind;
  const hasInput = kind !== "read" && kind !== "dequeue";
  const output = ((): unknown => {
    if (outcome !== "ok") return undefined;
    if (kind === "cas") return true;
    return kind === "read" || kind === "txn" || kind === "dequeue"
      ? (plain(answered.value) ?? null)
      : undefined;
  })();
  return {
    process,
    ...(key === undefined ? {} : { key }),
    op,
    ...(hasInput ? { input: kind === "transfer" ? named(plain(asked.value)) : plain(asked.value) } : {}),
    invoked: begin.time,
    outcome,
    ...(output === undefined ? {} : { output }),
    ...(outcome === "unknown" || end === null ? {} : { completed: Math.max(end.time, begin.time) }),
  };
}

/** Throws HISTORY_INVALID with file:line. Operations of unknown `:f` are refused, those of the nemesis become marks. */
export function importJepsen(text: string, file: string): History {
  const entries = entriesOf(text, file);
  if (entries.length === 0) throw historyInvalid(file, 1, "the file holds no operation");
  const independent = isIndependent(entries);
  const banks = entries.some(({ f }) => f === ":transfer");
  const open = new Map<number, Entry>();
  const operations: Operation[] = [];
  const marks: Mark[] = [];
  const finish = (process: number, begin: Entry, end: Entry | null) => {
    const operation = toOperation(begin, end, process, independent, banks);
    if (operation === null) throw historyInvalid(file, begin.line, `unknown operation ${begin.f}`);
    operations.push(operation);
  };
  for (const entry of entries) {
    const { process, type } = entry;
    if (typeof process !== "number") {
      marks.push({
        mark: "event",
        at: entry.time,
        name: entry.f.replace(":", ""),
        detail: { type: type.replace(":", ""), value: plain(entry.value) },
      });
      continue;
    }
    const begin = open.get(process);
    if (type === ":invoke") {
      if (begin !== undefined)
        throw historyInvalid(
          file,
          entry.line,
          `process ${process} already has the operation of line ${begin.line} open`,
        );
      open.set(process, entry);
    } else if (OUTCOMES[type] === undefined) throw historyInvalid(file, entry.line, `unknown :type ${type}`);
    else if (begin === undefined)
      throw historyInvalid(file, entry.line, `process ${process} ends what it did not begin`);
    else {
      open.delete(process);
      finish(process, begin, entry);
    }
  }
  for (const [process, begin] of open) finish(process, begin, null);
  operations.sort((a, b) => a.invoked - b.invoked);
  return {
    header: { history: "outlast/v1", origin: "", uncertaintyNs: 0, meta: { importedFrom: "jepsen" } },
    operations,
    marks,
  };
}

const NAMES: Readonly<Record<Outcome3, string>> = { ok: ":ok", fail: ":fail", unknown: ":info" };

/** One operation a line, invocations and completions by time. A compare-and-set that did not swap becomes `:fail`. */
export function exportJepsen(history: History): string {
  const keyed = history.operations.some(({ key }) => key !== undefined);
  const lines: { at: number; order: number; text: string }[] = [];
  for (const operation of history.operations) {
    const { process, op, key, input, output, outcome, invoked, completed } = operation;
    if (operation.from !== undefined) continue;
    const f = op === "balances" ? ":read" : `:${op}`;
    const wrap = (value: unknown) => (keyed && op !== "txn" ? [key ?? null, value] : value);
    const type = op === "cas" && output === false ? ":fail" : NAMES[outcome];
    const isRead = op === "read" || op === "balances" || op === "dequeue";
    const answered = outcome === "ok" && (isRead || op === "txn") ? output : input;
    const entry = (at: number, kind: string, value: unknown) =>
      `{:type ${kind}, :process ${process}, :f ${f}, :value ${writeEdn(wrap(value))}, :time ${at}}`;
    lines.push({ at: invoked, order: 0, text: entry(invoked, ":invoke", isRead ? null : input) });
    const end = completed ?? invoked;
    lines.push({ at: end, order: 1, text: entry(end, type, answered) });
  }
  lines.sort((a, b) => a.at - b.at || a.order - b.order);
  return lines.map(({ text }) => `${text}\n`).join("");
}
