// Looks for the harm of one planted rule, where mutations.ts says.
import type { Mutation } from "./mutations.ts";
import { modelOf, NO_FAULTS } from "./model.ts";
import { search } from "./search.ts";
import { walks } from "./walk.ts";

export interface Hunt {
  readonly found: boolean;
  readonly violation: string | null;
  readonly trace: readonly string[];
  readonly steps: number;
  /** Of the walk that found it; null: the search did, or nothing. */
  readonly seed: number | null;
}

export function plantedIsFound(
  { by, bounds, planted, finds }: Mutation,
  limits: { readonly seed: number; readonly ms: number },
  nowMs: () => number,
): Hunt {
  const untilMs = nowMs() + limits.ms;
  const result =
    by === "search"
      ? {
          ...search(
            modelOf(bounds ?? NO_FAULTS, planted),
            { states: 1e9, ms: limits.ms, bytes: 4 * 2 ** 30, settleEvery: 1e9 },
            nowMs,
          ),
          seed: null,
        }
      : walks(planted, { seed: limits.seed, steps: Infinity, until: () => nowMs() > untilMs }, bounds);
  const { violation, trace, steps, seed } = result;
  return { found: finds.test(violation ?? ""), violation, trace, steps, seed };
}
