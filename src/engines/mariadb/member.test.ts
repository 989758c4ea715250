import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answered, observation, type Progress } from "./member.ts";

const member = {
  name: "paris",
  members: [
    { name: "paris", address: "10.0.0.1" },
    { name: "london", address: "10.0.0.2" },
    { name: "rome", address: "10.0.0.3" },
  ],
};
const stream = (id: number, name: string) => ({
  id,
  account: `replica-${name}`,
  command: "Binlog Dump",
  state: null,
});
const primary: Answered = {
  system: "s",
  epoch: 4,
  timelines: [
    { timeline: 1, began: 1, server: 7 },
    { timeline: 2, began: 51, server: 8 },
  ],
  epochs: [{ epoch: 4, timeline: 2, begins: 50 }],
  readOnly: false,
  written: "0-8-100",
  applied: "0-7-50",
  semiSync: true,
  timeoutMs: 3_153_600_000_000,
  waitPoint: "AFTER_SYNC",
  waitNoSlave: true,
  durable: true,
  statementTimeS: 0,
  accounts: [
    { account: "replica-london", locked: false },
    { account: "replica-rome", locked: true },
  ],
  threads: [stream(5, "london")],
  status: {
    Rpl_semi_sync_master_status: "ON",
    Rpl_semi_sync_master_clients: 1,
    Rpl_semi_sync_master_no_tx: 0,
    Rpl_semi_sync_master_wait_sessions: 0,
  },
  slave: null,
};
const slave = {
  Master_Host: "10.0.0.2",
  Slave_IO_Running: "Yes",
  Slave_SQL_Running: "Yes",
  Slave_SQL_Running_State: null,
  Gtid_IO_Pos: "0-8-120",
  Last_IO_Errno: 0,
  Last_IO_Error: "",
  Last_SQL_Errno: 0,
  Last_SQL_Error: "",
};
const reached: Progress = { flushed: 90, replayed: 80, inContact: true };
const seen = (changed: Partial<Answered>, progress = new Map([["london", reached]])) =>
  observation({ ...primary, ...changed }, member, progress);

test("a primary waits for the standbys whose accounts are open, and counts those that stream", () => {
  const { replication, ...own } = seen({});
  assert.deepEqual([own.role, own.quorum, own.term, own.position, own.alarms], ["leader", true, 4, 100, []]);
  assert.deepEqual(replication?.acknowledgement, { count: 1, members: ["london"] });
  assert.deepEqual(replication?.standbys, [
    { name: "london", state: "streaming", synchronous: true, flushed: 90, replayed: 80 },
  ]);
  assert.deepEqual(replication?.ancestors, [{ timeline: 1, until: 50 }]);
  assert.equal(seen({ threads: [] }).quorum, false);
  const silent = new Map([["london", { ...reached, inContact: false }]]);
  assert.equal(seen({}, silent).quorum, false);
  const ordinary = { ...primary.status, Rpl_semi_sync_master_clients: 0 };
  assert.equal(seen({ status: ordinary }).quorum, false, "it streams and does not acknowledge");
});

test("a wait that can end by itself is no acknowledgement", () => {
  const off = { ...primary.status, Rpl_semi_sync_master_status: "OFF" };
  const changes: Partial<Answered>[] = [
    { timeoutMs: 10_000 },
    { waitPoint: "AFTER_COMMIT" },
    { waitNoSlave: false },
    { status: off },
  ];
  for (const changed of changes) {
    const { replication, quorum, alarms } = seen(changed);
    assert.equal(replication?.acknowledgement, null);
    assert.equal(quorum, false);
    assert.equal(alarms.length, 1);
  }
  assert.deepEqual(seen({ semiSync: false }).replication?.acknowledgement, { count: 0, members: [] });
});

test("what weakens an acknowledgement is named", () => {
  const ended = { ...primary.status, Rpl_semi_sync_master_no_tx: 2 };
  assert.deepEqual(seen({ status: ended }).alarms, ["COMMITTED_UNACKNOWLEDGED 2"]);
  assert.equal(seen({ durable: false }).alarms.length, 1);
  assert.deepEqual(seen({ statementTimeS: 3 }).alarms, ["SYNCHRONOUS_WAIT_BOUNDED max_statement_time"]);
});

test("a standby has what it received, and its leader is whom it streams from", () => {
  const standby = { readOnly: true, semiSync: false, threads: null };
  const streaming = seen({ ...standby, slave });
  assert.deepEqual([streaming.role, streaming.leader, streaming.quorum], ["follower", "london", true]);
  assert.deepEqual([streaming.replication?.flushed, streaming.replication?.replayed], [120, 100]);
  const sealed = seen({ ...standby, slave: { ...slave, Slave_IO_Running: "No" } });
  assert.deepEqual([sealed.leader, sealed.quorum, sealed.replication?.flushed], [null, false, 120]);
  assert.equal(
    seen({ ...standby, slave, readOnly: false }).alarms.length,
    1,
    "a standby that can be written to",
  );
  assert.equal(streaming.replication?.replaying, false);
  assert.equal(sealed.replication?.replaying, true, "what it received is not all applied");
  const applied = { Gtid_IO_Pos: "0-8-50", Slave_SQL_Running_State: "Slave has read all relay log; waiting" };
  const whole = seen({ ...standby, slave: { ...slave, ...applied, Slave_IO_Running: "No" } });
  assert.equal(whole.replication?.replaying, false);
  const broken = seen({ ...standby, slave: { ...slave, Last_SQL_Errno: 1950, Last_SQL_Error: "strict" } });
  assert.deepEqual(broken.alarms, ["REPLICATION_STOPPED 1950 strict"]);
});
