// An operation in a few words for a bar, and in one line for a list. Pure.
import type { Operation } from "../../domain/history.ts";

function show(value: unknown, max: number): string {
  const text = value === undefined ? "?" : (JSON.stringify(value) ?? "?");
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

const ELEMENTS_SHOWN = 4;

/** A list's end says most: what was appended last. */
function showRead(value: unknown, max: number): string {
  if (!Array.isArray(value) || value.length <= ELEMENTS_SHOWN) return show(value, max);
  const end = JSON.stringify(value.slice(1 - ELEMENTS_SHOWN)).slice(1, -1);
  return `[${value.length - ELEMENTS_SHOWN + 1} more, ${end.length > max ? `${end.slice(0, max - 1)}…` : end}]`;
}

/** "read alice → [1], append 2 to bob" */
function transactionWords(steps: unknown, answered: boolean, max: number): string {
  if (!Array.isArray(steps) || !steps.every((step) => Array.isArray(step) && step.length >= 2))
    return `txn ${show(steps, 2 * max)}`;
  const words = (steps as unknown[][]).map(([kind, key, value]) => {
    const name = typeof key === "string" ? key : show(key, max);
    if (kind === "append") return `append ${show(value, max)} to ${name}`;
    if (kind === "w") return `write ${name} = ${show(value, max)}`;
    return answered ? `read ${name} → ${showRead(value, max)}` : `read ${name}`;
  });
  return words.length === 0 ? "txn of nothing" : words.join(", ");
}

/** "write 7", "read → 3", "cas 1 → 2, not swapped" */
export function shortWords({ op, input, output, outcome }: Operation, max = 24): string {
  const answered = outcome === "ok";
  if (op === "cas" && Array.isArray(input)) {
    const swap = `cas ${show(input[0], max)} → ${show(input[1], max)}`;
    return answered && output === false ? `${swap}, not swapped` : swap;
  }
  if (op === "txn") return transactionWords(answered ? output : input, answered, max);
  const asked = input === undefined ? op : `${op} ${show(input, max)}`;
  const gave = answered && output !== undefined && (output !== null || input === undefined);
  return gave ? `${asked} → ${show(output, max)}` : asked;
}

const milliseconds = (ns: number): string => `${Number((ns / 1e6).toFixed(6))} ms`;

/** "12.5 ms – 13 ms", "12.5 ms, never answered" */
export function whenWords({ invoked, completed, outcome, error }: Operation): string {
  const because = error === undefined ? "" : ` (${error})`;
  if (completed === undefined) return `sent at ${milliseconds(invoked)}, never answered${because}`;
  const failed = outcome === "fail" ? `, certainly not done${because}` : "";
  return `${milliseconds(invoked)} – ${milliseconds(completed)}${failed}`;
}

/** "key k: write 7 by process 3 in paris, 1.2 ms – 1.9 ms" */
export function lineWords(operation: Operation): string {
  const { process, key, site, from, epoch } = operation;
  const where = [
    site === undefined ? "" : ` in ${site}`,
    from === undefined ? "" : ` at the replica ${from}`,
    epoch === undefined ? "" : ` under epoch ${epoch}`,
  ].join("");
  return `${key === undefined ? "" : `key ${key}: `}${shortWords(operation, 60)} by process ${process}${where}, ${whenWords(operation)}`;
}
