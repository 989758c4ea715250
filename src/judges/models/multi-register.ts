// Many registers and lists read and changed at once: transactions of [r|w|append, key, value], and plain operations. One
// object for the whole history, so one order of it is strict serializability.
import type { Operation } from "../../domain/history.ts";
import { canonical } from "../../domain/canonical.ts";
import { refused, type SequentialModel } from "./model.ts";

type Values = Readonly<Record<string, unknown>>;
type Step = readonly [kind: string, key: string | number, value: unknown];

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0);
const same = (a: unknown, b: unknown): boolean => (isEmpty(a) && isEmpty(b)) || canonical(a) === canonical(b);

/** Keys in order, so that the same values are the same text. */
function withValue(values: Values, key: string, value: unknown): Values {
  const { [key]: _before, ...rest } = values;
  const entries = [...Object.entries(rest), [key, value] as const];
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function stepsOf({ op, key = "", input, output, outcome }: Operation): readonly Step[] {
  if (op === "read") return [["r", key, output]];
  if (op === "write") return [["w", key, input]];
  if (op === "append") return [["append", key, input]];
  return (outcome === "ok" ? output : input) as readonly Step[];
}

export const MULTI_REGISTER: SequentialModel = {
  name: "multi-register",
  summary: "transactions over registers and lists, each at once: strict serializability by search",
  perKey: false,
  kinds: new Set(["txn", "read", "write", "append"] as const),
  reads: new Set(["read"] as const),
  initial: {},
  step(state, operation) {
    let values = state as Values;
    for (const [kind, name, value] of stepsOf(operation)) {
      const key = String(name);
      const held = values[key];
      if (kind === "w") values = withValue(values, key, value);
      else if (kind === "append") values = withValue(values, key, [...((held ?? []) as unknown[]), value]);
      else if (operation.outcome === "ok" && !same(held, value)) return refused;
    }
    return values;
  },
  fault: (operation) =>
    stepsOf(operation).every(
      (step) => Array.isArray(step) && (step[0] === "r" || step[0] === "w" || step[0] === "append"),
    )
      ? null
      : "the steps of a transaction are [r|w|append, key, value]",
};
