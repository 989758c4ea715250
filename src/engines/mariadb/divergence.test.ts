import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoggedTransaction } from "./binary-log.ts";
import { complete, divergenceText, tellable } from "./divergence.ts";

const transaction = (sequence: number, rows: LoggedTransaction["rows"], statements: string[] = []) => ({
  gtid: { server: 7, sequence },
  time: "2026-11-22 16:15:47",
  rows,
  statements,
});
const ours = { kind: "UPDATE" as const, table: "outlast.confirm", before: ["1", "1"], after: ["1", "2"] };

test("rows are told with the names of their columns, and what Outlast writes is not told", () => {
  const transactions = [
    transaction(101, [ours]),
    transaction(102, [
      { kind: "UPDATE", table: "ledger.entries", before: ["'a'", "'1'"], after: ["'a'", "'2'"] },
      { kind: "INSERT", table: "ledger.other", before: [], after: ["7"] },
      ours,
    ]),
    transaction(103, [], ["CREATE TABLE x (y INT)"]),
  ];
  assert.equal(tellable(transactions).length, 2);
  const text = divergenceText({
    member: "paris",
    timeline: 2,
    fork: 100,
    primary: "london",
    divergence: { transactions, remark: null },
    columns: new Map([["ledger.entries", ["key", "value"]]]),
  });
  assert.deepEqual(text.split("\n").slice(2), [
    "",
    "2026-11-22 16:15:47+00  transaction 0-7-102",
    "  ledger.entries: UPDATE: old: key='a' value='1' new: key='a' value='2'",
    "  ledger.other: INSERT: @1=7",
    "",
    "2026-11-22 16:15:47+00  transaction 0-7-103",
    "  CREATE TABLE x (y INT)",
    "",
  ]);
  assert.match(
    text,
    /^# Writes of paris on timeline 2 after 100 that london does not have\.\n# 2 transactions/,
  );
});

test("what may be missing is said: a binary log that begins later", () => {
  assert.equal(complete([], { server: 7, sequence: 100 }, 100).remark, null);
  assert.equal(complete([], null, 100).remark, null);
  assert.match(complete([], { server: 7, sequence: 101 }, 100).remark ?? "", /between 100 and 101/);
});
