import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBody, OutlastEvent } from "../domain/event.ts";
import { emptyView, isAble, observe } from "./lab-view.ts";

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
