// One value: read, write, compare-and-set.
import { canonical } from "../../domain/canonical.ts";
import { refused, type SequentialModel } from "./model.ts";

const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

export const REGISTER: SequentialModel = {
  name: "register",
  summary: "read, write and compare-and-set of one value",
  perKey: true,
  kinds: new Set(["read", "write", "cas"] as const),
  reads: new Set(["read"] as const),
  initial: null,
  step(state, { op, input, output, outcome }) {
    if (op === "write") return input;
    if (op === "read") return outcome !== "ok" || same(state, output) ? state : refused;
    const [from, to] = input as readonly [unknown, unknown];
    const swaps = same(state, from);
    if (outcome === "ok" && output !== swaps) return refused;
    return swaps ? to : state;
  },
};
