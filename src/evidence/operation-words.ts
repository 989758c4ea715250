// An operation of a history as a sentence, for witnesses that people read. Pure.
import type { Operation } from "../domain/history.ts";
import { moment } from "./quantity.ts";

const show = (value: unknown): string => (value === undefined ? "?" : JSON.stringify(value));

function did({ op, key, input, output, outcome }: Operation): string {
  const where = key === undefined ? "" : ` ${key}`;
  const ok = outcome === "ok";
  switch (op) {
    case "read":
      return ok ? `read${where} and got ${show(output)}` : `tried to read${where}`;
    case "append":
      return `${ok ? "appended" : "tried to append"} ${show(input)} to${where}`;
    case "write":
      return `${ok ? "wrote" : "tried to write"} ${show(input)} to${where}`;
    case "cas": {
      const [from, to] = Array.isArray(input) ? input : [undefined, undefined];
      const result = !ok ? "" : output === true ? ": swapped" : ": not swapped";
      return `${ok ? "compared and set" : "tried to set"}${where} from ${show(from)} to ${show(to)}${result}`;
    }
    default:
      return `${ok ? "did" : "tried"} ${op}${where}${input === undefined ? "" : ` ${show(input)}`}${
        ok && output !== undefined && output !== null ? ` and got ${show(output)}` : ""
      }`;
  }
}

const ENDED = {
  ok: "acknowledged",
  fail: "certainly not done",
  unknown: "unknown whether it happened",
} as const;

export function operationWords(operation: Operation): string {
  const { process, region, profile, from, invoked, completed, outcome, error, epoch } = operation;
  const who = [region, profile].filter((part) => part !== undefined).join(", ");
  const when =
    completed === undefined
      ? `sent at ${moment(invoked / 1e6)}, never answered`
      : `${moment(invoked / 1e6)} – ${moment(completed / 1e6)}`;
  const asked = from === undefined ? "" : ` at the replica in ${from}`;
  const term = epoch === undefined ? "" : `, term ${epoch}`;
  return `Client ${process}${who === "" ? "" : ` (${who})`} ${did(operation)}${asked}: ${ENDED[outcome]}${
    error === undefined ? "" : ` (${error})`
  }, ${when}${term}.`;
}
