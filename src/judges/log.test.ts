import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../domain/history.ts";
import { judgeLog } from "./log.ts";

const produce = (value: string, offset: number, invoked: number, partition = 0): Operation => ({
  process: 1_000 + invoked,
  op: "produce",
  key: "t",
  input: value,
  invoked,
  completed: invoked + 1,
  outcome: "ok",
  output: { partition, offset },
});
const consume = (
  entries: readonly (readonly [string, number])[],
  invoked: number,
  process = 1,
): Operation => ({
  process,
  op: "consume",
  key: "t",
  invoked,
  completed: invoked + 1,
  outcome: "ok",
  output: entries.map(([value, offset]) => ({ partition: 0, offset, value })),
});
const both = [produce("a", 0, 0), produce("b", 1, 10)];

test("what was acknowledged and consumed at its offsets is valid", () => {
  assert.equal(judgeLog([...both, consume([["a", 0]], 20), consume([["b", 1]], 30)]).verdict, "valid");
});

test("not yet polled is not lost, and not valid either", () => {
  const verdict = judgeLog([...both, consume([["a", 0]], 20)]);
  assert.equal(verdict.verdict, "unknown");
  assert.equal(verdict.statistics.notPolled, 1);
});

test("each planted fault is found by its name", () => {
  const unknown: Operation = {
    process: 9,
    op: "produce",
    key: "t",
    input: "u",
    invoked: 1,
    outcome: "unknown",
  };
  const failed: Operation = { ...unknown, process: 10, input: "f", outcome: "fail", completed: 2 };
  const cases: [Operation[], string][] = [
    [[...both, consume([["b", 1]], 20)], "lost"],
    [
      [
        ...both,
        consume(
          [
            ["a", 0],
            ["b", 1],
            ["a", 2],
          ],
          20,
        ),
      ],
      "duplicated",
    ],
    [
      [
        produce("a", 1, 0),
        produce("b", 0, 10),
        consume(
          [
            ["b", 0],
            ["a", 1],
          ],
          20,
        ),
      ],
      "reordered",
    ],
    [
      [
        ...both,
        consume(
          [
            ["a", 0],
            ["u", 1],
          ],
          20,
        ),
        unknown,
      ],
      "changed",
    ],
    [
      [
        ...both,
        consume(
          [
            ["a", 0],
            ["b", 1],
            ["z", 2],
          ],
          20,
        ),
      ],
      "foreign",
    ],
    [
      [
        ...both,
        consume(
          [
            ["a", 0],
            ["b", 1],
            ["f", 2],
          ],
          20,
        ),
        failed,
      ],
      "foreign",
    ],
    [
      [
        ...both,
        consume(
          [
            ["a", 0],
            ["b", 1],
          ],
          20,
        ),
        consume([["a", 0]], 30),
      ],
      "went-back",
    ],
  ];
  for (const [operations, name] of cases) {
    const verdict = judgeLog(operations);
    assert.equal(verdict.verdict, "invalid", name);
    assert.match(verdict.reason, new RegExp(`^${name}: `));
    assert.ok(verdict.witness.length > 0);
  }
  assert.equal(
    judgeLog([
      ...both,
      unknown,
      consume(
        [
          ["a", 0],
          ["b", 1],
          ["u", 2],
        ],
        20,
      ),
    ]).verdict,
    "valid",
  );
});

test("partitions do not mix, and answers without a place are unknown", () => {
  assert.equal(
    judgeLog([produce("a", 0, 0, 1), produce("b", 0, 10, 0), consume([["b", 0]], 20)]).statistics.changed,
    0,
  );
  const { output: _output, ...without } = produce("a", 0, 0);
  assert.equal(judgeLog([without]).verdict, "unknown");
  assert.equal(judgeLog([]).verdict, "unknown");
});
