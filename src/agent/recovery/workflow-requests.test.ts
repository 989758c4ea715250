import assert from "node:assert/strict";
import { test } from "node:test";
import { LEASE_TIMINGS } from "../../recovery/lease-timings.ts";
import type { RecoveryView } from "../../recovery/view.ts";
import { firstRecord } from "./start-decision.ts";
import { requestOf } from "./workflow-requests.ts";
import { hasEverything } from "./workflows.ts";

const sites = ["a", "b", "c"];
const { epoch } = firstRecord("a", 1, LEASE_TIMINGS);
assert.ok(epoch !== undefined);
const view = (phase: "named" | "opened"): RecoveryView => ({
  storeId: "s",
  revision: 5,
  lease: null,
  epoch: { value: { ...epoch, phase }, revision: 5 },
  opened: null,
  control: null,
  seals: {},
});
const ask = (asked: Partial<Parameters<typeof requestOf>[0]>, site = "b") =>
  requestOf({ kind: "switchover", by: "ada", ...asked }, view("opened"), site, sites);

test("a switchover is coordinated by its target, which is another site than the primary", () => {
  assert.deepEqual(ask({ to: "c" }), { kind: "switchover", from: "a", to: "c", coordinator: "c" });
  for (const refused of [ask({}), ask({ to: "a" }), ask({ to: "d" })]) assert.ok("refused" in refused);
});

test("a failover is coordinated by a site that is not the primary", () => {
  assert.deepEqual(ask({ kind: "failover" }), { kind: "failover", from: "a", to: null, coordinator: "b" });
  assert.ok("refused" in ask({ kind: "failover" }, "a"));
  assert.ok("refused" in ask({ kind: "failover", to: "a" }));
});

test("while a takeover is under way nothing else begins", () => {
  assert.ok("refused" in requestOf({ kind: "pause", by: "ada" }, view("named"), "b", sites));
});

test("who answers has every acknowledged write when the primary is among them, or too many voters for one to be missed", () => {
  const opened = { epoch: 1, primary: "a", standbys: ["b", "c"], acknowledgements: 1 };
  assert.equal(hasEverything(opened, ["a"]), true);
  assert.equal(hasEverything(opened, ["b", "c"]), true);
  assert.equal(hasEverything(opened, ["b"]), false);
  assert.equal(hasEverything({ ...opened, acknowledgements: 0 }, ["b", "c"]), false);
});
