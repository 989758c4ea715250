// The register judge against the definition: every history of up to 4 operations × 2 values × overlaps × outcomes, and more
// than 100 000 random ones. (What certainly failed and unanswered reads are taken out before anything else: they are in the
// exhaustive test of up to 3 operations, test/judges.)
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../../src/domain/history.ts";
import { LIMITS } from "../../src/judges/limits.ts";
import { judgeLinearizableRegister } from "../../src/judges/linearizable-register.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { bruteRegister } from "../judges/brute-register.ts";
import { enumerateDistinct, TELLING_KINDS } from "../judges/enumerate.ts";
import { randomRegister } from "../judges/random-register.ts";

function agree(operations: readonly Operation[]): boolean {
  const expected = bruteRegister(operations);
  const { verdict, reason } = judgeLinearizableRegister(operations, LIMITS);
  if (verdict !== (expected ? "valid" : "invalid"))
    assert.fail(
      `by definition ${expected}, judged ${verdict} (${reason})\n${operations.map((each) => JSON.stringify(each)).join("\n")}`,
    );
  return expected;
}

test("equal to the definition on all histories of up to 4 operations", () => {
  const seen = { true: 0, false: 0 };
  for (const n of [1, 2, 3, 4])
    enumerateDistinct(n, TELLING_KINDS, (operations) => (seen[`${agree(operations)}`] += 1));
  process.stdout.write(`${JSON.stringify(seen)}\n`);
  assert.deepEqual(
    seen,
    { true: 1_047_306, false: 2_478_838 },
    "the enumeration leaves out or repeats histories",
  );
});

test("equal to the definition on more than 100 000 random histories, valid and invalid ones each 30 % or more", () => {
  const seen = { true: 0, false: 0 };
  const random = seededRandom(4);
  for (let seed = 0; seed < 120_000; seed += 1) {
    const operations = randomRegister(seed, {
      operations: 4 + random.below(6),
      processes: 4,
      values: random.pick([0, 0, 0, 2, 3]),
      casRatio: random.pick([0, 0.3, 0.6]),
      unknownRatio: random.pick([0, 0.2, 0.4]),
      lieRatio: random.pick([0, 0.5, 1]),
      lateRatio: random.pick([0, 0.4]),
      overlap: random.pick([0.3, 1, 4]),
    });
    seen[`${agree(operations)}`] += 1;
  }
  process.stdout.write(`${JSON.stringify(seen)}\n`);
  assert.ok(seen.true > 36_000 && seen.false > 36_000, JSON.stringify(seen));
});
