import assert from "node:assert/strict";
import { test } from "node:test";
import { estimateLoss, judgeLoss, type LossKnowledge } from "./loss-budget.ts";

const known: LossKnowledge = {
  complete: false,
  chosenPosition: 900,
  chosenAtMs: 10_000,
  lastKnown: { position: 1_000, atMs: 10_500 },
  closedAtMs: 12_000,
};
const ada = { by: "ada", reason: "the building is under water" };

test("enough seals lose nothing, and that is within any budget", () => {
  const estimate = estimateLoss({ ...known, complete: true }, 13_000);
  assert.deepEqual([estimate.bytes, estimate.ms], [0, 0]);
  assert.equal(judgeLoss(estimate, 0, null).kind, "within");
});

test("a loss is bounded by time from above, with the age of what is known", () => {
  const estimate = estimateLoss(known, 13_000);
  assert.deepEqual(estimate, { bytes: 100, ms: 2_000, lastKnown: { position: 1_000, ageMs: 2_500 } });
  assert.equal(judgeLoss(estimate, 2_000, null).kind, "within");
  const refused = judgeLoss(estimate, 1_999, null);
  assert.match(refused.kind === "refused" ? refused.because : "", /up to 2000 ms/);
});

test("an unknown loss is above every budget", () => {
  const estimate = estimateLoss({ ...known, chosenAtMs: null, lastKnown: null }, 13_000);
  assert.deepEqual([estimate.bytes, estimate.ms, estimate.lastKnown], [null, null, null]);
  assert.equal(judgeLoss(estimate, 1e9, null).kind, "refused");
});

test("above the budget only a human with a name and a reason goes on, and both are kept", () => {
  const estimate = estimateLoss(known, 13_000);
  assert.deepEqual(judgeLoss(estimate, 0, ada), { kind: "accepted", estimate, ...ada });
  assert.equal(judgeLoss(estimate, 0, { by: "", reason: "x" }).kind, "refused");
  assert.equal(judgeLoss(estimate, 0, { by: "ada", reason: " " }).kind, "refused");
});
