import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicationView } from "../../engines/contract.ts";
import { keepQuorum, type KeeperState, namesAreSeen, progressOf, STALLED_MS } from "./quorum-keeper.ts";

const standby = (name: string, flushed: number, synchronous = true) => ({
  name,
  state: "streaming" as const,
  synchronous,
  flushed,
  replayed: flushed,
});
const view = (standbys: ReplicationView["standbys"], names: readonly string[]): ReplicationView => ({
  system: "7",
  timeline: 2,
  ancestors: [],
  epochs: [],
  inRecovery: false,
  replaying: false,
  flushed: 1_000,
  replayed: 1_000,
  source: null,
  acknowledgement: { count: 1, members: names },
  standbys,
});
const sites = ["a", "b", "c"];
const state = (change: Partial<KeeperState>): KeeperState => ({
  opened: { epoch: 2, primary: "a", standbys: ["b"], acknowledgements: 1 },
  view: view([standby("b", 1_000)], ["b"]),
  progress: { b: { flushed: 1_000, sinceMs: 0 } },
  acknowledgements: 1,
  sites,
  namesSeenAt: 900,
  unsettled: false,
  nowMs: 100,
  ...change,
});

test("a standby that is back and keeps up is counted by the store first, and named then", () => {
  const back = view([standby("b", 1_000), standby("c", 990, false)], ["b"]);
  assert.deepEqual(keepQuorum(state({ view: back })), {
    do: "store",
    store: { voters: ["b", "c"], acknowledgements: 1 },
  });
  const opened = { epoch: 2, primary: "a", standbys: ["b", "c"], acknowledgements: 1 };
  const progress = { b: { flushed: 1_000, sinceMs: 0 }, c: { flushed: 990, sinceMs: 0 } };
  assert.deepEqual(keepQuorum(state({ view: back, opened, progress })), {
    do: "names",
    engine: { names: ["b", "c"], acknowledgements: 1 },
  });
});

test("one that is far behind is not waited for", () => {
  const far = { ...view([standby("b", 9e9), standby("c", 1, false)], ["b"]), flushed: 9e9 };
  assert.equal(keepQuorum(state({ view: far })).do, "nothing");
});

const both = {
  opened: { epoch: 2, primary: "a", standbys: ["b", "c"], acknowledgements: 1 },
  progress: { b: { flushed: 1_000, sinceMs: 0 }, c: { flushed: 500, sinceMs: 0 } },
  nowMs: STALLED_MS,
};
const moving = { ...both.progress, b: { flushed: 1_000, sinceMs: STALLED_MS } };

test("one without progress is taken out: names first, then a write that only it had is elsewhere, then the store", () => {
  const named = view([standby("b", 1_000)], ["b", "c"]);
  assert.deepEqual(keepQuorum(state({ ...both, progress: moving, view: named })), {
    do: "names",
    engine: { names: ["b"], acknowledgements: 1 },
  });
  const without = { ...both, progress: moving, view: view([standby("b", 1_000)], ["b"]) };
  assert.deepEqual(keepQuorum(state({ ...without, namesSeenAt: null })), { do: "wait", for: "seen" });
  assert.deepEqual(keepQuorum(state({ ...without, namesSeenAt: 1_001 })), { do: "wait", for: "flushed" });
  assert.deepEqual(keepQuorum(state({ ...without, namesSeenAt: 1_000 })), {
    do: "store",
    store: { voters: ["b"], acknowledgements: 1 },
  });
});

test("while nobody knows what became of a change of the store no other is planned", () => {
  assert.deepEqual(keepQuorum(state({ ...both, progress: moving, unsettled: true })), {
    do: "wait",
    for: "settled",
  });
});

test("the last ones that a commit may wait for are never taken out: it is waited", () => {
  const alone = state({ nowMs: 9e9, view: view([], ["b"]) });
  assert.equal(keepQuorum(alone).do, "nothing");
});

test("names by somebody else, or asynchronous commits, are left alone", () => {
  assert.equal(keepQuorum(state({ view: { ...view([], []), acknowledgement: null } })).do, "nothing");
  assert.equal(keepQuorum(state({ acknowledgements: 0 })).do, "nothing");
});

test("progress is a position that moved, or one that has nothing to catch up with", () => {
  const at = (flushed: number, nowMs: number, before = {}) =>
    progressOf(before, view([standby("b", flushed)], ["b"]), ["b"], nowMs);
  const first = at(500, 10);
  assert.deepEqual(first, { b: { flushed: 500, sinceMs: 10 } });
  assert.deepEqual(at(500, 20, first), first);
  assert.deepEqual(at(501, 20, first), { b: { flushed: 501, sinceMs: 20 } });
  assert.deepEqual(at(1_000, 30, { b: { flushed: 1_000, sinceMs: 10 } }), {
    b: { flushed: 1_000, sinceMs: 30 },
  });
});

test("names are in force when every sender goes by them", () => {
  assert.equal(namesAreSeen(view([standby("b", 1), standby("c", 1, false)], ["b"])), true);
  assert.equal(namesAreSeen(view([standby("b", 1), standby("c", 1, true)], ["b"])), false);
  assert.equal(namesAreSeen(view([standby("b", 1, false)], ["b"])), false);
});
