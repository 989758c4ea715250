// Histories of one register whose values repeat, for the general search: clients with one operation open at a time, reads,
// writes and compare-and-sets over a handful of values. Seeded; planted: one read gives what the register did not hold while
// it ran.
import type { Operation } from "../../src/domain/history.ts";
import { seededRandom } from "../../src/runtime/random.ts";

export interface FewValuesSpec {
  readonly operations: number;
  readonly clients: number;
  readonly values: number;
  readonly seed: number;
  readonly planted: boolean;
}

export function fewValues({ operations, clients, values, seed, planted }: FewValuesSpec): Operation[] {
  const random = seededRandom(seed);
  const clocks = Array.from({ length: clients }, () => random.below(50));
  const drafts = Array.from({ length: operations }, (_, index) => {
    const process = index % clients;
    const invoked = (clocks[process] ?? 0) + 1 + random.below(30);
    const length = 20 + random.below(60);
    clocks[process] = invoked + length;
    return { process, invoked, completed: invoked + length, effect: invoked + random.below(length + 1) };
  }).sort((a, b) => a.effect - b.effect);
  let current: number | null = null;
  /** When the register held each value last. */
  const heldUntil = new Map<number | null, number>();
  let lies = planted ? 1 : 0;
  const result = drafts.map(({ process, invoked, completed, effect }, index): Operation => {
    const base = { process, key: "k", invoked, completed, outcome: "ok" as const };
    const roll = random.next();
    heldUntil.set(current, effect);
    if (roll < 0.5) {
      const stale = [...heldUntil].find(([value, until]) => value !== current && until < invoked - 200);
      if (lies > 0 && index > operations * 0.9 && stale !== undefined) {
        lies -= 1;
        return { ...base, op: "read", output: stale[0] };
      }
      return { ...base, op: "read", output: current };
    }
    const to = 1 + random.below(values);
    if (roll < 0.8) {
      current = to;
      return { ...base, op: "write", input: to };
    }
    const from = 1 + random.below(values);
    const swapped = from === current;
    if (swapped) current = to;
    return { ...base, op: "cas", input: [from, to], output: swapped };
  });
  return result.sort((a, b) => a.invoked - b.invoked);
}
