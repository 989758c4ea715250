import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { median, objectiveOverRuns, worst } from "./summary.ts";

test("a run without a recovery time counts as slower than any other", () => {
  assert.equal(median([900, null, 1100]), 1100);
  assert.equal(median([900, null, null]), null);
  assert.equal(median([900, null]), null);
  assert.equal(worst([900, null]), null);
  assert.equal(worst([900, 1100]), 1100);
});

test("no runs are no success", () => {
  assert.equal(median([]), null);
  assert.equal(worst([]), null);
  assert.equal(objectiveOverRuns([]), null);
});

test("one missed run makes the list missed, one inconclusive run makes it inconclusive", () => {
  assert.equal(objectiveOverRuns([true, true]), true);
  assert.equal(objectiveOverRuns([true, null]), null);
  assert.equal(objectiveOverRuns([true, null, false]), false);
});

test("at least half of the runs are no slower than the median, whatever is unknown", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(10_000)), { minLength: 1 }), (times) => {
      const middle = median(times);
      const notSlower = times.filter((time) => middle === null || (time !== null && time <= middle)).length;
      assert.ok(notSlower >= Math.ceil(times.length / 2));
    }),
  );
});
