import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mark, Operation } from "../domain/history.ts";
import { judgeConvergence, measureConvergence } from "./convergence.ts";

const MS = 1e6;
const write = (input: unknown, atMs: number, outcome: Operation["outcome"] = "ok"): Operation => ({
  process: atMs,
  op: "write",
  key: "k",
  input,
  invoked: atMs * MS,
  outcome,
  ...(outcome === "unknown" ? {} : { completed: (atMs + 1) * MS }),
});
const read = (from: string, output: unknown, atMs: number, key = "k"): Operation => ({
  process: atMs,
  op: "read",
  key,
  from,
  output,
  invoked: atMs * MS,
  completed: (atMs + 1) * MS,
  outcome: "ok",
});
const heal: Mark[] = [{ mark: "heal", at: 100 * MS, name: "cut-pair" }];

test("replicas that agree are valid, and the time counts from the heal to the last one", () => {
  const operations = [
    write(1, 10),
    read("a", 1, 110),
    read("b", null, 110),
    read("b", 1, 150),
    read("a", 1, 160),
  ];
  assert.equal(judgeConvergence(operations, heal).verdict, "valid");
  const found = measureConvergence(operations, 100 * MS);
  assert.equal(found.convergedAfterMs, 51);
  assert.deepEqual(
    found.divergence.map(({ keys }) => keys),
    [0, 1, 0, 0],
  );
});

test("replicas that end apart are a conflict", () => {
  const verdict = judgeConvergence([write(1, 10), read("a", 1, 110), read("b", null, 110)], heal);
  assert.equal(verdict.verdict, "invalid");
  assert.match(verdict.reason, /"k" is 1 at a and null at b/);
});

test("agreement on an older value loses the acknowledged write", () => {
  const both = (value: unknown) => [read("a", value, 110), read("b", value, 110)];
  assert.match(
    judgeConvergence([write(1, 10), write(2, 20), ...both(1)], heal).reason,
    /1 acknowledged writes vanished/,
  );
  assert.match(judgeConvergence([write(1, 10), ...both(null)], heal).reason, /vanished/);
  assert.equal(judgeConvergence([write(1, 10, "unknown"), write(2, 20), ...both(1)], heal).verdict, "valid");
  assert.equal(judgeConvergence([write(1, 10), write(2, 20, "unknown"), ...both(1)], heal).verdict, "valid");
});

test("journals agree whatever their order, and what was not read is unknown", () => {
  const journal = [read("a", ["x", "y"], 110, "journal"), read("b", ["y", "x"], 110, "journal")];
  assert.equal(judgeConvergence(journal, heal).verdict, "valid");
  assert.equal(judgeConvergence([...journal, read("a", 1, 110)], heal).verdict, "unknown");
  assert.equal(judgeConvergence([read("a", 1, 110)], heal).verdict, "unknown");
  assert.equal(judgeConvergence([], heal).verdict, "unknown");
  assert.equal(judgeConvergence([write(1, 10), read("a", 1, 50), read("b", 1, 50)], heal).verdict, "unknown");
});
