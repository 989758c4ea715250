// A number: add changes it, read gives it. It begins at 0.
import { refused, type SequentialModel } from "./model.ts";

export const COUNTER: SequentialModel = {
  name: "counter",
  summary: "a number: add changes it by its input, a read gives it",
  perKey: true,
  kinds: new Set(["add", "read"] as const),
  reads: new Set(["read"] as const),
  initial: 0,
  step(state, { op, input, output, outcome }) {
    if (op === "add") return (state as number) + (input as number);
    return outcome !== "ok" || (output ?? 0) === state ? state : refused;
  },
  fault: ({ op, input }) =>
    op === "add" && !Number.isSafeInteger(input) ? "a counter is changed by whole numbers" : null,
};
