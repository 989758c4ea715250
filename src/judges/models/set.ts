// A set that only grows: add, contains, read of all elements.
import type { Operation } from "../../domain/history.ts";
import { canonical } from "../../domain/canonical.ts";
import { refused, type SequentialModel } from "./model.ts";

const nameOf = (element: unknown): string => JSON.stringify(canonical(element)) ?? "null";
const sorted = (elements: Iterable<string>): string[] => [...elements].sort();

export const SET: SequentialModel = {
  name: "set",
  summary: "a set that grows: add, contains, and a read of all elements in any order",
  perKey: true,
  kinds: new Set(["add", "contains", "read"] as const),
  reads: new Set(["contains", "read"] as const),
  initial: [],
  step(state, { op, input, output, outcome }) {
    const held = state as readonly string[];
    if (op === "add") {
      const name = nameOf(input);
      return held.includes(name) ? held : sorted([...held, name]);
    }
    if (outcome !== "ok") return held;
    if (op === "contains") return held.includes(nameOf(input)) === output ? held : refused;
    const read = ((output ?? []) as readonly unknown[]).map(nameOf);
    const whole = read.length === held.length && sorted(read).every((name, at) => name === held[at]);
    return whole ? held : refused;
  },
  /** Without reads of all, each element is an object of its own. */
  split(operations) {
    if (operations.some(({ op }) => op === "read")) return [operations];
    return [...Map.groupBy(operations, ({ input }) => nameOf(input)).values()] as Operation[][];
  },
  fault: ({ op, output, outcome }) => {
    if (outcome !== "ok") return null;
    if (op === "contains") return typeof output === "boolean" ? null : "contains answers true or false";
    return op === "read" && output !== null && !Array.isArray(output) ? "a read of a set gives a list" : null;
  },
};
