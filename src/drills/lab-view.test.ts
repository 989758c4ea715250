import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBody, OutlastEvent } from "../domain/event.ts";
import { loadPlan } from "../plan/load.ts";
import { emptyView, isAble, isRedundantSince, missing, observe } from "./lab-view.ts";

const at = (ms: number, place: string, body: EventBody): OutlastEvent => ({
  at: String(ms * 1_000_000),
  wall: "2026-11-22T10:00:00.000Z",
  component: "test",
  place,
  ...body,
});
const able = (ms: number, value: boolean) =>
  at(ms, "paris", { event: "able-changed", able: value, because: "test", term: 1 });
const lost = (ms: number) =>
  at(ms, "lab", { event: "fault-applied", fault: "lose-site", target: "paris", detail: {} });

test("a lost site is unable until it says otherwise, in whatever order the logs are read", () => {
  const events = [able(1, true), lost(5), able(9, true)];
  const orders = [events, [able(1, true), able(9, true), lost(5)], [lost(5), able(9, true), able(1, true)]];
  for (const order of orders) assert.equal(isAble(order.reduce(observe, emptyView), "paris"), true);
  assert.equal(isAble([able(1, true), lost(5)].reduce(observe, emptyView), "paris"), false);
  assert.equal(isAble([lost(5), able(1, true)].reduce(observe, emptyView), "paris"), false);
});

test("the leader is the one of the highest term", () => {
  const term = (place: string, value: number, leader: string) =>
    at(1, place, { event: "term-changed", member: place, term: value, leader });
  const view = [term("paris", 3, "london"), term("frankfurt", 2, "paris")].reduce(observe, emptyView);
  assert.equal(view.leader, "london");
});

test("when several sites lose power each is unable, also one that had not been heard of", () => {
  const off = at(5, "lab", {
    event: "fault-applied",
    fault: "power-loss-all",
    target: "paris",
    detail: { changes: [{ kind: "power-off", places: ["paris", "london"] }] },
  });
  const london = at(2, "london", { event: "able-changed", able: true, because: "test", term: 1 });
  for (const order of [
    [able(1, true), london, off],
    [off, able(1, true), london],
  ]) {
    const view = order.reduce(observe, emptyView);
    assert.deepEqual([isAble(view, "paris"), isAble(view, "london")], [false, false]);
  }
});

const replicated = await loadPlan("examples/postgresql-synchronous.yaml");

test("where one primary replicates, redundancy is that every other site keeps up with a primary that can commit", () => {
  const replicas = (ms: number, primary: string, epoch: number, behind: readonly string[]) =>
    at(ms, primary, { event: "replicas-changed", primary, epoch, keepingUp: [], behind });
  const led = at(1, "paris", { event: "term-changed", member: "paris", term: 1, leader: "paris" });
  const start = [led, able(2, true), replicas(3, "paris", 1, [])].reduce(observe, emptyView);
  const since = (view: typeof start, lost: string[], ms: number) =>
    isRedundantSince(view, replicated, lost, BigInt(ms * 1_000_000));
  assert.ok(since(start, [], 9));
  assert.equal(since(start, ["london"], 9), false, "a lost site must have come back since");
  const behind = observe(start, replicas(5, "paris", 1, ["london"]));
  assert.equal(since(behind, [], 0), false);
  assert.match(missing(behind, replicated), /^london does not keep up with paris/);
  assert.ok(since(observe(behind, replicas(11, "paris", 1, [])), ["london"], 9));
  const late = observe(observe(start, replicas(5, "frankfurt", 2, ["paris"])), replicas(6, "paris", 1, []));
  assert.equal(since(late, [], 0), false, "the word of an epoch that is over");
});
