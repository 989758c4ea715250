import assert from "node:assert/strict";
import { test } from "node:test";
import { readBinaryLog } from "./binary-log.ts";

const at = (what: string) => `#261122 16:15:47 server id 7  end_log_pos 1276 CRC32 0x0a1b2c3d \t${what}`;
const begin = (gtid: string) => [
  "# at 370",
  at(`GTID ${gtid} trans`),
  "/*M!100001 SET @@session.gtid_domain_id=0*//*!*/;",
  "START TRANSACTION",
  "/*!*/;",
];
const LOG = [
  at("Start: binlog v 4, server v 10.11.19-MariaDB-log created 261122 16:00:00 at startup"),
  "ROLLBACK/*!*/;",
  at("Gtid list [0-7-90,"),
  "# 0-8-100]",
  ...begin("0-7-101"),
  at("Table_map: `ledger`.`entries` mapped to number 20"),
  at("Update_rows: table id 20 flags: STMT_END_F"),
  "### UPDATE `ledger`.`entries`",
  "### WHERE",
  "###   @1='a'",
  "###   @2='it''s'",
  "### SET",
  "###   @1='a'",
  "###   @2='2'",
  "# Number of rows: 1",
  at("Write_rows: table id 20 flags: STMT_END_F"),
  "### INSERT INTO `ledger`.`other`",
  "### SET",
  "###   @1=NULL",
  at("Delete_rows: table id 20 flags: STMT_END_F"),
  "### DELETE FROM `ledger`.`entries`",
  "### WHERE",
  "###   @1='b'",
  at("Xid = 12"),
  "COMMIT/*!*/;",
  "# at 700",
  at("GTID 0-7-102 ddl"),
  "/*M!100001 SET @@session.gtid_seq_no=102*//*!*/;",
  at("Query\tthread_id=4\texec_time=0\terror_code=0\txid=13"),
  "use `ledger`/*!*/;",
  "SET TIMESTAMP=1700000000/*!*/;",
  "/*!\\C utf8mb4 *//*!*/;",
  "CREATE TABLE x (",
  "  y INT)",
  "/*!*/;",
  "# at 900",
  ...begin("0-7-103"),
  at("Query\tthread_id=4\texec_time=0\terror_code=0"),
  "SET TIMESTAMP=1700000000/*!*/;",
  "COMMIT",
  "/*!*/;",
  ...begin("0-7-104"),
  "### INSERT INTO `ledger`.`entries`",
  "### SET",
  "###   @1='cut off'",
];

test("transactions are read with their rows and statements; what was cut off is not one", () => {
  const reader = readBinaryLog(() => true, 10);
  for (const line of LOG) reader.line(line);
  reader.end();
  assert.deepEqual(reader.startsAfter, { server: 8, sequence: 100 });
  assert.deepEqual(
    reader.transactions.map(({ gtid, rows, statements }) => [gtid.sequence, rows.length, statements]),
    [
      [101, 3, []],
      [102, 0, ["CREATE TABLE x (\n  y INT)"]],
      [103, 0, []],
    ],
  );
  assert.equal(reader.transactions[0]?.time, "2026-11-22 16:15:47");
  assert.deepEqual(reader.transactions[0]?.rows, [
    { kind: "UPDATE", table: "ledger.entries", before: ["'a'", "'it''s'"], after: ["'a'", "'2'"] },
    { kind: "INSERT", table: "ledger.other", before: [], after: ["NULL"] },
    { kind: "DELETE", table: "ledger.entries", before: ["'b'"], after: [] },
  ]);
});

test("only what is wanted is kept, and no more than the most", () => {
  const reader = readBinaryLog(({ sequence }) => sequence !== 101, 1);
  for (const line of LOG) reader.line(line);
  reader.end();
  assert.deepEqual(
    reader.transactions.map(({ gtid }) => gtid.sequence),
    [102],
  );
});
