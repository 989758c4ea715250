import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../domain/plan.ts";
import { loadPlan } from "../plan/load.ts";
import { isolateSite } from "./faults/cut.ts";
import { slowLink } from "./faults/degrade.ts";
import { loseSite } from "./faults/lose-site.ts";
import { powerLossAll } from "./faults/power-loss.ts";
import { killMember } from "./faults/processes.ts";
import { predict } from "./predict.ts";

const plan = await loadPlan("examples/etcd.yaml");
const timings = { heartbeatMs: 50, electionTimeoutMs: 500 };

test("a lost follower's site costs its clients detection and reconnection", () => {
  const found = predict(plan, loseSite, false, timings);
  assert.deepEqual(
    found.terms.map((term) => term.name),
    ["detect", "reconnect"],
  );
  assert.equal(found.recoveryTimeMs, 2 * 250 + 200 + 3 * 16);
});

test("a lost leader's site costs the longer of election and detection: they overlap", () => {
  assert.equal(predict(plan, loseSite, true, timings).recoveryTimeMs, 2 * 500 + 2 * 14 + 3 * 16);
});

test("an isolated leader's site costs both: a site counts as unable only once another is able", () => {
  assert.equal(predict(plan, isolateSite, true, timings).recoveryTimeMs, 1_028 + 700 + 48);
});

test("a port check never notices that a site can't commit", () => {
  const blind: Plan = { ...plan, balancer: { ...plan.balancer, check: { kind: "tcp" } } };
  assert.equal(predict(blind, isolateSite, false, timings).recoveryTimeMs, Number.POSITIVE_INFINITY);
});

test("a killed leader costs an election, a slow link nothing but its own time", () => {
  assert.equal(predict(plan, killMember, true, timings).recoveryTimeMs, 1_028 + 48);
  assert.equal(predict(plan, slowLink, true, timings).recoveryTimeMs, 48);
});

test("when every site is gone no time is promised: how long machines take to start is not the plan's", () => {
  const { recoveryTimeMs, terms } = predict(plan, powerLossAll, true, timings);
  assert.equal(recoveryTimeMs, Number.POSITIVE_INFINITY);
  assert.ok(terms.every(({ ms }) => Number.isFinite(ms)));
});
