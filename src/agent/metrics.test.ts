import assert from "node:assert/strict";
import { test } from "node:test";
import { METRICS } from "../api/metric-table.ts";
import type { AgentStatus } from "../api/agent.ts";
import { agentSamples } from "./metrics.ts";

const status: AgentStatus = {
  site: "paris",
  engine: { kind: "postgresql", version: "15", source: "here" },
  member: {
    state: "running",
    because: "it answers",
    pid: 7,
    attached: false,
    data: "present",
    observed: { kind: "unknown", reason: "no answer", sinceMs: 0 },
  },
  recovery: {
    primaryship: {
      epoch: 7,
      phase: "opened",
      coordinator: "paris",
      primary: "paris",
      holder: "paris",
      standbys: ["frankfurt", "london"],
      acknowledgements: 1,
      paused: false,
    },
    leaseAgeMs: 80,
    leaseLifeMs: 1_000,
    fenceOpenFor: 7,
    fenceLeavesOpen: [],
    role: "primary",
    sealedEpoch: 7,
    logEpoch: 7,
    position: 900,
    standbys: [{ site: "frankfurt", state: "streaming", lagBytes: 0 }],
    lags: [{ site: "frankfurt", lagBytes: 4, lagMs: 1_500, caughtUpAgeMs: 2_000 }],
    workflows: { running: null, last: null },
    doing: null,
    complaint: null,
    distrust: null,
    store: { data: "present", because: "it answers", inContact: null, readAgeMs: 30, complaint: null },
  },
  frontend: { pid: null, report: null },
};
const report = { site: "paris", ableToCommit: true, because: "primary of epoch 7", epoch: 7 };
const value = (name: string, standby?: string) =>
  agentSamples(status, report).find(
    (each) => each.name === name && (standby === undefined || each.labels?.["standby"] === standby),
  )?.value;

test("every metric of an agent is told with its site", () => {
  const told = agentSamples(status, report);
  const listed = Object.entries(METRICS).flatMap(([name, { by }]) => (by === "agent" ? [name] : []));
  assert.deepEqual([...new Set(told.map(({ name }) => name))].toSorted(), listed.toSorted());
  assert.ok(told.every(({ labels }) => labels?.["site"] === "paris"));
});

test("a recorded standby that never came is told as not streaming, and is no spare", () => {
  assert.equal(value("outlast_standby_streaming", "frankfurt"), true);
  assert.equal(value("outlast_standby_streaming", "london"), false);
  assert.equal(value("outlast_synchronous_standbys_spare"), 0);
  assert.equal(value("outlast_standby_lag_seconds", "frankfurt"), 1.5);
});

test("a store member that does not answer is not in contact, and a member that does not is down", () => {
  assert.equal(value("outlast_store_member_in_contact"), false);
  assert.equal(value("outlast_member_up"), false);
});
