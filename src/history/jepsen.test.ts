import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { History } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import { readEdn, writeEdn } from "./edn.ts";
import { exportJepsen, importJepsen } from "./jepsen.ts";

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
  assert.deepEqual(importJepsen(exportJepsen(history), "h.edn"), history);
});
