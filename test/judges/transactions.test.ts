import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../../src/domain/history.ts";
import { judgeTransactions } from "../../src/judges/transactions.ts";
import { seededRandom } from "../../src/runtime/random.ts";

type Step = readonly ["append" | "w" | "r", string, unknown];

function txn(process: number, invoked: number, completed: number, ...steps: readonly Step[]): Operation {
  const input = steps.map(([kind, key, value]) => [kind, key, kind === "r" ? null : value]);
  return { process, op: "txn", input, output: steps, invoked, completed, outcome: "ok" };
}

/** Definition: an order of the transactions (that real time allows, if asked) in which every read is explained. */
function brute(operations: readonly Operation[], realtime: boolean): boolean {
  const runs = (operation: Operation, state: ReadonlyMap<string, unknown>): Map<string, unknown> | null => {
    const next = new Map(state);
    for (const [kind, key, value] of operation.output as Step[]) {
      if (kind === "append") next.set(key, [...((next.get(key) as unknown[] | undefined) ?? []), value]);
      else if (kind === "w") next.set(key, value);
      else if (
        JSON.stringify(next.get(key) ?? null) !==
        JSON.stringify(Array.isArray(value) && value.length === 0 ? null : value)
      )
        return null;
    }
    return next;
  };
  const go = (left: readonly Operation[], state: ReadonlyMap<string, unknown>): boolean =>
    left.length === 0 ||
    left.some((operation) => {
      if (realtime && left.some((other) => (other.completed as number) < operation.invoked)) return false;
      const next = runs(operation, state);
      return (
        next !== null &&
        go(
          left.filter((other) => other !== operation),
          next,
        )
      );
    });
  return go(operations, new Map());
}

const ruledOut = (reason: string) => /Ruled out: ([^;]*)/.exec(reason)?.[1]?.split(", ") ?? [];

function random(seed: number, lists: boolean): Operation[] {
  const dice = seededRandom(seed);
  const keys = ["x", "y"].slice(0, 1 + dice.below(2));
  const state = new Map<string, unknown[]>(keys.map((key) => [key, []]));
  const count = 3 + dice.below(4);
  let value = 0;
  const history = new Map<string, unknown[][]>(keys.map((key) => [key, [[]]]));
  const operations = Array.from({ length: count }, (_, index): Operation => {
    const steps: Step[] = [];
    const touched = new Set<string>();
    for (let step = 0; step < 1 + dice.below(3); step += 1) {
      const key = dice.pick(keys);
      const own = touched.has(key);
      if (dice.next() < 0.5) {
        value += 1;
        if (!own && !lists && dice.next() < 0.5) steps.push(["r", key, state.get(key)?.at(-1) ?? null]);
        steps.push([lists ? "append" : "w", key, value]);
        state.get(key)?.push(value);
        history.get(key)?.push([...(state.get(key) ?? [])]);
      } else {
        const stale = !own && dice.next() < 0.8;
        const seen = stale ? dice.pick(history.get(key) ?? []) : (state.get(key) ?? []);
        steps.push(["r", key, lists ? [...seen] : (seen.at(-1) ?? null)]);
      }
      touched.add(key);
    }
    const at = index * 10;
    return txn(index, at - dice.below(12), at + dice.below(12), ...steps);
  });
  // A last reader of everything: then every version is known.
  return [
    ...operations,
    txn(
      99,
      1_000,
      1_001,
      ...keys.map(
        (key): Step => ["r", key, lists ? [...(state.get(key) ?? [])] : (state.get(key)?.at(-1) ?? null)],
      ),
    ),
  ];
}

test("lists whose versions are all known: serializable and strict exactly as by brute force", () => {
  const seen = { true: 0, false: 0 };
  for (let seed = 0; seed < 6_000; seed += 1) {
    const operations = random(seed, true);
    const verdict = judgeTransactions(operations, "serializable");
    const out = ruledOut(verdict.reason);
    const shown = () => `${verdict.reason}\n${operations.map((each) => JSON.stringify(each)).join("\n")}`;
    const plain = brute(operations, false);
    assert.equal(!out.includes("serializable"), plain, shown());
    assert.equal(verdict.verdict, plain ? "valid" : "invalid");
    assert.equal(!out.includes("strict-serializable"), brute(operations, true), shown());
    seen[`${plain}`] += 1;
  }
  assert.ok(seen.true > 1_500 && seen.false > 1_500, JSON.stringify(seen));
});

test("registers: what is called an anomaly has no order by brute force", () => {
  let found = 0;
  for (let seed = 0; seed < 6_000; seed += 1) {
    const operations = random(seed, false);
    const out = ruledOut(judgeTransactions(operations, "serializable").reason);
    const shown = () => operations.map((each) => JSON.stringify(each)).join("\n");
    if (out.includes("serializable")) {
      found += 1;
      assert.equal(brute(operations, false), false, shown());
    }
    if (out.includes("strict-serializable")) assert.equal(brute(operations, true), false, shown());
  }
  assert.ok(found > 500, String(found));
});

test("each planted anomaly is found by its name, with the levels it rules out", () => {
  const failed: Operation = { ...txn(8, 0, 1, ["append", "x", 9]), outcome: "fail" };
  const cases: [string, Operation[]][] = [
    [
      "G0",
      [
        txn(0, 0, 9, ["append", "x", 1], ["append", "y", 1]),
        txn(1, 0, 9, ["append", "x", 2], ["append", "y", 2]),
        txn(2, 20, 21, ["r", "x", [1, 2]], ["r", "y", [2, 1]]),
      ],
    ],
    ["G1a", [failed, txn(1, 5, 6, ["r", "x", [9]])]],
    [
      "G1b",
      [
        txn(0, 0, 9, ["append", "x", 1], ["append", "x", 2]),
        txn(1, 0, 9, ["r", "x", [1]]),
        txn(2, 20, 21, ["r", "x", [1, 2]]),
      ],
    ],
    [
      "G1c",
      [txn(0, 0, 9, ["append", "x", 1], ["r", "y", [1]]), txn(1, 0, 9, ["append", "y", 1], ["r", "x", [1]])],
    ],
    [
      "lost-update",
      [
        txn(0, 0, 9, ["r", "x", []], ["append", "x", 1]),
        txn(1, 0, 9, ["r", "x", []], ["append", "x", 2]),
        txn(2, 20, 21, ["r", "x", [1, 2]]),
      ],
    ],
    [
      "G-single",
      [
        txn(0, 0, 9, ["append", "x", 1], ["append", "y", 1]),
        txn(1, 0, 9, ["r", "x", [1]], ["r", "y", []]),
        txn(2, 20, 21, ["r", "y", [1]]),
      ],
    ],
    [
      "G2-item",
      [
        txn(0, 0, 9, ["r", "x", []], ["append", "y", 1]),
        txn(1, 0, 9, ["r", "y", []], ["append", "x", 1]),
        txn(2, 20, 21, ["r", "x", [1]], ["r", "y", [1]]),
      ],
    ],
    [
      "G-single-realtime",
      [txn(0, 0, 1, ["append", "x", 1]), txn(1, 5, 6, ["r", "x", []]), txn(2, 20, 21, ["r", "x", [1]])],
    ],
    [
      "G-single-process",
      [
        { ...txn(0, 0, 1, ["append", "x", 1]), session: 7 },
        { ...txn(1, 5, 6, ["r", "x", []]), session: 7 },
        txn(2, 20, 21, ["r", "x", [1]]),
      ],
    ],
    ["internal", [txn(0, 0, 1, ["append", "x", 1], ["r", "x", []])]],
    ["garbage-read", [txn(0, 0, 1, ["r", "x", 5]), txn(1, 0, 1, ["w", "x", 6])]],
    [
      "incompatible-order",
      [
        txn(0, 0, 9, ["append", "x", 1]),
        txn(1, 0, 9, ["append", "x", 2]),
        txn(2, 20, 21, ["r", "x", [1, 2]]),
        txn(3, 20, 21, ["r", "x", [2, 1]]),
      ],
    ],
    ["duplicate-elements", [txn(0, 0, 9, ["append", "x", 1]), txn(2, 20, 21, ["r", "x", [1, 1]])]],
  ];
  for (const [name, operations] of cases) {
    const verdict = judgeTransactions(operations, "strict-serializable");
    assert.equal(verdict.verdict, "invalid", name);
    assert.ok((verdict.statistics[name] ?? 0) > 0, `${name}: ${verdict.reason}`);
    assert.ok(verdict.witness.length > 0);
  }
  const [, skew] = cases.find(([name]) => name === "G2-item") as [string, Operation[]];
  assert.equal(judgeTransactions(skew, "snapshot-isolation").verdict, "valid");
  assert.equal(judgeTransactions(skew, "serializable").verdict, "invalid");
});

test("what can't be read or inferred is unknown; uncertain clocks give no order", () => {
  assert.equal(judgeTransactions([], "serializable").verdict, "unknown");
  assert.equal(judgeTransactions([txn(0, 0, 1, ["append", "x", 1])], "serializable").verdict, "unknown");
  assert.equal(judgeTransactions([{ ...txn(0, 0, 1), output: [["z"]] }], "serializable").verdict, "unknown");
  const stale = [
    txn(0, 0, 1, ["append", "x", 1]),
    txn(1, 5, 6, ["r", "x", []]),
    txn(2, 20, 21, ["r", "x", [1]]),
  ];
  assert.equal(judgeTransactions(stale, "strict-serializable", 10).verdict, "valid");
  assert.equal(judgeTransactions(stale, "strict-serializable", 3).verdict, "invalid");
});
