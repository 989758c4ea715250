import assert from "node:assert/strict";
import { test } from "node:test";
import { type Change, divergenceText, divergentTransactions, incomplete } from "./divergence.ts";

const transaction = (xid: string, commit: string, ...rows: string[]): Change[] => [
  { lsn: "0/0", xid, data: `BEGIN ${xid}` },
  ...rows.map((data) => ({ lsn: "0/0", xid, data })),
  { lsn: commit, xid, data: `COMMIT ${xid} (at 2026-11-22 16:15:47+00)` },
];

test("only whole transactions that end after the fork are told, with time, table and rows", () => {
  const changes = [
    ...transaction("7", "0/100", "table ledger.entries: INSERT: key[text]:'kept'"),
    ...transaction("8", "0/200", "table ledger.entries: INSERT: key[text]:'lost'"),
    { lsn: "0/0", xid: "9", data: "BEGIN 9" },
    { lsn: "0/0", xid: "9", data: "table ledger.entries: INSERT: key[text]:'never committed'" },
  ];
  const told = divergentTransactions(changes, 0x100);
  assert.deepEqual(told, [
    [
      "2026-11-22 16:15:47+00  transaction 8, committed up to 0/200",
      "  ledger.entries: INSERT: key[text]:'lost'",
    ],
  ]);
  const text = divergenceText({
    member: "paris",
    timeline: 2,
    fork: 0x100,
    primary: "london",
    told,
    remark: null,
  });
  assert.match(
    text,
    /^# Writes of paris on timeline 2 after 0\/100 that london does not have\.\n# 1 transactions/,
  );
});

test("what may be missing is said: no slot, a mark beyond the fork", () => {
  assert.equal(incomplete({ slot: "0/100", changes: [] }, 0x100), null);
  assert.match(incomplete({ slot: "0/101", changes: [] }, 0x100) ?? "", /between 0\/100 and 0\/101/);
  assert.match(incomplete({ slot: null, changes: [] }, 0x100) ?? "", /there is no slot/);
});
