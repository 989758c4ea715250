import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../domain/history.ts";
import { BUCKETS_MAX, bucketMsFor, seriesOf } from "./series.ts";

const MS = 1e6;
const operation = (scheduledMs: number, more: Partial<Operation> = {}): Operation => ({
  process: 1,
  op: "write",
  region: "west",
  profile: "kernel",
  scheduled: scheduledMs * MS,
  invoked: scheduledMs * MS,
  outcome: "ok",
  completed: (scheduledMs + 5) * MS,
  ...more,
});

test("an operation counts where it was scheduled, not where it was sent or answered", () => {
  const { bucketMs, series } = seriesOf(
    [operation(90, { invoked: 350 * MS, completed: 360 * MS }), operation(250)],
    { durationMs: 1_000, deadlineMs: 1_000 },
  );
  assert.equal(bucketMs, 100);
  assert.deepEqual(series[0]?.ok.slice(0, 4), [1, 0, 1, 0]);
  assert.equal(series[0]?.p50Ms[0], 270);
  assert.equal(series[0]?.p50Ms[1], null);
});

test("late, failed and unknown operations are failures", () => {
  const { series } = seriesOf(
    [
      operation(0, { completed: 300 * MS }),
      operation(10, { outcome: "fail" }),
      { process: 2, op: "write", region: "west", profile: "kernel", invoked: 20 * MS, outcome: "unknown" },
    ],
    { durationMs: 100, deadlineMs: 200 },
  );
  assert.deepEqual([series[0]?.ok, series[0]?.failed], [[0], [3]]);
});

test("read-back operations are not drawn", () => {
  const { series } = seriesOf([operation(0, { from: "paris" })], { durationMs: 100, deadlineMs: 200 });
  assert.deepEqual(series, []);
});

test("every operation inside the drill is in exactly one bucket, and buckets are bounded", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.array(fc.nat(999_999), { maxLength: 50 }),
      (durationMs, parts) => {
        const operations = parts.map((part) => operation((part / 1e6) * durationMs));
        const { series, buckets } = seriesOf(operations, { durationMs, deadlineMs: 200 });
        const total = (series[0]?.ok ?? []).reduce((sum, count) => sum + count, 0);
        assert.equal(total, parts.length);
        assert.ok(buckets <= BUCKETS_MAX && bucketMsFor(durationMs) * buckets >= durationMs);
      },
    ),
  );
});
