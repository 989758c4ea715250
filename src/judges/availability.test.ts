import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../domain/history.ts";
import {
  AVAILABILITY_DEFAULTS,
  judgeAvailability,
  measureAvailability,
  recoveredAt,
  worstRecoveryTimeMs,
} from "./availability.ts";

const MS = 1e6;

/** 100 operations/s for `seconds`; those scheduled in a span of `failing` (ms) fail. */
function load(seconds: number, failing: readonly (readonly [number, number])[], region = "eu"): Operation[] {
  return Array.from({ length: seconds * 100 }, (_, index): Operation => {
    const at = index * 10;
    const fails = failing.some(([from, to]) => at >= from && at < to);
    return {
      process: index,
      region,
      profile: "dns",
      op: "write",
      key: "k",
      input: index,
      scheduled: at * MS,
      invoked: (at + 1) * MS,
      ...(fails ? { outcome: "unknown" } : { outcome: "ok", completed: (at + 5) * MS }),
    };
  });
}

const measure = (operations: readonly Operation[], faultMs: number | null) =>
  measureAvailability(operations, {
    ...AVAILABILITY_DEFAULTS,
    faultAt: faultMs === null ? null : faultMs * MS,
  });

test("an outage of 0.9 s is a recovery time of 0.87 s: the window may hold 1 % of failures", () => {
  const [group] = measure(load(10, [[3_000, 3_900]]), 3_000);
  // 200 operations a window, 2 may fail: it starts just after the third last failure, at 3 870 ms.
  assert.equal(group?.recoveryTimeMs, 870 + 1 / MS);
  assert.equal(group?.failedMs, 900);
  assert.deepEqual(group?.outages, [{ from: 3_000 * MS, to: 3_900 * MS, failed: 90 }]);
});

test("no failure is a recovery time of 0, and 1 % of failures counts as none", () => {
  assert.equal(measure(load(10, []), 3_000)[0]?.recoveryTimeMs, 0);
  assert.equal(measure(load(10, [[3_000, 3_020]]), 3_000)[0]?.recoveryTimeMs, 0);
});

test("a success after the deadline is a failure", () => {
  const slow = load(10, []).map((operation) =>
    (operation.scheduled ?? 0) < 4_000 * MS
      ? operation
      : { ...operation, completed: operation.invoked + 1_001 * MS },
  );
  const [group] = measure(slow, 4_000);
  assert.equal(group?.recoveryTimeMs, null);
  assert.equal(group?.latency.during?.count, 600);
  assert.equal(group?.latency.during?.p50Ms, 1_002);
  assert.equal(group?.latency.before?.p99Ms, 5);
  assert.equal(group?.latency.after, null);
});

test("a tail shorter than the window decides nothing", () => {
  const [group] = measure(load(10, [[3_000, 8_500]]), 3_000);
  assert.equal(group?.recoveryTimeMs, null);
  assert.equal(group?.failedMs, 5_500);
});

test("a second outage after the recovery counts as failed time", () => {
  const [group] = measure(
    load(20, [
      [3_000, 4_000],
      [12_000, 13_000],
    ]),
    3_000,
  );
  assert.ok((group?.recoveryTimeMs ?? 0) < 1_000);
  assert.equal(group?.failedMs, 2_000);
  assert.equal(group?.outages.length, 2);
});

test("the headline is the worst group, and null when one did not recover", () => {
  const good = load(10, [[3_000, 3_500]], "a");
  const worse = load(10, [[3_000, 4_500]], "b");
  const lost = load(10, [[3_000, 10_000]], "c");
  const worst = worstRecoveryTimeMs(measure([...good, ...worse], 3_000));
  assert.ok(worst !== null && worst > 1_400 && worst < 1_500);
  assert.equal(worstRecoveryTimeMs(measure([...good, ...lost], 3_000)), null);
  assert.equal(worstRecoveryTimeMs([]), null);
  const marks = [{ mark: "fault", at: 3_000 * MS, name: "lose-site" }] as const;
  assert.equal(judgeAvailability([...good, ...worse], marks, 1_000).verdict, "valid");
  assert.match(judgeAvailability([...good, ...lost], marks, 1_000).reason, /not recovered .*c\/dns\/write/);
  assert.equal(judgeAvailability(good, [], 1_000).verdict, "unknown");
});

test("without a fault there is latency and failed time, and no recovery time", () => {
  const [group] = measure(load(5, [[1_000, 2_000]]), null);
  assert.equal(group?.recoveryTimeMs, null);
  assert.equal(group?.failedMs, 1_000);
  assert.equal(group?.latency.before?.count, 400);
  assert.equal(group?.latency.during, null);
});

test("read-backs of replicas are no load", () => {
  assert.deepEqual(
    measure([{ process: 1, op: "read", from: "paris", invoked: 5, outcome: "unknown" }], 1),
    [],
  );
});

test("equal to trying every moment, on random samples", () => {
  const sample = fc.record({ at: fc.nat(40), ok: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 14 }),
      fc.nat(20),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(0.5, 0.75, 1),
      fc.integer({ min: 20, max: 45 }),
      (given, faultAt, window, ratio, endAt) => {
        const samples = given.toSorted((a, b) => a.at - b.at);
        let expected: number | null = null;
        for (let start = faultAt; start + window <= endAt + 1 && expected === null; start += 1) {
          const inside = samples.filter(({ at }) => at >= start && at < start + window);
          if (inside.length > 0 && inside.filter(({ ok }) => ok).length >= ratio * inside.length)
            expected = start;
        }
        assert.equal(recoveredAt(samples, faultAt, endAt, window, ratio), expected);
      },
    ),
    { numRuns: 3_000 },
  );
});
