// First in, first out. A dequeue of an empty queue answers null.
import { canonical } from "../../domain/canonical.ts";
import { refused, type SequentialModel } from "./model.ts";

export const QUEUE: SequentialModel = {
  name: "queue",
  summary: "first in, first out; a dequeue of nothing gives null",
  perKey: true,
  kinds: new Set(["enqueue", "dequeue"] as const),
  reads: new Set(),
  initial: [],
  step(state, { op, input, output, outcome }) {
    const held = state as readonly unknown[];
    if (op === "enqueue") return [...held, canonical(input)];
    const [first = null, ...rest] = held;
    return outcome !== "ok" || canonical(output ?? null) === first ? rest : refused;
  },
};
