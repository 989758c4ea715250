import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../../src/domain/history.ts";
import { LIMITS } from "../../src/judges/limits.ts";
import { judgeLinearizableAppend } from "../../src/judges/linearizable-append.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { enumerate, type Kind } from "./enumerate.ts";

/** Definition, sharing no code: some of the unknown and all of the ok ones in an order that explains every read. */
function brute(operations: readonly Operation[], empty: "" | readonly unknown[]): boolean {
  const go = (left: readonly Operation[], state: string): boolean => {
    const owed = left.filter(({ outcome }) => outcome === "ok");
    if (owed.length === 0) return true;
    return left.some((operation) => {
      if (owed.some((other) => other !== operation && (other.completed as number) < operation.invoked))
        return false;
      const now: unknown = JSON.parse(state);
      let next = state;
      if (operation.op === "read") {
        const answer = JSON.stringify(operation.output === null ? empty : operation.output);
        if (operation.outcome === "ok" && answer !== state) return false;
      } else if (operation.op === "write") next = JSON.stringify(operation.input);
      else
        next = JSON.stringify(
          Array.isArray(now) ? [...now, operation.input] : `${now as string}${operation.input as string}`,
        );
      return go(
        left.filter((other) => other !== operation),
        next,
      );
    });
  };
  return go(
    operations.filter(({ outcome }) => outcome !== "fail"),
    JSON.stringify(empty),
  );
}

function agree(kind: "string" | "list", operations: readonly Operation[]): boolean {
  const expected = brute(operations, kind === "string" ? "" : []);
  const verdict = judgeLinearizableAppend(kind, operations, LIMITS);
  if (verdict.verdict !== (expected ? "valid" : "invalid"))
    assert.fail(
      `brute force: ${expected}, judge: ${verdict.verdict} (${verdict.reason})\n${operations.map((each) => JSON.stringify(each)).join("\n")}`,
    );
  return expected;
}

const outcomes = ["ok", "unknown", "fail"] as const;
const appends = (inputs: readonly unknown[]): Kind[] =>
  inputs.flatMap((input) => outcomes.map((outcome): Kind => ({ op: "append", input, outcome })));
const reads = (outputs: readonly unknown[]): Kind[] => [
  ...outputs.map((output): Kind => ({ op: "read", outcome: "ok", output })),
  { op: "read", outcome: "unknown" },
];

test("lists: equal to brute force on all histories of up to 3 operations", () => {
  const kinds = [...appends([1, 2]), ...reads([null, [1], [2], [1, 2], [2, 1], [1, 1]])];
  const seen = { true: 0, false: 0 };
  for (const n of [1, 2, 3]) enumerate(n, kinds, (operations) => (seen[`${agree("list", operations)}`] += 1));
  assert.ok(seen.true > 8_000 && seen.false > 8_000, JSON.stringify(seen));
});

test("strings: equal to brute force on all histories of up to 3 operations, texts that can be split in several ways too", () => {
  const kinds = [
    ...appends(["a", "ab"]),
    ...appends(["b"]).slice(0, 2),
    ...reads(["", "a", "ab", "aab", "aba"]),
  ];
  const writes: Kind[] = [{ op: "write", input: "a", outcome: "ok" }];
  for (const n of [1, 2, 3])
    enumerate(n, [...kinds, ...writes], (operations) => void agree("string", operations));
});

test("equal to brute force on random runs of a real list, some answers of another moment", () => {
  const seen = { true: 0, false: 0 };
  for (let seed = 0; seed < 4_000; seed += 1) {
    const random = seededRandom(seed);
    const state: number[] = [];
    const past: number[][] = [[]];
    const operations = Array.from({ length: 4 + random.below(5) }, (_, index): Operation => {
      const effect = index * 10;
      const invoked = effect - random.below(14);
      const unknown = random.next() < 0.15;
      const time = {
        process: index,
        key: "k",
        invoked,
        ...(unknown ? {} : { completed: effect + random.below(14) }),
      };
      const outcome = unknown ? ("unknown" as const) : ("ok" as const);
      if (random.next() < 0.5) {
        if (!unknown || random.next() < 0.5) state.push(index);
        past.push([...state]);
        return { ...time, op: "append", input: index, outcome };
      }
      const output = random.next() < 0.6 ? random.pick(past) : [...state];
      return { ...time, op: "read", outcome, ...(unknown ? {} : { output }) };
    });
    const list = agree("list", operations);
    seen[`${list}`] += 1;
    const asText = operations.map(
      (operation): Operation => ({
        ...operation,
        ...(operation.input === undefined ? {} : { input: `${operation.input as number};` }),
        ...(operation.output === undefined
          ? {}
          : { output: (operation.output as number[]).map((each) => `${each};`).join("") }),
      }),
    );
    assert.equal(agree("string", asText), list);
  }
  assert.ok(seen.true > 1_200 && seen.false > 400, JSON.stringify(seen));
});

test("a large history with unique elements needs no search", () => {
  const operations: Operation[] = [];
  for (let index = 0; index < 2_000; index += 1) {
    const time = {
      process: index % 50,
      key: "k",
      invoked: index * 10,
      completed: index * 10 + 5,
      outcome: "ok" as const,
    };
    operations.push(
      index % 40 === 39
        ? {
            ...time,
            op: "read",
            output: operations.filter(({ op }) => op === "append").map(({ input }) => input),
          }
        : { ...time, op: "append", input: index },
    );
  }
  const verdict = judgeLinearizableAppend("list", operations, LIMITS);
  assert.equal(verdict.verdict, "valid");
  assert.equal(verdict.statistics.keysBySearch, 0);
});
