import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/runtime/random.ts";
import { type Move, type Step, timesOf } from "../../src/judges/search-moves.ts";
import { searchNarrow } from "../../src/judges/search-narrow.ts";
import { searchWide } from "../../src/judges/search-wide.ts";

/** A register of three values: reads, writes and swaps with random answers, some unknown. */
function randomMoves(seed: number, count: number, spread: number): { moves: Move[]; step: Step } {
  const random = seededRandom(seed);
  const kinds: { kind: number; from: number; to: number }[] = [];
  const moves = Array.from({ length: count }, (_, index): Move => {
    const kind = random.below(3);
    const [from, to] = [random.below(3), random.below(3)];
    kinds.push({ kind, from, to });
    const invoked = 3 * index + random.below(spread);
    const unknown = kind !== 0 && random.next() < 0.15;
    const completed = unknown ? Number.POSITIVE_INFINITY : invoked + random.below(spread);
    const same = kind === 0 ? from : kind === 1 ? 3 + to : 6 + 3 * from + to;
    return { invoked, completed, readOnly: kind === 0, same };
  });
  const step: Step = (state, index) => {
    const { kind, from, to } = kinds[index] as (typeof kinds)[number];
    if (kind === 1) return to;
    return state !== from ? -1 : kind === 0 ? state : to;
  };
  return { moves, step };
}

test("the search with one word and the one with many say the same and are stuck at the same move", () => {
  const verdicts = { valid: 0, invalid: 0, unknown: 0 };
  let widest = 0;
  for (let seed = 1; seed <= 600; seed += 1) {
    const { moves, step } = randomMoves(seed, 4 + (seed % 36), 4 + 10 * (seed % 7));
    const times = timesOf(moves);
    if (times.most > 32) continue;
    widest = Math.max(widest, times.most);
    const narrow = searchNarrow(moves, times, step, 1_000_000, 0);
    const wide = searchWide(moves, times, step, 1_000_000, 0);
    assert.equal(narrow.verdict, wide.verdict, `seed ${seed}`);
    assert.equal(narrow.stuckAt, wide.stuckAt, `seed ${seed}`);
    verdicts[narrow.verdict] += 1;
  }
  assert.ok(verdicts.valid > 100 && verdicts.invalid > 100, JSON.stringify(verdicts));
  assert.ok(widest >= 15, `${widest} open at most`);
});

test("beyond its limit of steps either search is unknown", () => {
  let limited = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const { moves, step } = randomMoves(seed, 30, 60);
    const times = timesOf(moves);
    for (const search of [searchNarrow, searchWide]) {
      const { verdict, steps } = search(moves, times, step, 1_000_000, 0);
      if (steps < 100) continue;
      limited += 1;
      assert.equal(search(moves, times, step, 50, 0).verdict, "unknown", `seed ${seed}, else ${verdict}`);
    }
  }
  assert.ok(limited > 10, `${limited}`);
});
