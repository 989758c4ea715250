import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonical } from "../domain/canonical.ts";
import type { Operation } from "../domain/history.ts";
import { LIMITS } from "./limits.ts";
import { judgeLinearizableModel } from "./linearizable-model.ts";
import { refused, type SequentialModel } from "./models/model.ts";
import { judgeTotalQueue } from "./total-queue.ts";

const ONCE = { atLeastOnce: false };
let process = 0;
const operation = (invoked: number, completed: number, more: Partial<Operation>): Operation => ({
  process: (process += 1),
  op: "enqueue",
  invoked,
  outcome: "ok",
  ...(more.outcome === "unknown" ? {} : { completed }),
  ...more,
});
const put = (at: number, input: unknown, more: Partial<Operation> = {}) =>
  operation(at, at + 5, { input, ...more });
const take = (at: number, output: unknown, more: Partial<Operation> = {}) =>
  operation(at, at + 5, { op: "dequeue", ...(more.outcome === "unknown" ? {} : { output }), ...more });

test("every acknowledged element comes out in whatever order, and then the queue is empty", () => {
  const verdict = judgeTotalQueue([put(0, 1), put(0, 2), take(10, 2), take(10, 1), take(20, null)], ONCE);
  assert.equal(verdict.verdict, "valid");
  assert.equal(verdict.statistics["delivered"], 2);
});

test("lost, unexpected, duplicated and recovered are told apart", () => {
  const cases: [string, string, Operation[]][] = [
    ["lost", "invalid", [put(0, 1), take(10, null)]],
    ["unexpected", "invalid", [take(10, 7)]],
    ["unexpected", "invalid", [put(0, 1, { outcome: "fail" }), take(10, 1)]],
    ["unexpected", "invalid", [take(0, 1), put(10, 1), take(20, null)]],
    ["duplicated", "invalid", [put(0, 1), take(10, 1), take(20, 1)]],
    ["recovered", "valid", [put(0, 1, { outcome: "unknown" }), take(10, 1), take(20, null)]],
    ["notDrained", "unknown", [put(0, 1)]],
    ["notDrained", "unknown", [put(0, 1), take(3, null)]], // the two overlap
    ["undetermined", "unknown", [put(0, 1), take(10, null, { outcome: "unknown" }), take(20, null)]],
    ["lost", "invalid", [put(0, 1), put(0, 2), take(10, 0, { outcome: "unknown" }), take(20, null)]],
  ];
  for (const [name, expected, operations] of cases) {
    const { verdict, statistics, reason, witness } = judgeTotalQueue(operations, ONCE);
    assert.equal(verdict, expected, `${name}: ${reason}`);
    assert.equal(statistics[name], 1, `${name}: ${JSON.stringify(statistics)}`);
    if (expected === "invalid") {
      assert.ok(witness.length > 0);
      assert.equal(judgeTotalQueue(witness, ONCE).verdict, "invalid", "a witness is invalid by itself");
    }
  }
});

test("a queue that delivers at least once may deliver again; queues do not mix", () => {
  const again = [put(0, 1), take(10, 1), take(20, 1), take(30, null)];
  assert.equal(judgeTotalQueue(again, { atLeastOnce: true }).verdict, "valid");
  assert.equal(
    judgeTotalQueue([put(0, 1, { key: "a" }), take(10, 1, { key: "b" })], ONCE).verdict,
    "invalid",
  );
  assert.equal(judgeTotalQueue([], ONCE).verdict, "unknown");
});

/** The definition: a bag. */
const BAG: SequentialModel = {
  name: "bag",
  summary: "",
  perKey: true,
  kinds: new Set(["enqueue", "dequeue"] as const),
  reads: new Set(),
  initial: [],
  step(state, { op, input, output, outcome }) {
    const held = state as readonly unknown[];
    if (op === "enqueue") return [...held, canonical(input)].sort((a, b) => Number(a) - Number(b));
    if (outcome === "unknown") return refused; // which one it took is not known: the test has none
    if (output === null) return held.length === 0 ? held : refused;
    const at = held.indexOf(canonical(output));
    return at < 0 ? refused : held.toSpliced(at, 1);
  },
};

test("what a bag may have answered is never called invalid", () => {
  const each = fc.record({
    enqueue: fc.boolean(),
    value: fc.constantFrom(1, 2, 3, null),
    at: fc.integer({ min: 0, max: 30 }),
    length: fc.integer({ min: 0, max: 12 }),
    outcome: fc.constantFrom<Operation["outcome"]>("ok", "ok", "ok", "ok", "fail", "unknown"),
  });
  const seen: Record<string, number> = {};
  fc.assert(
    fc.property(fc.array(each, { minLength: 1, maxLength: 7 }), (drafts) => {
      const operations = drafts
        .filter(({ enqueue, outcome }) => enqueue || outcome !== "unknown")
        .map(({ enqueue, value, at, length, outcome }) =>
          operation(at, at + length, {
            outcome,
            ...(enqueue ? { input: value ?? 9 } : { op: "dequeue" as const, output: value }),
          }),
        );
      const { verdict, reason } = judgeTotalQueue(operations, ONCE);
      const bag = judgeLinearizableModel(BAG, operations, LIMITS).verdict;
      const shown = () => `${reason}\n${operations.map((one) => JSON.stringify(one)).join("\n")}`;
      if (verdict === "invalid") assert.equal(bag, "invalid", shown());
      seen[`${verdict} ${bag}`] = (seen[`${verdict} ${bag}`] ?? 0) + 1;
    }),
    { numRuns: 2_000 },
  );
  assert.ok((seen["invalid invalid"] ?? 0) > 200 && (seen["valid valid"] ?? 0) > 20, JSON.stringify(seen));
});
