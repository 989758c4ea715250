// Register histories for bench/judges: clients with one operation open at a time on keys of a real register, every
// written value new, half reads. Seeded; planted: one read near the end gives a value that was overwritten long ago.
import type { Operation } from "../../src/domain/history.ts";
import { seededRandom } from "../../src/runtime/random.ts";

export interface HistorySpec {
  readonly keys: number;
  readonly clients: number;
  readonly operations: number;
  readonly seed: number;
  readonly planted: boolean;
}

export function registerHistory({ keys, clients, operations, seed, planted }: HistorySpec): Operation[] {
  const random = seededRandom(seed);
  const clocks = Array.from({ length: clients }, () => random.below(50));
  const drafts = Array.from({ length: operations }, (_, index) => {
    const process = index % clients;
    const invoked = (clocks[process] ?? 0) + 1 + random.below(3);
    const length = 20 + random.below(60);
    clocks[process] = invoked + length;
    return {
      process,
      invoked,
      completed: invoked + length,
      effect: invoked + random.below(length + 1),
      key: random.below(keys),
      writes: random.next() < 0.5,
    };
  }).sort((a, b) => a.effect - b.effect);
  const values: (number | null)[] = Array.from({ length: keys }, () => null);
  const early: (number | null)[] = Array.from({ length: keys }, () => null);
  let fresh = 0;
  let lies = planted ? 1 : 0;
  return drafts
    .map(({ process, invoked, completed, key, writes }, index): Operation => {
      const base = { process, key: `k${key}`, invoked, completed, outcome: "ok" as const };
      if (writes) {
        fresh += 1;
        values[key] = fresh;
        early[key] ??= fresh;
        return { ...base, op: "write", input: fresh };
      }
      const lie = lies > 0 && index > operations * 0.9 && early[key] !== values[key];
      if (lie) lies -= 1;
      return { ...base, op: "read", output: lie ? early[key] : values[key] };
    })
    .sort((a, b) => a.invoked - b.invoked);
}
