import assert from "node:assert/strict";
import { test } from "node:test";
import { forkOf, historyFile, parseHistory } from "./history.ts";

const ancestor = (timeline: number, until: number) => ({ timeline, until });

test("a history file is read whatever stands behind a position", () => {
  const text = "1\t0/1BA8938\tno recovery target specified\n\n2\t1/C0000A0\tbefore 2026-11-22\n";
  assert.deepEqual(parseHistory(text), [ancestor(1, 0x1ba8938), ancestor(2, 2 ** 32 + 0xc0000a0)]);
  assert.equal(historyFile(26), "0000001A.history");
});

test("an old primary leaves the new one's history where that was promoted", () => {
  const own = { timeline: 2, ancestors: [ancestor(1, 10)] };
  const now = { timeline: 3, ancestors: [ancestor(1, 10), ancestor(2, 70)] };
  assert.deepEqual(forkOf(own, now), ancestor(2, 70));
});

test("two that were promoted from the same timeline part at the earlier promotion", () => {
  const a = { timeline: 3, ancestors: [ancestor(1, 10), ancestor(2, 70)] };
  const b = { timeline: 4, ancestors: [ancestor(1, 10), ancestor(2, 50)] };
  assert.deepEqual(forkOf(a, b), ancestor(2, 50));
  assert.deepEqual(forkOf(b, a), ancestor(2, 50));
});

test("the same number given twice at different places is not the same timeline behind them", () => {
  const a = { timeline: 4, ancestors: [ancestor(1, 10), ancestor(2, 50), ancestor(3, 90)] };
  const b = { timeline: 5, ancestors: [ancestor(1, 10), ancestor(2, 60), ancestor(3, 90)] };
  assert.deepEqual(forkOf(a, b), ancestor(2, 50));
});

test("on one timeline nothing has parted, and without a common beginning there is no fork", () => {
  const one = { timeline: 2, ancestors: [ancestor(1, 10)] };
  assert.deepEqual(forkOf(one, one), ancestor(2, Number.POSITIVE_INFINITY));
  assert.equal(forkOf(one, { timeline: 7, ancestors: [] }), null);
});
