import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answered, observation } from "./member.ts";

const member = {
  name: "paris",
  members: [
    { name: "paris", address: "10.0.0.1" },
    { name: "london", address: "10.0.0.2" },
  ],
};
const standby = (name: string, change: object = {}) => ({
  name,
  state: "streaming" as const,
  synchronous: true,
  flushed: 90,
  replayed: 80,
  lagMs: null,
  ...change,
});
const primary: Answered = {
  system: "7",
  inRecovery: false,
  timeline: 4,
  epochs: [{ epoch: 7, timeline: 3, begins: 0x40, serves: 4 }],
  history: "3\t0/50\tno recovery target specified\n",
  replaying: false,
  flushed: 100,
  replayed: 100,
  source: null,
  names: 'ANY 1 ("london", "frankfurt")',
  standbys: [standby("london")],
  weakened: [],
  altered: [],
};
const seen = (change: Partial<Answered>) => observation({ ...primary, ...change }, member);

test("a primary can commit when as many named standbys stream as a commit waits for", () => {
  assert.deepEqual([seen({}).role, seen({}).leader, seen({}).quorum], ["leader", "paris", true]);
  assert.equal(seen({ standbys: [] }).quorum, false);
  assert.equal(seen({ standbys: [standby("london", { state: "catchup" })] }).quorum, false);
  assert.equal(seen({ standbys: [standby("other", { synchronous: false })] }).quorum, false);
  assert.equal(seen({ names: "", standbys: [] }).quorum, true);
});

test("a standby's leader is whom it streams from, and it has none when it streams from nobody", () => {
  const following = seen({ inRecovery: true, source: "10.0.0.2", names: "" });
  assert.deepEqual([following.role, following.leader, following.quorum], ["follower", "london", true]);
  const alone = seen({ inRecovery: true, source: null, names: "" });
  assert.deepEqual([alone.leader, alone.quorum], [null, false]);
  assert.equal(seen({ inRecovery: true, source: "10.9.9.9", names: "" }).leader, "10.9.9.9");
});

test("the term is the epoch, never the timeline: two promotions from one ancestor can choose the same one", () => {
  assert.equal(seen({}).term, 7);
  assert.equal(seen({ epochs: [] }).term, 0);
});

test("where its timeline comes from is told, so that positions of others can be judged", () => {
  assert.deepEqual(seen({}).replication?.ancestors, [{ timeline: 3, until: 0x50 }]);
  assert.deepEqual(seen({ history: null, timeline: 1 }).replication?.ancestors, []);
});

test("names in words that are not ours are an alarm, and nothing that can commit", () => {
  const foreign = seen({ names: "*" });
  assert.deepEqual([foreign.quorum, foreign.alarms], [false, ["SYNCHRONOUS_NAMES_FOREIGN *"]]);
});

test("whoever weakens commits, or overrides our settings, is named", () => {
  assert.deepEqual(seen({ weakened: ["ledger"], altered: ["primary_conninfo"] }).alarms, [
    "SYNCHRONOUS_COMMIT_WEAKENED ledger",
    "SETTING_OVERRIDDEN primary_conninfo",
  ]);
});
