import assert from "node:assert/strict";
import { test } from "node:test";
import { etcdPlan, etcdSite, planOf, record, silent, site, SITES, streamedBy } from "./answers-example.ts";
import { joinAnswers } from "./join-answers.ts";
import type { SiteAnswer } from "./site-answer.ts";
import { statusLines } from "./status-lines.ts";
import type { WorkloadStatus } from "./workload-status.ts";

const WALL = "2026-11-22T10:00:00.000Z";
const joined = (plan: ReturnType<typeof planOf>, ...answers: SiteAnswer[]): WorkloadStatus =>
  joinAnswers(plan, answers, { wall: WALL });
const conditions = (status: WorkloadStatus) =>
  status.conditions.map(({ status: is, reason }) => `${is} ${reason}`);
const ofSite = ({ survives }: WorkloadStatus) => survives.find(({ domain }) => domain === "site");
const well = () => SITES.map((name) => site(name));

test("three sites in step: as promised, one more failure survived, dated by the facts", () => {
  const status = joined(planOf(), ...well());
  assert.deepEqual(
    [status.phase, status.primary, status.epoch, status.asPromised],
    ["serving", "paris", 7, true],
  );
  assert.deepEqual(conditions(status), ["True PrimaryServes", "True Replicated", "True StandbyReady"]);
  const { now, atMost, promised } = ofSite(status) ?? {};
  assert.deepEqual([now, atMost, promised], [1, 1, 1]);
  assert.equal(status.conditions[0]?.lastTransitionTime, "2026-11-22T09:59:00.000Z");
  assert.equal(status.conditions[1]?.ageMs, 40_000); // since the later of both streams came
  assert.deepEqual(status.disagreements, []);
  assert.match(statusLines(status).join("\n"), /survives 1 more site, 1 promised/);
});

test("an agent that does not answer is unknown: the promise can't be vouched for, and is not denied", () => {
  const status = joined(planOf(), site("paris"), site("frankfurt"), silent("london"));
  assert.equal(status.asPromised, null);
  assert.deepEqual([ofSite(status)?.now, ofSite(status)?.atMost], [0, 1]);
  assert.equal(status.conditions[1]?.status, "True"); // paris itself tells that london's stream arrives
  assert.equal(status.conditions[2]?.status, "Unknown"); // without paris, london's vote is needed
  assert.equal(status.sites[2]?.role, "unknown");
});

test("nobody answers: everything is unknown", () => {
  const status = joined(planOf(), ...SITES.map(silent));
  assert.deepEqual([status.phase, status.asPromised, status.primary], ["unknown", null, null]);
  assert.ok(status.conditions.every(({ status: is }) => is === "Unknown"));
});

test("a standby that is gone takes the spare away", () => {
  const status = joined(planOf(), site("paris", streamedBy("frankfurt")), site("frankfurt"), site("london"));
  assert.equal(status.asPromised, false);
  assert.deepEqual(conditions(status).slice(0, 2), ["True PrimaryServes", "False StandbyMissing"]);
  assert.deepEqual([ofSite(status)?.data, ofSite(status)?.store], [0, 1]);
});

test("a store member that is gone takes the spare away although all data is there", () => {
  const lost = { data: "present", because: "", inContact: null, readAgeMs: 20, complaint: null } as const;
  const status = joined(planOf(), site("paris"), site("frankfurt"), site("london", { store: lost }));
  assert.equal(status.conditions[1]?.status, "True");
  assert.deepEqual([ofSite(status)?.now, ofSite(status)?.limitedBy], [0, "store majority"]);
  assert.equal(status.asPromised, false);
});

test("two epochs: the newest one that was read counts, and who is behind is told", () => {
  const taken = record({
    epoch: 8,
    primary: "frankfurt",
    coordinator: "frankfurt",
    holder: "frankfurt",
    standbys: ["london"],
  });
  const old = site("paris", {
    fenceOpenFor: null,
    store: { data: "present", because: "", inContact: false, readAgeMs: 12_000, complaint: "no answer" },
  });
  const serving = site("frankfurt", {
    ...taken,
    role: "primary",
    fenceOpenFor: 8,
    logEpoch: 8,
    standbys: [{ site: "london", state: "streaming", lagBytes: 0 }],
  });
  const status = joined(planOf(), old, serving, site("london", { ...taken, logEpoch: 8 }));
  assert.deepEqual([status.primary, status.epoch, status.phase], ["frankfurt", 8, "serving"]);
  assert.equal(status.conditions[0]?.status, "True");
  assert.equal(status.asPromised, false); // one site is gone from it
  assert.match(
    status.disagreements.join(),
    /paris goes by epoch 7, read 12000 ms ago; frankfurt has read epoch 8/,
  );
});

test("a fence that is open for an older epoch is never as promised", () => {
  const taken = record({ epoch: 8, primary: "frankfurt" });
  const stale = site("paris");
  const status = joined(
    planOf(),
    stale,
    site("frankfurt", { ...taken, role: "primary", fenceOpenFor: 8 }),
    site("london", taken),
  );
  assert.equal(status.asPromised, false);
  assert.match(status.disagreements.join(), /paris lets clients in/);
});

test("a cut-off primary alone, with its fence closed: nobody else can be asked, so nobody can tell", () => {
  const cut = site("paris", {
    fenceOpenFor: null,
    store: { data: "present", because: "", inContact: false, readAgeMs: 9_000, complaint: "no answer" },
  });
  const status = joined(planOf(), cut, silent("frankfurt"), silent("london"));
  assert.deepEqual([status.phase, status.conditions[0]?.status], ["unknown", "Unknown"]);
});

test("a takeover under way, and the step that runs, are told", () => {
  const going = record({ epoch: 8, phase: "sealing", coordinator: "london", primary: null });
  const running = { id: "8-a", kind: "failover", step: "seal", proofs: [], ended: null, endedBecause: null };
  const status = joined(
    planOf(),
    silent("paris"),
    site("frankfurt", going),
    site("london", { ...going, workflows: { running, last: null } }),
  );
  assert.deepEqual([status.phase, status.conditions[0]?.reason], ["taking-over", "TakingOver"]);
  assert.equal(status.asPromised, false);
});

test("paused: a takeover would not begin by itself, which the plan counts on", () => {
  const paused = record({ paused: true });
  const status = joined(planOf(), ...SITES.map((name) => site(name, paused)));
  assert.deepEqual([status.conditions[2]?.reason, status.asPromised, status.paused], ["Paused", false, true]);
  const human = joined(planOf({}, { trigger: "human" }), ...SITES.map((name) => site(name, paused)));
  assert.equal(human.conditions[2]?.reason, "StandbyReadyForAPerson");
});

test("an agent that does not believe the store takes nothing over", () => {
  const status = joined(
    planOf(),
    site("paris"),
    site("frankfurt"),
    site("london", { distrust: "another store" }),
  );
  assert.equal(status.asPromised, false);
  assert.match(status.disagreements.join(), /london does not act on the store/);
});

test("asynchronous: a standby counts while it lacks no more than the plan allows", () => {
  const plan = planOf(
    { objectives: [{ survive: "site", recoveryTimeMs: 600_000, recoveryPointMs: 5_000 }] },
    { acknowledgements: 0, trigger: "human" },
  );
  const behind = (ms: number | null) => ({
    ...record({ acknowledgements: 0 }),
    lags: ["frankfurt", "london"].map((each) => ({ site: each, lagBytes: 9, lagMs: ms, caughtUpAgeMs: ms })),
  });
  const at = (ms: number | null) =>
    joined(
      plan,
      ...SITES.map((name) => site(name, name === "paris" ? behind(ms) : record({ acknowledgements: 0 }))),
    );
  assert.equal(at(400).asPromised, true);
  assert.equal(at(6_000).asPromised, false);
  assert.equal(at(null).asPromised, null);
  assert.equal(at(400).lag?.lastSyncTime, "2026-11-22T09:59:59.600Z");
});

test("etcd: a majority to spare, none to spare, and none", () => {
  const status = (...answers: SiteAnswer[]) => joined(etcdPlan(), ...answers);
  const all = status(etcdSite("paris"), etcdSite("frankfurt"), etcdSite("london"));
  assert.deepEqual([all.phase, all.asPromised, ofSite(all)?.now], ["serving", true, 1]);
  const down = status(etcdSite("paris"), etcdSite("frankfurt"), etcdSite("london", false));
  assert.deepEqual([down.phase, down.asPromised, ofSite(down)?.now], ["serving", false, 0]);
  const hidden = status(etcdSite("paris"), etcdSite("frankfurt"), silent("london"));
  assert.deepEqual([hidden.asPromised, ofSite(hidden)?.now, ofSite(hidden)?.atMost], [null, 0, 1]);
  const learns = status(etcdSite("paris"), etcdSite("frankfurt"), etcdSite("london", true, "learner"));
  assert.equal(learns.asPromised, false);
  const none = status(etcdSite("paris", false), etcdSite("frankfurt", false), silent("london"));
  assert.deepEqual([none.phase, none.conditions[0]?.reason], ["stopped", "NobodyCanCommit"]);
  const alone = status(etcdSite("paris", false), silent("frankfurt"), silent("london"));
  assert.deepEqual([alone.phase, alone.asPromised], ["unknown", false]);
});
