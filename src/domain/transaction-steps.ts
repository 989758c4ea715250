// The steps of one transaction as they stand in a history: ["append" | "w" | "r", key, value].
import type { TransactionRows } from "./transaction-rows.ts";

export type Step = readonly [kind: string, key: string, value: unknown];

/** Equal values are equal texts. */
export const textOf = (value: unknown): string =>
  typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "null");

const isStep = (item: unknown): boolean =>
  Array.isArray(item) &&
  item.length === 3 &&
  (item[0] === "append" || item[0] === "r" || item[0] === "w") &&
  typeof item[1] === "string";

/** null: they can't be read. */
export function stepsOf(value: unknown): readonly Step[] | null {
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

export interface StepNumbers {
  keyOf(name: string): number;
  valueOf(key: number, value: unknown): number;
  /** Is this key, of which a read gave this value, a list? */
  isList(key: number, value: unknown): boolean;
}

/** Adds the steps to the transaction that was begun last. */
export function addSteps(rows: TransactionRows, steps: readonly Step[], numbers: StepNumbers): void {
  for (const [kind, name, value] of steps) {
    const key = numbers.keyOf(name);
    if (kind !== "r") rows.put(key, numbers.valueOf(key, value));
    else if (value === null) rows.readShared(key, 0);
    else if (!numbers.isList(key, value)) rows.read(key, [numbers.valueOf(key, value)], 1);
    else if (Array.isArray(value)) {
      const items = (value as unknown[]).map((item) => numbers.valueOf(key, item));
      rows.read(key, items, items.length);
    } else rows.oddRead(key);
  }
}
