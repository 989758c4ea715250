import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../../src/domain/history.ts";
import { loadHistory } from "../../src/history/read.ts";
import { judgeColumns } from "../../src/judges/judge-columns.ts";
import { LIMITS } from "../../src/judges/limits.ts";
import { judgeLinearizableRegister } from "../../src/judges/linearizable-register.ts";
import { toRegister } from "../../src/judges/register-operations.ts";
import { toColumns } from "../../src/judges/register-rows.ts";
import { searchRegister } from "../../src/judges/register-search.ts";
import { bruteRegister } from "./brute-register.ts";
import { CAS_KINDS, enumerate, enumerateDistinct, PLAIN_KINDS, TELLING_KINDS } from "./enumerate.ts";
import { randomRegister } from "./random-register.ts";

let count = 0;
/** Of these histories: how many the near-linear way left to the search. */
let doubts = 0;

/** Judge, search (of every fifth) and brute force agree, and a witness is invalid by itself. */
function agree(operations: readonly Operation[]): boolean {
  count += 1;
  const expected = bruteRegister(operations);
  const verdict = judgeLinearizableRegister(operations, LIMITS);
  const shown = () => operations.map((operation) => JSON.stringify(operation)).join("\n");
  if (verdict.verdict !== (expected ? "valid" : "invalid"))
    assert.fail(`brute force: ${expected}, judge: ${verdict.verdict} (${verdict.reason})\n${shown()}`);
  const columns = judgeColumns(toColumns(operations).columns).verdict;
  if (columns !== "doubt" && columns !== verdict.verdict)
    assert.fail(`brute force: ${expected}, judge on columns: ${columns}\n${shown()}`);
  if (columns === "doubt") doubts += 1;
  const searched =
    count % 5 === 0
      ? searchRegister(toRegister("k", operations).operations, LIMITS.steps).verdict
      : verdict.verdict;
  if (searched !== (expected ? "valid" : "invalid"))
    assert.fail(`brute force: ${expected}, search: ${searched}\n${shown()}`);
  if (!expected && (verdict.witness.length === 0 || bruteRegister(verdict.witness)))
    assert.fail(`the witness proves nothing: ${verdict.reason}\n${shown()}`);
  return expected;
}

test("the etcd histories get their known verdicts", async () => {
  const folder = "test/judges/histories";
  const known = JSON.parse(readFileSync(`${folder}/verdicts.json`, "utf8")) as Record<
    string,
    { verdict: string }
  >;
  assert.equal(Object.keys(known).length, 20);
  for (const [file, { verdict }] of Object.entries(known)) {
    const { operations } = await loadHistory(`${folder}/${file}`);
    const judged = judgeLinearizableRegister(operations, LIMITS);
    assert.equal(judged.verdict, verdict, `${file}: ${judged.reason}`);
    if (verdict === "invalid") {
      const again = judgeLinearizableRegister(judged.witness, LIMITS);
      assert.equal(again.verdict, "invalid", `${file}: its witness is not invalid by itself`);
      assert.ok(
        judged.witness.length < operations.length / 2,
        `${file}: ${judged.witness.length} operations are no small witness`,
      );
    }
  }
});

test("equal to brute force on all histories of up to 3 operations × 2 values × overlaps × outcomes", () => {
  const seen = { true: 0, false: 0 };
  const note = (operations: readonly Operation[]) => {
    seen[`${agree(operations)}`] += 1;
  };
  const kinds = [...PLAIN_KINDS, ...CAS_KINDS];
  for (const n of [1, 2]) enumerate(n, kinds, note);
  enumerateDistinct(3, TELLING_KINDS, note);
  enumerate(3, kinds, note, 17); // those that certainly failed among them
  assert.ok(seen.true > 15_000 && seen.false > 30_000, JSON.stringify(seen));
});

test("equal to brute force on a sample of the histories of 4 operations", () => {
  const count = enumerate(4, [...PLAIN_KINDS, ...CAS_KINDS], (operations) => agree(operations), 4_001);
  assert.ok(count > 15_000);
});

test("equal to brute force on random histories, unique values and few", () => {
  const seen = { valid: 0, invalid: 0 };
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(),
        operations: fc.integer({ min: 4, max: 9 }),
        values: fc.constantFrom(0, 0, 0, 2, 3),
        casRatio: fc.constantFrom(0, 0.3, 0.6),
        unknownRatio: fc.constantFrom(0, 0.2, 0.4),
        lieRatio: fc.constantFrom(0, 0.5, 1),
        lateRatio: fc.constantFrom(0, 0.4),
        overlap: fc.constantFrom(0.3, 1, 4),
      }),
      ({ seed, ...spec }) => {
        const valid = agree(randomRegister(seed, { processes: 4, ...spec }));
        seen[valid ? "valid" : "invalid"] += 1;
      },
    ),
    { numRuns: 20_000 },
  );
  assert.ok(seen.valid > 6_000 && seen.invalid > 6_000, JSON.stringify(seen));
});
