// Operations and values in words: every witness is told with these.
import type { Operation } from "../domain/history.ts";

const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : (JSON.stringify(value) ?? "nothing");
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
};

export const milliseconds = (ns: number): string =>
  Number.isFinite(ns) ? `${Number((ns / 1e6).toFixed(6))} ms` : "never";

function what({ op, input, output, outcome }: Operation): string {
  if (op === "cas" && Array.isArray(input)) {
    const swap = `${show(input[0])} → ${show(input[1])}`;
    if (outcome !== "ok") return `cas ${swap}`;
    return output === true ? `cas ${swap} (swapped)` : `cas ${swap} (not swapped)`;
  }
  if (op === "read") return `read of ${show(output)}`;
  return input === undefined ? op : `${op} of ${show(input)}`;
}

/** write of 7 by process 3 (1.2 ms – 1.9 ms) */
export function operationWords(operation: Operation): string {
  const { process, invoked, completed, outcome } = operation;
  const end = completed === undefined ? "no answer" : milliseconds(completed);
  return `${what(operation)} by process ${process} (${milliseconds(invoked)} – ${end}${outcome === "fail" ? ", failed" : ""})`;
}

export const valueWords = show;

/** Each operation once, by invocation. */
export function inOrder(operations: readonly Operation[]): Operation[] {
  return [...new Set(operations)].sort((a, b) => a.invoked - b.invoked);
}
