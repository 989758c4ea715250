import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../domain/history.ts";
import { type AvailabilityQuestion, availability, percentiles, WINDOW_NS } from "./availability.ts";

const MS = 1_000_000;
const ASKED: AvailabilityQuestion = { deadlineNs: 200 * MS, faultNs: 1_000 * MS, healNs: 6_000 * MS };

/** One operation each 10 ms from 0; `failed` says which scheduled ms fail. */
function stream(untilMs: number, failed: (atMs: number) => boolean, latencyMs = 5): Operation[] {
  return Array.from({ length: untilMs / 10 }, (_, index): Operation => {
    const scheduled = index * 10 * MS;
    const base = {
      process: index,
      region: "eu-west",
      profile: "kernel",
      op: "read" as const,
      scheduled,
      invoked: scheduled,
    };
    return failed(index * 10)
      ? { ...base, outcome: "unknown" }
      : { ...base, outcome: "ok", completed: scheduled + latencyMs * MS };
  });
}
const only = (operations: readonly Operation[], asked = ASKED) => {
  const [found] = availability(operations, asked);
  assert.ok(found);
  return found;
};

test("an outage lasts from the fault to the start of the first good window, in which 2 of 200 may still fail", () => {
  const found = only(stream(10_000, (atMs) => atMs >= 1_000 && atMs < 1_900));
  assert.equal(found.recoveryNs, 880 * MS);
  assert.equal(found.failedNs, 900 * MS);
  assert.deepEqual(found.outages, [{ fromNs: 1_000 * MS, toNs: 1_900 * MS }]);
});

test("without a failure the recovery time is 0", () => {
  assert.equal(only(stream(10_000, () => false)).recoveryNs, 0);
});

test("a second outage at heal counts as failed time and not as recovery time", () => {
  const found = only(
    stream(12_000, (atMs) => (atMs >= 1_000 && atMs < 1_500) || (atMs >= 6_000 && atMs < 8_000)),
  );
  assert.equal(found.recoveryNs, 480 * MS);
  assert.equal(found.failedNs, 2_500 * MS);
  assert.equal(found.outages.length, 2);
});

test("an answer after the deadline is a failure, and one that never recovers has no recovery time", () => {
  const late = stream(10_000, () => false, 201);
  assert.equal(only(late).recoveryNs, null);
  assert.equal(only(late).outages[0]?.toNs, null);
  assert.equal(only(stream(10_000, (atMs) => atMs >= 1_000)).recoveryNs, null);
});

test("a window that the history does not fill proves nothing", () => {
  assert.equal(only(stream(3_500, (atMs) => atMs >= 1_000 && atMs < 1_900)).recoveryNs, null);
});

test("one failure in two hundred is still good, two in a hundred are not", () => {
  assert.equal(only(stream(10_000, (atMs) => atMs === 1_500)).recoveryNs, 0);
  assert.notEqual(only(stream(10_000, (atMs) => atMs >= 1_500 && atMs < 1_550)).recoveryNs, 0);
});

test("the read-back and other operations without a schedule are nobody's availability", () => {
  assert.deepEqual(
    availability([{ process: 1, op: "read", invoked: 5, outcome: "ok", completed: 6 }], ASKED),
    [],
  );
});

test("percentiles are nearest rank", () => {
  assert.equal(percentiles([]), null);
  assert.deepEqual(percentiles([3, 1, 2]), { p50: 2, p99: 3, max: 3 });
});

test("the sliding window finds what the definition says", () => {
  const byDefinition = (operations: readonly Operation[]): number | null => {
    const times = operations.map((operation) => operation.scheduled ?? 0);
    const last = Math.max(...times);
    const starts = [ASKED.faultNs, ...times.filter((time) => time > ASKED.faultNs)];
    for (const start of starts) {
      if (start + WINDOW_NS > last) return null;
      const inside = operations.filter(
        ({ scheduled = 0 }) => scheduled >= start && scheduled < start + WINDOW_NS,
      );
      const good = inside.filter(({ outcome }) => outcome === "ok").length;
      if (good >= 0.99 * inside.length - 1e-9) return start - ASKED.faultNs;
    }
    return null;
  };
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(900), fc.nat(60)), { maxLength: 6 }), (gaps) => {
      const operations = stream(9_000, (atMs) =>
        gaps.some(([from, length]) => atMs >= from * 10 && atMs < (from + length) * 10),
      );
      assert.equal(only(operations).recoveryNs, byDefinition(operations));
    }),
    { numRuns: 200 },
  );
});
