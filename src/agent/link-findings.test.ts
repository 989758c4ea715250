import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeLink, SAMPLES_MIN } from "./link-findings.ts";

const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);

test("too few round trips say nothing", () => {
  assert.equal(judgeLink(10, times(SAMPLES_MIN - 1, 10)), null);
});

test("a link that is 20 % off is as planned, a longer or shorter one deviates", () => {
  assert.equal(judgeLink(10, times(10, 12))?.deviates, false);
  assert.equal(judgeLink(10, times(10, 8))?.deviates, false);
  assert.equal(judgeLink(10, times(10, 12.1))?.deviates, true);
  assert.equal(judgeLink(10, times(10, 7.9))?.deviates, true);
});

test("what busy machines add to most round trips is not the link's", () => {
  assert.deepEqual(judgeLink(10, [...times(6, 10.2), ...times(14, 40)]), {
    plannedMs: 10,
    measuredMs: 10.2,
    deviates: false,
  });
});
