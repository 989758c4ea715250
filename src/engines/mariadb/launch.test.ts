import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../../domain/plan.ts";
import { mariadbLaunch } from "./launch.ts";

const installed = {
  engine: "mariadb" as const,
  version: "10.11.19",
  programs: { mariadbd: "/m/mariadbd" },
  source: "test",
};
const member = {
  name: "paris",
  address: "10.77.1.1",
  dataFolder: "/data/member",
  members: [{ name: "paris", address: "10.77.1.1" }],
  cluster: "existing" as const,
};
const argv = (unsafeNoFsync: boolean) =>
  mariadbLaunch(installed, { ...member, unsafeNoFsync }, {} as Plan).argv;

test("every start is a standby's: read only, no thread of replication but by follow.sql", () => {
  const words = argv(false);
  for (const word of [
    "--read-only=ON",
    "--skip-slave-start=ON",
    "--init-file=/data/member/follow.sql",
    "--init-rpl-role=MASTER",
    "--bind-address=10.77.1.1",
    "--server-id=172818689",
  ])
    assert.ok(words.includes(word), word);
  assert.equal(words[words.indexOf("/m/mariadbd") + 1], "--no-defaults", "else another one's settings count");
});

test("an acknowledgement is waited for before others see the write, and never given up", () => {
  const words = argv(false);
  for (const word of [
    "--rpl-semi-sync-master-wait-point=AFTER_SYNC",
    "--rpl-semi-sync-master-wait-no-slave=ON",
    "--rpl-semi-sync-master-timeout=3153600000000",
    "--rpl-semi-sync-slave-enabled=ON",
    "--sync-relay-log=1",
    "--sync-binlog=1",
    "--innodb-flush-log-at-trx-commit=1",
  ])
    assert.ok(words.includes(word), word);
});

test("the positive control writes nothing out", () => {
  const words = argv(true);
  assert.ok(words.includes("--sync-binlog=0") && words.includes("--innodb-flush-method=nosync"));
  assert.ok(!words.some((word) => word.endsWith("=1") && word.startsWith("--sync")));
});
