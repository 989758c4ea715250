import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { History, Operation } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import { readEdn, writeEdn } from "./edn.ts";
import { exportJepsen } from "./jepsen-export.ts";
import { importJepsen } from "./jepsen.ts";

test("a cas-register history is imported, one map a line or one vector", () => {
  const lines = [
    "{:type :invoke, :f :write, :value 3, :process 0, :time 10, :index 0}",
    "#jepsen.history.Op{:type :invoke, :f :read, :value nil, :process 1, :time 12, :index 1}",
    "{:process :nemesis, :type :info, :f :start, :value [:isolated {:n1 #{:n2 :n3}}], :time 13}",
    "{:type :ok, :f :write, :value 3, :process 0, :time 20, :index 2} ; a remark",
    "{:type :ok, :f :read, :value 3, :process 1, :time 25}",
    "{:type :invoke, :f :cas, :value [3 4], :process 0, :time 30} #_ignored",
    "{:type :fail, :f :cas, :value [3 4], :process 0, :time 40}",
    "{:type :invoke, :f :cas, :value [3 5], :process 1, :time 41}",
    '{:type :info, :f :cas, :value [3 5], :process 1, :time 90, :error [:timeout "a \\"b\\""]}',
    "{:type :invoke, :f :read, :value nil, :process 2, :time 95}",
  ];
  for (const text of [lines.join("\n"), `[${lines.slice(0, 5).join("\n")}\n${lines.slice(5).join("\n")}]`]) {
    const { operations, marks } = importJepsen(text, "h.edn");
    assert.deepEqual(operations, [
      { process: 0, op: "write", input: 3, invoked: 10, outcome: "ok", completed: 20 },
      { process: 1, op: "read", invoked: 12, outcome: "ok", output: 3, completed: 25 },
      { process: 0, op: "cas", input: [3, 4], invoked: 30, outcome: "fail", completed: 40 },
      { process: 1, op: "cas", input: [3, 5], invoked: 41, outcome: "unknown" },
      { process: 2, op: "read", invoked: 95, outcome: "unknown" },
    ]);
    assert.equal(marks[0]?.name, "start");
  }
});

test("independent keys, banks, sets and transactions", () => {
  const pair = (f: string, asked: string, answered: string) =>
    `{:type :invoke :f ${f} :value ${asked} :process 0 :time 1}{:type :ok :f ${f} :value ${answered} :process 0 :time 2}`;
  const first = (text: string) => importJepsen(text, "h.edn").operations[0];
  assert.equal(first(pair(":write", "[7 1]", "[7 1]"))?.key, "7");
  assert.deepEqual(first(pair(":add", "5", "5"))?.input, 5);
  assert.deepEqual(first(pair(":read", "nil", "#{1 2}"))?.output, [1, 2]);
  const bank = importJepsen(
    `${pair(":transfer", "{:from 0, :to 1, :amount 5}", "nil")}${pair(":read", "nil", "{0 5, 1 15}")}`,
    "h.edn",
  ).operations;
  assert.deepEqual(bank[0]?.input, { from: "0", to: "1", amount: 5 });
  assert.equal(bank[1]?.op, "balances");
  assert.deepEqual(bank[1]?.output, { 0: 5, 1: 15 });
  const txn = first(pair(":txn", "[[:append 5 1] [:r 5 nil]]", "[[:append 5 1] [:r 5 [1]]]"));
  assert.deepEqual(txn?.output, [
    ["append", 5, 1],
    ["r", 5, [1]],
  ]);
});

test("wrong files are refused with file and line, never a crash", () => {
  const cases: [string, RegExp, number][] = [
    ["", /no operation/, 1],
    ["\n\n{:type :ok", /"}" is missing/, 3],
    ["{:type}", /a key and no value/, 1],
    ["3", /expected an operation/, 1],
    ["{:type :ok, :f :read, :process 0}", /ends what it did not begin/, 1],
    ["{:type :invoke, :f :drop, :process 0}", /unknown operation :drop/, 1],
    ["{:type :invoke, :f :toString, :process 0}", /unknown operation/, 1],
    [
      "{:type :invoke, :f :add, :process 0}\n{:type :ok, :f :read, :process 0}",
      /ends :read, but began :add/,
      2,
    ],
    [
      "{:type :invoke, :f :add, :process 0, :time 9}\n{:type :ok, :f :add, :process 0, :time 8}",
      /completed \(8\) before invoked \(9/,
      2,
    ],
    ["{:type :invoke, :f :add, :process 1.5}", /no whole number/, 1],
    ["{:type :invoke, :f :read, :process 0}\n{:type :invoke, :f :read, :process 0}", /line 1 open/, 2],
    ["[".repeat(10_000), /nested deeper/, 1],
  ];
  for (const [text, pattern, line] of cases)
    assert.throws(
      () => importJepsen(text, "h.edn"),
      (error: unknown) => {
        assert.ok(error instanceof OutlastError);
        assert.match(error.failure.what, pattern);
        assert.equal(error.failure.where, `h.edn:${line}`);
        return true;
      },
    );
});

test("values written as EDN are read back", () => {
  fc.assert(
    fc.property(
      fc.letrec((tie) => ({
        value: fc.oneof(
          { maxDepth: 3 },
          fc.constant(null),
          fc.boolean(),
          fc.integer(),
          fc.string(),
          fc.array(tie("value"), { maxLength: 4 }),
        ),
      })).value,
      (value) => {
        assert.deepEqual(readEdn(writeEdn(value)).next()?.value, value);
      },
    ),
  );
});

const json = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constant(":keyword"),
  fc.boolean(),
  fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 3 }),
);
const key = fc.constantFrom("7", "007", "k", "a b");
const account = fc.constantFrom("0", "1", "saving");
const step = fc.tuple(
  fc.constantFrom("append", "r", "w"),
  fc.constantFrom("x", "5", 5),
  fc.oneof(fc.nat(), fc.constant(null)),
);
/** Input and output as each kind of operation has them. */
const asked = {
  read: fc.record({ output: fc.option(json) }),
  write: fc.record({ input: json }),
  cas: fc.record({ input: fc.tuple(json, json), output: fc.boolean() }),
  append: fc.record({ input: json }),
  add: fc.record({ input: json }),
  contains: fc.record({ input: json, output: fc.boolean() }),
  transfer: fc.record({ input: fc.record({ from: account, to: account, amount: fc.nat() }) }),
  balances: fc.record({ output: fc.dictionary(account, fc.nat()) }),
  txn: fc.record({ input: fc.array(step, { maxLength: 3 }), output: fc.array(step, { maxLength: 3 }) }),
  produce: fc.record({ input: json, output: fc.record({ partition: fc.nat(3), offset: fc.nat() }) }),
  consume: fc.record({ output: fc.record({ partition: fc.nat(3), offset: fc.nat(), value: json }) }),
  enqueue: fc.record({ input: json }),
  dequeue: fc.record({ output: fc.option(json) }),
  acquire: fc.record({}),
  release: fc.record({}),
} as const satisfies Record<Operation["op"], fc.Arbitrary<unknown>>;

const some = fc.constantFrom(...(Object.keys(asked) as Operation["op"][])).chain((op) =>
  fc.record({
    op: fc.constant(op),
    fields: asked[op] as fc.Arbitrary<Record<string, unknown>>,
    outcome: fc.constantFrom("ok" as const, "fail" as const, "unknown" as const),
    key: fc.option(key, { freq: 6 }),
    process: fc.nat(3),
    pause: fc.nat(2),
    length: fc.nat(3),
    site: fc.constantFrom(undefined, "paris"),
    epoch: fc.constantFrom(undefined, 4),
  }),
);

test("an export of any kind of operation is imported as the same history", () => {
  fc.assert(
    fc.property(fc.array(some, { maxLength: 12 }), fc.boolean(), (list, keyed) => {
      const free = [0, 0, 0, 0];
      const operations = list.map(
        ({ op, fields, outcome, process, pause, length, ...each }, index): Operation => {
          const { output, ...asking } = fields;
          const invoked = (free[process] as number) + pause;
          free[process] = invoked + length;
          return {
            process: outcome === "unknown" ? 100 + index : process,
            op,
            ...asking,
            ...(keyed || each.key !== null ? { key: each.key ?? "k" } : {}),
            ...(each.site === undefined ? {} : { site: each.site, epoch: 3 }),
            invoked,
            outcome,
            ...(outcome === "ok" && "output" in fields ? { output } : {}),
            ...(outcome === "unknown" ? {} : { completed: invoked + length }),
          };
        },
      );
      fc.pre(operations.length > 0);
      const history: History = {
        header: {
          history: "outlast/v1",
          origin: "2026-11-22T10:00:00Z",
          uncertaintyNs: 5,
          meta: { total: 3 },
        },
        operations,
        marks: [
          { mark: "fault", at: 1, name: "lose-site", site: "paris", detail: { n: [1] } },
          { mark: "heal", at: 4, name: "a strange name" },
        ],
      };
      const { text, leftOut } = exportJepsen(history);
      const imported = importJepsen(text, "h.edn");
      assert.equal(leftOut, 0);
      const inOrder = (all: readonly Operation[]) =>
        all.map((each) => JSON.stringify(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
      assert.deepEqual(inOrder(imported.operations), inOrder(operations), text);
      assert.deepEqual(imported.header, history.header);
      assert.deepEqual(imported.marks, history.marks);
    }),
    { numRuns: 400 },
  );
});

test("an export is as Jepsen writes it: keywords, nil, independent keys", () => {
  const base = { process: 0, invoked: 1, completed: 2, outcome: "ok" as const };
  const textOf = (...operations: Operation[]) =>
    exportJepsen({ header: { history: "outlast/v1", origin: "", uncertaintyNs: 0 }, operations, marks: [] })
      .text;
  assert.match(
    textOf({
      ...base,
      op: "txn",
      input: [
        ["append", 5, 1],
        ["r", 5, null],
      ],
      output: [
        ["append", 5, 1],
        ["r", 5, [1]],
      ],
    }),
    /^\{:type :invoke, :process 0, :f :txn, :value \[\[:append 5 1\] \[:r 5 nil\]\], :time 1\}\n\{:type :ok, .*\[:r 5 \[1\]\]\], :time 2\}\n$/m,
  );
  assert.match(
    textOf({ ...base, op: "cas", key: "7", input: [1, 2], output: false }),
    /:type :fail, :process 0, :f :cas, :value \[7 \[1 2\]\], :time 2, :outlast \{:outcome "ok", :output false\}/,
  );
  assert.match(
    textOf({ ...base, op: "read", output: 3 }),
    /:invoke, :process 0, :f :read, :value nil, :time 1/,
  );
});

test("sets, queues and locks with independent keys, a drain, and a process that goes on after :info", () => {
  const { operations } = importJepsen(
    [
      "{:type :invoke, :f :add, :value [3 5], :process 0, :time 1}",
      "{:type :info, :f :add, :value [3 5], :process 0, :time 2}",
      "{:type :invoke, :f :read, :value [3 nil], :process 0, :time 3}",
      "{:type :ok, :f :read, :value [3 #{5}], :process 0, :time 4}",
    ].join("\n"),
    "h.edn",
  );
  assert.deepEqual(operations, [
    { session: 0, process: 0, key: "3", op: "add", input: 5, invoked: 1, outcome: "unknown" },
    { session: 0, process: 1, key: "3", op: "read", invoked: 3, outcome: "ok", output: [5], completed: 4 },
  ]);
  const queue = importJepsen(
    "{:type :invoke, :f :drain, :process 1, :time 1}{:type :ok, :f :drain, :value [7 8], :process 1, :time 9}",
    "h.edn",
  ).operations;
  assert.deepEqual(
    queue.map(({ process, output }) => [process, output]),
    [
      [2, 7],
      [3, 8],
      [4, null],
    ],
  );
});

test("whole numbers beyond 2^53 stay apart", () => {
  const text = "{:type :invoke, :f :write, :value 9007199254740993, :process 0, :time 1}";
  assert.equal(importJepsen(text, "h.edn").operations[0]?.input, "9007199254740993");
});

test("an export is imported as the same history", () => {
  const history: History = {
    header: { history: "outlast/v1", origin: "", uncertaintyNs: 0, meta: { importedFrom: "jepsen" } },
    operations: [
      { process: 0, key: "k", op: "write", input: 1, invoked: 1, outcome: "ok", completed: 5 },
      { process: 1, key: "k", op: "read", invoked: 2, outcome: "ok", output: 1, completed: 5 },
      { process: 2, key: "j", op: "cas", input: [1, 2], invoked: 3, outcome: "unknown" },
      { process: 3, key: "j", op: "read", invoked: 6, outcome: "fail", completed: 8 },
    ],
    marks: [],
  };
  assert.deepEqual(importJepsen(exportJepsen(history).text, "h.edn"), history);
});
