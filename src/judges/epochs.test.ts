import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../domain/history.ts";
import { judgeEpochs } from "./epochs.ts";

const answer = (epoch: number, invoked: number, completed: number, site = "paris"): Operation => ({
  process: 0,
  op: "write",
  key: "k",
  input: 1,
  site,
  invoked,
  completed,
  outcome: "ok",
  epoch,
});

test("an older epoch after a newer one is two primaries; overlapping answers are not", () => {
  assert.equal(judgeEpochs([answer(1, 0, 5), answer(2, 6, 8)]).verdict, "valid");
  assert.equal(judgeEpochs([answer(2, 0, 5), answer(1, 5, 8)]).verdict, "valid");
  const verdict = judgeEpochs([answer(2, 0, 5), answer(1, 6, 8)]);
  assert.equal(verdict.verdict, "invalid");
  assert.equal(verdict.witness.length, 2);
});

test("read-backs of a replica and failed operations are left out", () => {
  const lagging = { ...answer(1, 6, 8), from: "paris" };
  assert.equal(judgeEpochs([answer(2, 0, 5), lagging]).verdict, "valid");
  assert.equal(judgeEpochs([answer(2, 0, 5), { ...answer(1, 6, 8), outcome: "fail" }]).verdict, "valid");
});

test("answers without an epoch make it unknown", () => {
  const { epoch: _, ...without } = answer(1, 0, 1);
  assert.equal(judgeEpochs([without]).verdict, "unknown");
  assert.equal(judgeEpochs([without, answer(1, 0, 1)]).verdict, "unknown");
  assert.equal(judgeEpochs([]).verdict, "unknown");
});

test("a raft term is over only when a majority of sites answered under a later one", () => {
  const candidate = [answer(2, 0, 5, "paris"), answer(1, 6, 8, "london")];
  const harmless = judgeEpochs(candidate, 2);
  assert.equal(harmless.verdict, "valid");
  assert.equal(harmless.statistics.early, 1);
  const majority = judgeEpochs([answer(2, 0, 4, "rome"), ...candidate], 2);
  assert.equal(majority.verdict, "invalid");
  assert.equal(majority.witness.length, 3);
  const anonymous = candidate.map((operation) => {
    const copy: { site?: string } & Operation = { ...operation };
    delete copy.site;
    return copy;
  });
  assert.equal(judgeEpochs(anonymous, 2).verdict, "unknown");
});

test("equal to the definition on random answers", () => {
  const one = fc
    .record({
      epoch: fc.integer({ min: 1, max: 3 }),
      at: fc.nat(12),
      length: fc.nat(6),
      site: fc.constantFrom("a", "b", "c"),
    })
    .map(({ epoch, at, length, site }) => answer(epoch, at, at + length, site));
  fc.assert(
    fc.property(
      fc.array(one, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 2 }),
      (list, confirmations) => {
        const violated = list.some((older) => {
          const newer = list.filter(
            (each) => (each.epoch ?? 0) > (older.epoch ?? 0) && (each.completed ?? 0) < older.invoked,
          );
          return new Set(newer.map(({ site }) => site)).size >= confirmations;
        });
        assert.equal(judgeEpochs(list, confirmations).verdict, violated ? "invalid" : "valid");
      },
    ),
    { numRuns: 2_000 },
  );
});
