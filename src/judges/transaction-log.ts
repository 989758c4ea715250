// Transactions as operations → columns. A key that anyone writes is a register; one that is only appended to, or read as a
// list, is a list.
import type { Operation } from "../domain/history.ts";
import { FAILED, OK, type TransactionColumns, UNKNOWN } from "../domain/transaction-columns.ts";
import { transactionRows } from "../domain/transaction-rows.ts";
import { addSteps, type Step, stepsOf, textOf } from "../domain/transaction-steps.ts";

export interface TransactionLog {
  readonly columns: TransactionColumns;
  /** The operation of each row. */
  readonly sources: readonly Operation[];
}

const OUTCOMES = { ok: OK, unknown: UNKNOWN, fail: FAILED } as const;
const never = Number.POSITIVE_INFINITY;

const stepsAsked = ({ outcome, input, output }: Operation): readonly Step[] | null =>
  stepsOf(outcome === "ok" ? output : input);

function listNames(transactions: readonly Operation[]): ReadonlySet<string> {
  const lists = new Set<string>();
  const registers = new Set<string>();
  for (const operation of transactions)
    for (const [kind, key, value] of stepsAsked(operation) ?? []) {
      if (kind === "append" || (kind === "r" && Array.isArray(value))) lists.add(key);
      if (kind === "w") registers.add(key);
    }
  return new Set([...lists].filter((key) => !registers.has(key)));
}

export function readTransactions(operations: readonly Operation[]): TransactionLog {
  const sources = operations.filter(({ op }) => op === "txn");
  const lists = listNames(sources);
  const keys = new Map<string, number>();
  const names: string[] = [];
  const values = new Map<string, number>();
  const texts: string[] = [];
  const keyOf = (name: string): number => {
    const number = keys.get(name) ?? names.push(name) - 1;
    keys.set(name, number);
    return number;
  };
  const valueOf = (key: number, value: unknown): number => {
    const text = textOf(value);
    const name = `${key} ${text}`;
    const number = values.get(name) ?? texts.push(text) - 1;
    values.set(name, number);
    return number;
  };
  const isList = (key: number) => lists.has(names[key] as string);
  const rows = transactionRows();
  for (const operation of sources) {
    const { process, session = process, outcome, invoked, completed = never } = operation;
    rows.begin(process, session, OUTCOMES[outcome], invoked, completed);
    const steps = stepsAsked(operation);
    if (steps === null) rows.markUnreadable();
    else addSteps(rows, steps, { keyOf, valueOf, isList });
  }
  const columns: TransactionColumns = {
    ...rows.finish(),
    keys: names.map((name) => ({ name, list: lists.has(name) })),
    values: texts.length,
    textOf: (value) => texts[value] ?? "",
  };
  return { columns, sources };
}
