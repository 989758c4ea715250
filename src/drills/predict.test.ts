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
const timings = { kind: "election", heartbeatMs: 50, electionTimeoutMs: 500 } as const;

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

const replicated = await loadPlan("examples/postgresql-synchronous.yaml");
const lease = { ticketMs: 400, fenceMs: 600, marginMs: 50, silenceMs: 850 };

test("the loss of a standby costs nothing while enough are left to acknowledge", () => {
  const takeover = { kind: "takeover", lease: null } as const;
  assert.equal(predict(replicated, loseSite, false, takeover).recoveryTimeMs, 3 * 16);
  const both: Plan = {
    ...replicated,
    strategy: { ...replicated.strategy, acknowledgements: 2 } as Plan["strategy"],
  };
  assert.equal(predict(both, loseSite, false, takeover).recoveryTimeMs, Number.POSITIVE_INFINITY);
});

test("without a takeover nothing is promised when the primary's site is lost", () => {
  const found = predict(replicated, loseSite, true, { kind: "takeover", lease: null });
  assert.equal(found.recoveryTimeMs, Number.POSITIVE_INFINITY);
  assert.equal(found.terms[0]?.because, "no other site takes over by itself");
});

test("a takeover costs the longer of the old fence and of silence with promotion", () => {
  const timings = { kind: "takeover", lease } as const;
  const rest = 35 + 250 + 16 + 3 * 16;
  assert.equal(predict(replicated, loseSite, true, timings).recoveryTimeMs, 1_050 + rest);
  const silent = { kind: "takeover", lease: { ...lease, silenceMs: 2_000 } } as const;
  assert.equal(predict(replicated, isolateSite, true, silent).recoveryTimeMs, 2_170 + rest);
});
