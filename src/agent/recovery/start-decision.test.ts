import assert from "node:assert/strict";
import { test } from "node:test";
import { LEASE_TIMINGS } from "../../recovery/lease-timings.ts";
import type { RecoveryView } from "../../recovery/view.ts";
import {
  type Beginning,
  decideBeginning,
  firstRecord,
  mayWriteFirst,
  strangeStore,
} from "./start-decision.ts";

const empty: RecoveryView = {
  storeId: "s",
  revision: 5,
  lease: null,
  epoch: null,
  opened: null,
  control: null,
  seals: {},
};
const first = firstRecord("a", 1, LEASE_TIMINGS);
const held = (view: Partial<NonNullable<RecoveryView["epoch"]>["value"]>): RecoveryView => {
  assert.ok(first.epoch !== undefined);
  return { ...empty, epoch: { value: { ...first.epoch, ...view }, revision: 6 } };
};
const data = (value: "empty" | "present") => ({ kind: "known" as const, value, atMs: 0 });
const silent = { kind: "unknown" as const, reason: "", sinceMs: 0 };
const decide = (change: Partial<Beginning>) =>
  decideBeginning({
    site: "a",
    candidates: ["a", "b", "c"],
    hasData: false,
    view: empty,
    peers: [
      { site: "b", data: data("empty") },
      { site: "c", data: data("empty") },
    ],
    ...change,
  });

test("data that is there is started, whatever else is known", () => {
  assert.equal(decide({ hasData: true, view: null, peers: [] }).kind, "start");
});

test("the first candidate founds, when the store has never held a primaryship and every other site says that it is empty", () => {
  assert.equal(decide({}).kind, "found");
  assert.equal(decide({ site: "b" }).kind, "wait");
  assert.equal(decide({ view: null }).kind, "wait");
  for (const other of [silent, data("present")])
    assert.equal(decide({ peers: [{ site: "b", data: other }] }).kind, "wait");
});

test("beside a primaryship an empty folder is a copy of its primary, and waits while there is none", () => {
  const named = held({ primary: "b", epoch: 4 });
  assert.deepEqual(decide({ view: named }), { kind: "seed", primary: "b", epoch: 4 });
  assert.equal(decide({ view: held({ primary: null }) }).kind, "wait");
  assert.equal(decide({ view: held({ primary: "a" }) }).kind, "wait");
});

test("the first record is written once, by the first candidate, for a log that never belonged to a primaryship", () => {
  const candidates = ["a", "b"];
  const fresh = { epochs: [] };
  assert.equal(mayWriteFirst({ site: "a", candidates, view: empty }, fresh), true);
  assert.equal(mayWriteFirst({ site: "b", candidates, view: empty }, fresh), false);
  assert.equal(mayWriteFirst({ site: "a", candidates, view: held({}) }, fresh), false);
  const used = { epochs: [{ epoch: 1, timeline: 2, begins: 1, serves: 0 }] };
  assert.equal(mayWriteFirst({ site: "a", candidates, view: empty }, used), false);
});

test("another store, an older one, and one that knows less than the log are not believed", () => {
  const known = { id: "s", revision: 5, epoch: 1 };
  assert.equal(strangeStore(null, empty, 0), null);
  assert.equal(strangeStore(known, held({}), 1), null);
  assert.match(strangeStore({ ...known, id: "t" }, held({}), 1) ?? "", /known was t/);
  assert.match(strangeStore({ ...known, revision: 6 }, held({}), 1) ?? "", /revision 5/);
  assert.match(strangeStore(known, empty, 0) ?? "", /epoch 0/);
  assert.match(strangeStore(null, held({}), 2) ?? "", /the log here at 2/);
});
