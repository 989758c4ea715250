import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation, ReplicationView } from "../../engines/contract.ts";
import { attachmentOf, historyOf, memberReport } from "./member-report.ts";
import type { Memory } from "./memory.ts";

const view = (change: Partial<ReplicationView>): ReplicationView => ({
  system: "7",
  timeline: 2,
  ancestors: [{ timeline: 1, until: 100 }],
  epochs: [{ epoch: 1, timeline: 2, begins: 100, serves: 0 }],
  inRecovery: true,
  replaying: false,
  flushed: 500,
  replayed: 500,
  source: null,
  acknowledgement: { count: 0, members: [] },
  standbys: [],
  ...change,
});
const memory: Memory = {
  sealedEpoch: 1,
  following: null,
  promoted: null,
  store: null,
  fencedBecause: null,
  noncesUpTo: 0,
};
const seen = (replication: ReplicationView) => {
  const value: Observation = {
    role: replication.inRecovery ? "follower" : "leader",
    term: 1,
    position: replication.replayed,
    leader: null,
    quorum: true,
    alarms: [],
    replication,
  };
  return { kind: "known" as const, value, atMs: 0 };
};

test("a log's branches are named by the epochs that are written in it, each up to where the next began", () => {
  const epochs = [
    { epoch: 1, timeline: 2, begins: 100, serves: 0 },
    { epoch: 4, timeline: 3, begins: 300, serves: 0 },
  ];
  assert.deepEqual(historyOf(view({ epochs, flushed: 450 })), [
    { branch: 0, upTo: 100 },
    { branch: 1, upTo: 300 },
    { branch: 4, upTo: 450 },
  ]);
  assert.deepEqual(historyOf(view({ epochs: [], flushed: 90 })), [{ branch: 0, upTo: 90 }]);
});

test("a member that still replays its log is as good as down: it does not know all of it", () => {
  assert.equal(memberReport(seen(view({ replaying: true })), memory, "p").role, "down");
  assert.equal(memberReport({ kind: "unknown", reason: "", sinceMs: 0 }, memory, null).role, "down");
});

test("a primary that does not answer is still the one that was promoted, until its process is gone", () => {
  const promoted = { ...memory, promoted: { epoch: 2, process: "p", flushed: 600 } };
  const silent = { kind: "unknown" as const, reason: "", sinceMs: 0 };
  assert.equal(memberReport(silent, promoted, "p").promotedEpoch, 2);
  assert.equal(memberReport(silent, promoted, null).promotedEpoch, null);
});

test("a promotion counts for the life of the engine that was promoted, and for no later one", () => {
  const standbys = [
    { name: "b", state: "streaming" as const, synchronous: true, flushed: 600, replayed: 600 },
    { name: "c", state: "streaming" as const, synchronous: true, flushed: 599, replayed: 599 },
    { name: "d", state: "catchup" as const, synchronous: true, flushed: 900, replayed: 900 },
  ];
  const primary = seen(view({ inRecovery: false, standbys }));
  const promoted = { ...memory, promoted: { epoch: 2, process: "p", flushed: 600 } };
  const own = memberReport(primary, promoted, "p");
  assert.deepEqual([own.role, own.promotedEpoch, own.flushedBy], ["primary", 2, ["b"]]);
  const later = memberReport(primary, promoted, "q");
  assert.deepEqual([later.promotedEpoch, later.flushedBy], [null, []]);
});

test("who does not stream follows nobody, whatever it was told", () => {
  const following = { ...memory, following: { epoch: 3, source: "a" } };
  assert.equal(memberReport(seen(view({})), following, "p").following, null);
  assert.equal(memberReport(seen(view({ source: "10.0.0.1" })), following, "p").following, 3);
});

const primary = view({
  inRecovery: false,
  timeline: 3,
  ancestors: [
    { timeline: 1, until: 100 },
    { timeline: 2, until: 500 },
  ],
  epochs: [
    { epoch: 1, timeline: 2, begins: 100, serves: 0 },
    { epoch: 2, timeline: 3, begins: 500, serves: 0 },
  ],
  flushed: 700,
});

test("a log that is a beginning of the primary's goes on from it", () => {
  assert.equal(attachmentOf(view({ flushed: 500 }), primary, 2).kind, "follow");
  assert.equal(attachmentOf(view({ epochs: primary.epochs, flushed: 700 }), primary, 2).kind, "follow");
});

test("a log that has what the primary does not have is taken back, and only when that primary is one", () => {
  assert.equal(attachmentOf(view({ flushed: 501 }), primary, 2).kind, "rewind");
  const named = view({ flushed: 400 });
  assert.equal(attachmentOf(view({ flushed: 501 }), named, 2).kind, "wait");
  assert.equal(attachmentOf(view({ flushed: 400 }), named, 2).kind, "follow");
});

test("two promotions to the same timeline number are told apart by their epochs: a copy, never a rewind", () => {
  const other = view({
    timeline: 3,
    epochs: [
      { epoch: 1, timeline: 2, begins: 100, serves: 0 },
      { epoch: 9, timeline: 3, begins: 480, serves: 0 },
    ],
    flushed: 490,
  });
  assert.equal(attachmentOf(other, primary, 2).kind, "seed");
  assert.equal(attachmentOf({ ...other, timeline: 4 }, primary, 2).kind, "rewind");
});

test("no data is copied from a promoted primary only; another cluster's data is left alone", () => {
  assert.equal(attachmentOf(null, primary, 2).kind, "seed");
  assert.equal(attachmentOf(null, primary, 3).kind, "wait");
  assert.equal(attachmentOf(view({ system: "8" }), primary, 2).kind, "refuse");
});
