import assert from "node:assert/strict";
import { test } from "node:test";
import type { History, Operation } from "../domain/history.ts";
import { judgeOf, LIMITS } from "./judge.ts";

const judged = (model: string, uncertaintyNs: number, operations: readonly Operation[]) => {
  const history: History = {
    header: { history: "outlast/v1", origin: "", uncertaintyNs },
    operations,
    marks: [],
  };
  const verdict = judgeOf(model)?.judge(history, LIMITS);
  assert.ok(verdict !== undefined);
  return verdict;
};
const base = { key: "k", outcome: "ok" as const };
const stale: readonly Operation[] = [
  { ...base, process: 0, op: "write", input: 1, invoked: 0, completed: 10, epoch: 1 },
  { ...base, process: 1, op: "write", input: 2, invoked: 20, completed: 30, epoch: 2 },
  { ...base, process: 2, op: "read", output: 1, invoked: 40, completed: 50, epoch: 1 },
];

test("a violation that rests on a gap which the clocks could hide is unknown, a wider one invalid", () => {
  for (const model of ["linearizable-register", "epochs"]) {
    assert.equal(judged(model, 0, stale).verdict, "invalid");
    assert.equal(judged(model, 9, stale).verdict, "invalid");
    const unknown = judged(model, 10, stale);
    assert.equal(unknown.verdict, "unknown");
    assert.match(unknown.reason, /clocks may be 0.00001 ms apart/);
  }
});

test("the witness has the times of the history", () => {
  for (const operation of judged("linearizable-register", 5, stale).witness)
    assert.ok(stale.includes(operation));
});

test("what is valid stays valid, and what no clock explains stays invalid", () => {
  assert.equal(judged("linearizable-register", 1e9, stale.slice(0, 2)).verdict, "valid");
  const foreign: Operation = { ...base, process: 3, op: "read", output: 7, invoked: 60, completed: 70 };
  assert.equal(judged("linearizable-register", 1e9, [...stale, foreign]).verdict, "invalid");
});
