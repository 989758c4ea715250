import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../domain/history.ts";
import { judgeBank } from "./bank.ts";

const rules = { total: null, mayBeNegative: false };
const read = (balances: Record<string, number>, invoked: number): Operation => ({
  process: invoked,
  op: "balances",
  invoked,
  completed: invoked + 1,
  outcome: "ok",
  output: balances,
});
const transfer = (
  from: string,
  to: string,
  amount: number,
  invoked: number,
  outcome: Operation["outcome"] = "ok",
): Operation => ({
  process: invoked,
  op: "transfer",
  input: { from, to, amount },
  invoked,
  outcome,
  ...(outcome === "unknown" ? {} : { completed: invoked + 1 }),
});

test("conservation, negative balances and vanished accounts", () => {
  const opened = read({ a: 10, b: 10 }, 0);
  assert.equal(
    judgeBank([opened, transfer("a", "b", 3, 10), read({ a: 7, b: 13 }, 20)], rules).verdict,
    "valid",
  );
  const cases: [Operation[], RegExp][] = [
    [[opened, read({ a: 10, b: 9 }, 20)], /adds up to 19, not 20/],
    [[opened, transfer("a", "b", 12, 5), read({ a: -2, b: 22 }, 20)], /-2 in account a/],
    [[opened, read({ a: 10, b: 9, c: 1 }, 20)], /has the accounts a b c/],
    [
      [opened, transfer("a", "b", 3, 10), read({ a: 10, b: 10 }, 20)],
      /account a changed by 0 .* allow -3 to -3/,
    ],
    [[opened, transfer("a", "b", 3, 10, "fail"), read({ a: 7, b: 13 }, 20)], /allow 0 to 0/],
  ];
  for (const [operations, pattern] of cases) {
    const verdict = judgeBank(operations, rules);
    assert.equal(verdict.verdict, "invalid");
    assert.match(verdict.reason, pattern);
  }
  assert.equal(judgeBank([read({ a: 1 }, 0)], { total: 2, mayBeNegative: false }).verdict, "invalid");
});

test("an unknown transfer may or may not show", () => {
  const opened = read({ a: 10, b: 10 }, 0);
  const unknown = transfer("a", "b", 3, 10, "unknown");
  assert.equal(judgeBank([opened, unknown, read({ a: 7, b: 13 }, 20)], rules).verdict, "valid");
  assert.equal(judgeBank([opened, unknown, read({ a: 10, b: 10 }, 20)], rules).verdict, "valid");
  assert.equal(judgeBank([opened, unknown, read({ a: 4, b: 16 }, 20)], rules).verdict, "invalid");
});

test("nothing to judge is unknown", () => {
  assert.equal(judgeBank([], rules).verdict, "unknown");
  assert.equal(judgeBank([{ ...read({}, 0), output: [1] }], rules).verdict, "unknown");
});

test("a real bank is never called invalid, and a lost certain transfer always is", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          from: fc.nat(2),
          to: fc.nat(2),
          amount: fc.integer({ min: 1, max: 3 }),
          unknown: fc.boolean(),
          happens: fc.boolean(),
          reads: fc.boolean(),
        }),
        { maxLength: 10 },
      ),
      fc.nat(9),
      (steps, dropped) => {
        const balances: Record<string, number> = { a0: 50, a1: 50, a2: 50 };
        const operations = [read({ ...balances }, 0)];
        let lost = false;
        for (const [index, step] of steps.entries()) {
          const [from, to] = [`a${step.from}`, `a${step.to}`];
          const lose = index === dropped && !step.unknown && step.from !== step.to;
          lost ||= lose;
          if (!lose && (!step.unknown || step.happens)) {
            balances[from] = (balances[from] ?? 0) - step.amount;
            balances[to] = (balances[to] ?? 0) + step.amount;
          }
          operations.push(transfer(from, to, step.amount, 10 * index + 10, step.unknown ? "unknown" : "ok"));
          if (step.reads || lose) operations.push(read({ ...balances }, 10 * index + 15));
        }
        const verdict = judgeBank(operations, rules);
        const hidden = steps.some(({ unknown }) => unknown);
        if (!lost) assert.equal(verdict.verdict, "valid", verdict.reason);
        else if (!hidden) assert.equal(verdict.verdict, "invalid");
      },
    ),
    { numRuns: 2_000 },
  );
});
