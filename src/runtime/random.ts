// Seeded randomness: the same seed gives the same run. Never for secrets.
import { randomInt, randomUUID } from "node:crypto";

export interface Random {
  /** [0, 1) */
  next(): number;
  /** Integer in [0, bound). */
  below(bound: number): number;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32 (public domain): 32 bits of state, enough to schedule and choose. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    next,
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError("pick from an empty list");
      return item;
    },
  };
}

export const newSeed = (): number => randomInt(0, 2 ** 32);
export const newId = (): string => randomUUID();
