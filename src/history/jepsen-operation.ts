// One operation as Jepsen has it: what was invoked, and how it ended → an operation of ours. Both the import and the
// export work with this, so that the export knows what the import would lose, and adds it under `:outlast`.
import type { Operation, OperationKind, Outcome3 } from "../domain/history.ts";
import { keywordText } from "./edn.ts";

export const KINDS: Readonly<Record<string, OperationKind>> = {
  read: "read",
  write: "write",
  cas: "cas",
  add: "add",
  contains: "contains",
  append: "append",
  transfer: "transfer",
  txn: "txn",
  enqueue: "enqueue",
  dequeue: "dequeue",
  acquire: "acquire",
  release: "release",
  produce: "produce",
  consume: "consume",
};
export const OUTCOMES: Readonly<Record<string, Outcome3>> = { ok: "ok", fail: "fail", info: "unknown" };

/** One map of a history.edn; names without their colons. */
export interface Entry {
  readonly line: number;
  readonly type: string;
  readonly f: string;
  readonly value: unknown;
  readonly process: unknown;
  readonly time: number;
  /** What only we know of it: fields of our operation or mark. */
  readonly outlast: Readonly<Record<string, unknown>>;
}

export interface Dialect {
  /** Values are [key value]. */
  readonly independent: boolean;
  /** A read gives balances. */
  readonly banks: boolean;
}

export const isPair = (value: unknown): value is [unknown, unknown] =>
  Array.isArray(value) && value.length === 2;

/** Keywords as text, everywhere inside. */
export function plain(value: unknown): unknown {
  if (typeof value === "symbol") return keywordText(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  return value;
}

/** Accounts by name: Jepsen numbers them. */
const named = (transfer: unknown): unknown => {
  if (typeof transfer !== "object" || transfer === null) return transfer;
  const { from, to } = transfer as Record<string, unknown>;
  return { ...transfer, from: String(from as string), to: String(to as string) };
};

export const ASKS_NOTHING: ReadonlySet<OperationKind> = new Set([
  "read",
  "balances",
  "dequeue",
  "consume",
  "acquire",
  "release",
]);
export const GIVES_VALUE: ReadonlySet<OperationKind> = new Set([
  "read",
  "balances",
  "dequeue",
  "consume",
  "txn",
]);

/** null: an operation of a name that is not known. */
export function toOperation(
  begin: Entry,
  end: Entry | null,
  process: number,
  { independent, banks }: Dialect,
): Operation | null {
  const kind = Object.hasOwn(KINDS, begin.f) ? KINDS[begin.f] : undefined;
  if (kind === undefined) return null;
  const outcome = end === null ? "unknown" : (OUTCOMES[end.type] ?? "unknown");
  const split = (value: unknown): { key?: string; value: unknown } =>
    independent && kind !== "txn" && isPair(value)
      ? { key: String(plain(value[0])), value: value[1] }
      : { value };
  const asked = split(begin.value);
  const answered = split(end?.value);
  const key = asked.key ?? answered.key;
  const op = kind === "read" && banks ? "balances" : kind;
  const input = plain(asked.value);
  const output = ((): unknown => {
    if (outcome !== "ok") return undefined;
    if (kind === "cas") return true;
    return GIVES_VALUE.has(op) ? (plain(answered.value) ?? null) : undefined;
  })();
  return {
    process,
    ...(key === undefined ? {} : { key }),
    op,
    ...(ASKS_NOTHING.has(op) ? {} : { input: kind === "transfer" ? named(input) : input }),
    invoked: begin.time,
    outcome,
    ...(output === undefined ? {} : { output }),
    ...(outcome === "unknown" || end === null ? {} : { completed: Math.max(end.time, begin.time) }),
    ...(plain((end ?? begin).outlast) as object),
  };
}
