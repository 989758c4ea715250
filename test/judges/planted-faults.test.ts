// Every fault that has a name, planted in a small history: the judge that is asked for it finds it and calls it by its name.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mark, Operation } from "../../src/domain/history.ts";
import { judgeOf, LIMITS } from "../../src/judges/judge.ts";

type Part = Partial<Operation> & Pick<Operation, "op">;

/** One after the other, each by a process of its own, unless the part says otherwise. */
const history = (...parts: readonly Part[]): Operation[] =>
  parts.map((part, index) => {
    const { outcome = "ok" } = part;
    const times = { invoked: index * 100, ...(outcome === "unknown" ? {} : { completed: index * 100 + 50 }) };
    return { process: index, key: "k", outcome, ...times, ...part };
  });
const together = { invoked: 0, completed: 900 };
const txn = (...steps: readonly (readonly [string, string, unknown])[]): Part => ({
  op: "txn",
  input: steps.map(([kind, key, value]) => [kind, key, kind === "r" ? null : value]),
  output: steps,
});
const append = (input: string, more: Partial<Operation> = {}): Part => ({
  op: "append",
  key: "journal",
  input,
  ...more,
});
const readBack = (output: readonly string[], from?: string): Part => ({
  op: "read",
  key: "journal",
  output,
  ...(from === undefined ? {} : { from }),
});
const write = (input: unknown, more: Partial<Operation> = {}): Part => ({ op: "write", input, ...more });
const read = (output: unknown, more: Partial<Operation> = {}): Part => ({ op: "read", output, ...more });
const produce = (value: string, offset: number, more: Partial<Operation> = {}): Part => ({
  op: "produce",
  key: "topic",
  input: value,
  output: { partition: 0, offset },
  ...more,
});
const consume = (...entries: readonly [string, number][]): Part => ({
  op: "consume",
  key: "topic",
  output: entries.map(([value, offset]) => ({ partition: 0, offset, value })),
});
const balances = (output: Record<string, number>): Part => ({ op: "balances", output });
const transfer = (from: string, to: string, amount: number, more: Partial<Operation> = {}): Part => ({
  op: "transfer",
  input: { from, to, amount },
  ...more,
});
const session = (number: number, part: Part): Part => ({ ...part, session: number });

interface Planted {
  readonly fault: string;
  readonly model: string;
  readonly parts: readonly Part[];
  /** In the reason, or a figure over 0. */
  readonly says: RegExp | string;
  readonly marks?: readonly Mark[];
  readonly meta?: Record<string, unknown>;
}

const heal: Mark = { mark: "heal", at: 0, name: "heal" };

const PLANTED: readonly Planted[] = [
  // Acknowledged writes
  { fault: "lost", model: "journal", parts: [append("a"), append("b"), readBack(["b"])], says: "lost" },
  {
    fault: "lost on one replica",
    model: "journal",
    parts: [append("a"), readBack(["a"]), readBack([], "paris")],
    says: "lost",
  },
  { fault: "duplicated", model: "journal", parts: [append("a"), readBack(["a", "a"])], says: "duplicated" },
  {
    fault: "vanished",
    model: "journal",
    parts: [append("a", { outcome: "unknown" }), readBack(["a"]), readBack([])],
    says: "vanished",
  },
  {
    fault: "resurrected",
    model: "journal",
    parts: [append("a"), readBack(["a"]), readBack([]), readBack(["a"])],
    says: "resurrected",
  },
  {
    fault: "stale",
    model: "journal",
    parts: [append("a"), readBack([]), readBack(["a"])],
    says: "staleReads",
  },
  {
    fault: "failed but visible",
    model: "journal",
    parts: [append("a", { outcome: "fail" }), readBack(["a"])],
    says: "failedButVisible",
  },
  { fault: "foreign", model: "journal", parts: [append("a"), readBack(["a", "z"])], says: "foreign" },
  // One register
  {
    fault: "stale read",
    model: "linearizable-register",
    parts: [write(1), write(2), read(1)],
    says: /read of 1/,
  },
  {
    fault: "lost write",
    model: "linearizable-register",
    parts: [write(1), read(null)],
    says: /read of null/,
  },
  { fault: "a value of nobody", model: "linearizable-register", parts: [write(1), read(7)], says: /7/ },
  {
    fault: "read of a failed write",
    model: "linearizable-register",
    parts: [write(1, { outcome: "fail" }), read(1)],
    says: /failed/,
  },
  {
    fault: "two swaps from one value",
    model: "linearizable-register",
    parts: [write(1), { op: "cas", input: [1, 2], output: true }, { op: "cas", input: [1, 3], output: true }],
    says: /swapped/,
  },
  {
    fault: "a swap refused though the value was there",
    model: "linearizable-register",
    parts: [write(1), { op: "cas", input: [1, 2], output: false }, read(1)],
    says: /not swapped/,
  },
  {
    fault: "new, then old",
    model: "linearizable-register",
    parts: [write(1), write(2, { invoked: 100, completed: 900 }), read(2), read(1)],
    says: /1/,
  },
  // Lists and strings
  {
    fault: "an element vanished",
    model: "linearizable-list-append",
    parts: [{ op: "append", input: 1 }, { op: "append", input: 2 }, read([1])],
    says: /must come/,
  },
  {
    fault: "two orders",
    model: "linearizable-list-append",
    parts: [
      { op: "append", input: 1, ...together },
      { op: "append", input: 2, ...together },
      read([1, 2], { invoked: 950, completed: 960 }),
      read([2, 1], { invoked: 970, completed: 980 }),
    ],
    says: /disagree/,
  },
  {
    fault: "text that was overwritten",
    model: "linearizable-string-append",
    parts: [{ op: "append", input: "a;" }, { op: "append", input: "b;" }, read("b;")],
    says: /./,
  },
  // Other objects
  {
    fault: "a lost add",
    model: "linearizable-set",
    parts: [
      { op: "add", input: 1 },
      { op: "contains", input: 1, output: false },
    ],
    says: /contains/,
  },
  {
    fault: "an element of nobody",
    model: "linearizable-set",
    parts: [{ op: "add", input: 1 }, read([1, 2])],
    says: /read/,
  },
  {
    fault: "delivered twice",
    model: "linearizable-queue",
    parts: [
      { op: "enqueue", input: 1 },
      { op: "dequeue", output: 1 },
      { op: "dequeue", output: 1 },
    ],
    says: /dequeue/,
  },
  {
    fault: "out of turn",
    model: "linearizable-queue",
    parts: [
      { op: "enqueue", input: 1 },
      { op: "enqueue", input: 2 },
      { op: "dequeue", output: 2 },
    ],
    says: /dequeue/,
  },
  {
    fault: "lost",
    model: "total-queue",
    parts: [
      { op: "enqueue", input: 1 },
      { op: "enqueue", input: 2 },
      { op: "dequeue", output: 2 },
      { op: "dequeue", output: null },
    ],
    says: "lost",
  },
  {
    fault: "duplicated",
    model: "total-queue",
    parts: [
      { op: "enqueue", input: 1 },
      { op: "dequeue", output: 1 },
      { op: "dequeue", output: 1 },
    ],
    says: "duplicated",
  },
  {
    fault: "unexpected",
    model: "total-queue",
    parts: [
      { op: "enqueue", input: 1, outcome: "fail" },
      { op: "dequeue", output: 1 },
    ],
    says: "unexpected",
  },
  {
    fault: "lost from a queue",
    model: "linearizable-queue",
    parts: [
      { op: "enqueue", input: 1 },
      { op: "dequeue", output: null },
    ],
    says: /dequeue/,
  },
  {
    fault: "two holders",
    model: "linearizable-lock",
    parts: [{ op: "acquire" }, { op: "acquire" }],
    says: /acquire/,
  },
  {
    fault: "a lost increment",
    model: "linearizable-counter",
    parts: [{ op: "add", input: 1 }, { op: "add", input: 1 }, read(1)],
    says: /read/,
  },
  {
    fault: "half a transaction",
    model: "linearizable-multi-register",
    parts: [txn(["w", "x", 1], ["w", "y", 1]), txn(["r", "x", 1], ["r", "y", null])],
    says: /txn/,
  },
  // Sessions
  {
    fault: "own write not read",
    model: "read-your-writes",
    parts: [session(1, write(1)), session(1, read(null))],
    says: /read/,
  },
  {
    fault: "reads go back",
    model: "monotonic-reads",
    parts: [
      write(1),
      write(2),
      session(1, read(2)),
      session(1, read(1)),
      session(2, read(1)),
      session(2, read(2)),
    ],
    says: /read/,
  },
  {
    fault: "writes in another order",
    model: "monotonic-writes",
    parts: [session(1, write(1)), session(1, write(2)), session(2, read(2)), session(2, read(1))],
    says: /write/,
  },
  {
    fault: "a write before what its session had read",
    model: "writes-follow-reads",
    parts: [write(1), session(1, read(1)), session(1, write(2)), session(2, read(2)), session(2, read(1))],
    says: /read/,
  },
  {
    fault: "effect without its cause",
    model: "causal",
    parts: [
      session(1, write(1, { key: "x" })),
      session(2, read(1, { key: "x" })),
      session(2, write(2, { key: "y" })),
      session(3, read(2, { key: "y" })),
      session(3, read(null, { key: "x" })),
    ],
    says: /causal past/,
  },
  {
    fault: "two orders for two readers",
    model: "causal-convergence",
    parts: [
      session(1, write(1)),
      session(2, write(2)),
      session(3, read(1)),
      session(3, read(2)),
      session(4, read(2)),
      session(4, read(1)),
    ],
    says: /no one order/,
  },
  {
    fault: "each saw only its own",
    model: "sequential",
    parts: [
      session(1, write(1, { key: "x" })),
      session(1, read(null, { key: "y" })),
      session(2, write(1, { key: "y" })),
      session(2, read(null, { key: "x" })),
    ],
    says: /no order/,
  },
  // Transactions
  {
    fault: "G0",
    model: "transactions",
    parts: [
      { ...txn(["append", "x", 1], ["append", "y", 1]), ...together },
      { ...txn(["append", "x", 2], ["append", "y", 2]), ...together },
      { ...txn(["r", "x", [1, 2]], ["r", "y", [2, 1]]), invoked: 950, completed: 960 },
    ],
    says: "G0",
  },
  {
    fault: "G0-realtime",
    model: "transactions",
    parts: [txn(["append", "x", 1]), txn(["append", "x", 2]), txn(["r", "x", [2, 1]])],
    says: "G0-realtime",
  },
  {
    fault: "G0-process",
    model: "transactions",
    parts: [
      session(1, txn(["append", "x", 1])),
      session(1, txn(["append", "x", 2])),
      txn(["r", "x", [2, 1]]),
    ],
    says: "G0-process",
  },
  {
    fault: "G1a",
    model: "transactions",
    parts: [{ ...txn(["append", "x", 9]), outcome: "fail" }, txn(["r", "x", [9]])],
    says: "G1a",
  },
  {
    fault: "G1a of a register",
    model: "transactions",
    parts: [{ ...txn(["w", "x", 9]), outcome: "fail" }, txn(["r", "x", 9])],
    says: "G1a",
  },
  {
    fault: "G1b",
    model: "transactions",
    parts: [txn(["append", "x", 1], ["append", "x", 2]), txn(["r", "x", [1]]), txn(["r", "x", [1, 2]])],
    says: "G1b",
  },
  {
    fault: "G1c",
    model: "transactions",
    parts: [
      { ...txn(["append", "x", 1], ["r", "y", [1]]), ...together },
      { ...txn(["append", "y", 1], ["r", "x", [1]]), ...together },
    ],
    says: "G1c",
  },
  {
    fault: "G1c-realtime",
    model: "transactions",
    parts: [txn(["r", "x", [1]]), txn(["append", "x", 1])],
    says: "G1c-realtime",
  },
  {
    fault: "G1c-process",
    model: "transactions",
    parts: [session(1, txn(["r", "x", [1]])), session(1, txn(["append", "x", 1]))],
    says: "G1c-process",
  },
  {
    fault: "lost update",
    model: "transactions",
    parts: [
      { ...txn(["r", "x", []], ["append", "x", 1]), ...together },
      { ...txn(["r", "x", []], ["append", "x", 2]), ...together },
      { ...txn(["r", "x", [1, 2]]), invoked: 950, completed: 960 },
    ],
    says: "lost-update",
  },
  {
    fault: "lost update of a register",
    model: "transactions",
    parts: [
      txn(["w", "x", 0]),
      { ...txn(["r", "x", 0], ["w", "x", 1]), invoked: 100, completed: 900 },
      { ...txn(["r", "x", 0], ["w", "x", 2]), invoked: 100, completed: 900 },
    ],
    says: "lost-update",
  },
  {
    fault: "G-single",
    model: "transactions",
    parts: [
      { ...txn(["append", "x", 1], ["append", "y", 1]), ...together },
      { ...txn(["r", "x", [1]], ["r", "y", []]), ...together },
      { ...txn(["r", "y", [1]]), invoked: 950, completed: 960 },
    ],
    says: "G-single",
  },
  {
    fault: "G-single-realtime",
    model: "transactions",
    parts: [txn(["append", "x", 1]), txn(["r", "x", []]), txn(["r", "x", [1]])],
    says: "G-single-realtime",
  },
  {
    fault: "G-single-process",
    model: "transactions",
    parts: [session(1, txn(["append", "x", 1])), session(1, txn(["r", "x", []])), txn(["r", "x", [1]])],
    says: "G-single-process",
  },
  {
    fault: "G2-item",
    model: "transactions",
    parts: [
      { ...txn(["r", "x", []], ["append", "y", 1]), ...together },
      { ...txn(["r", "y", []], ["append", "x", 1]), ...together },
      { ...txn(["r", "x", [1]], ["r", "y", [1]]), invoked: 950, completed: 960 },
    ],
    says: "G2-item",
  },
  {
    fault: "G2, under its wider name",
    model: "transactions",
    parts: [
      { ...txn(["r", "x", []], ["append", "y", 1]), ...together },
      { ...txn(["r", "y", []], ["append", "x", 1]), ...together },
      { ...txn(["r", "x", [1]], ["r", "y", [1]]), invoked: 950, completed: 960 },
    ],
    says: "G2",
  },
  ...(["realtime", "process"] as const).map((kind): Planted => {
    const of = (part: Part) => (kind === "process" ? session(1, part) : part);
    return {
      fault: `G2-item-${kind}`,
      model: "transactions",
      parts: [
        { ...txn(["r", "x", []], ["append", "y", 1]), ...together },
        of({ ...txn(["append", "x", 1]), invoked: 10, completed: 20 }),
        of({ ...txn(["r", "y", []]), invoked: 30, completed: 40 }),
        { ...txn(["r", "x", [1]], ["r", "y", [1]]), invoked: 950, completed: 960 },
      ],
      says: `G2-item-${kind}`,
    };
  }),
  {
    fault: "internal",
    model: "transactions",
    parts: [txn(["append", "x", 1], ["r", "x", []])],
    says: "internal",
  },
  {
    fault: "garbage read",
    model: "transactions",
    parts: [txn(["r", "x", 5]), txn(["w", "x", 6])],
    says: "garbage-read",
  },
  {
    fault: "duplicate elements",
    model: "transactions",
    parts: [txn(["append", "x", 1]), txn(["r", "x", [1, 1]])],
    says: "duplicate-elements",
  },
  {
    fault: "incompatible order",
    model: "transactions",
    parts: [
      { ...txn(["append", "x", 1]), ...together },
      { ...txn(["append", "x", 2]), ...together },
      { ...txn(["r", "x", [1, 2]]), invoked: 950, completed: 960 },
      { ...txn(["r", "x", [2, 1]]), invoked: 950, completed: 960 },
    ],
    says: "incompatible-order",
  },
  // Bank
  {
    fault: "money made",
    model: "bank",
    parts: [balances({ a: 5, b: 5 }), balances({ a: 5, b: 6 })],
    says: /adds up to 11/,
  },
  {
    fault: "money made before the first read",
    model: "bank",
    parts: [balances({ a: 5, b: 6 })],
    says: /adds up to 11/,
    meta: { total: 10 },
  },
  {
    fault: "a debt",
    model: "bank",
    parts: [balances({ a: 5, b: 5 }), transfer("a", "b", 9), balances({ a: -4, b: 14 })],
    says: /-4 in account a/,
  },
  {
    fault: "an account gone",
    model: "bank",
    parts: [balances({ a: 5, b: 0 }), balances({ a: 5 })],
    says: /accounts/,
  },
  {
    fault: "moved by nobody",
    model: "bank",
    parts: [balances({ a: 5, b: 5 }), balances({ a: 4, b: 6 })],
    says: /changed by/,
  },
  {
    fault: "a lost transfer",
    model: "bank",
    parts: [balances({ a: 5, b: 5 }), transfer("a", "b", 1), balances({ a: 5, b: 5 })],
    says: /changed by 0/,
  },
  // Log
  {
    fault: "lost from a log",
    model: "log",
    parts: [produce("a", 0), produce("b", 1), consume(["b", 1])],
    says: "lost",
  },
  {
    fault: "duplicated in a log",
    model: "log",
    parts: [produce("a", 0), consume(["a", 0], ["a", 1])],
    says: "duplicated",
  },
  {
    fault: "reordered",
    model: "log",
    parts: [produce("a", 1), produce("b", 0), consume(["b", 0], ["a", 1])],
    says: "reordered",
  },
  {
    fault: "changed",
    model: "log",
    parts: [produce("a", 0), produce("b", 1), consume(["b", 0])],
    says: "changed",
  },
  {
    fault: "foreign in a log",
    model: "log",
    parts: [produce("a", 0), consume(["a", 0], ["z", 1])],
    says: "foreign",
  },
  {
    fault: "a consumer went back",
    model: "log",
    parts: [
      produce("a", 0),
      produce("b", 1),
      session(1, consume(["a", 0], ["b", 1])),
      session(1, consume(["a", 0])),
    ],
    says: "wentBack",
  },
  // Epochs, convergence
  {
    fault: "two primaries",
    model: "epochs",
    parts: [write(1, { epoch: 1 }), write(2, { epoch: 2 }), read(1, { epoch: 1 })],
    says: "violations",
  },
  {
    fault: "two primaries under terms of members",
    model: "epochs",
    meta: { members: 3 },
    parts: [
      write(1, { epoch: 2, site: "a" }),
      write(2, { epoch: 2, site: "b" }),
      read(1, { epoch: 1, site: "c" }),
    ],
    says: "violations",
  },
  {
    fault: "replicas apart",
    model: "convergence",
    parts: [write(1), read(1, { from: "a" }), read(null, { from: "b" })],
    says: "conflicts",
    marks: [heal],
  },
  {
    fault: "an acknowledged write overwritten by an older one",
    model: "convergence",
    parts: [write(1), write(2), read(1, { from: "a" }), read(1, { from: "b" })],
    says: "vanished",
    marks: [heal],
  },
];

for (const { fault, model, parts, says, marks = [], meta } of PLANTED)
  test(`${model}: ${fault}`, () => {
    const operations = history(...parts);
    const header = {
      history: "outlast/v1" as const,
      origin: "",
      uncertaintyNs: 0,
      ...(meta === undefined ? {} : { meta }),
    };
    const verdict = judgeOf(model)?.judge({ header, operations, marks }, LIMITS);
    assert.equal(verdict?.verdict, "invalid", verdict?.reason);
    if (typeof says === "string") assert.ok((verdict?.statistics[says] ?? 0) > 0, JSON.stringify(verdict));
    else assert.match(verdict?.reason ?? "", says);
    assert.ok((verdict?.witness.length ?? 0) > 0, "no witness");
  });
