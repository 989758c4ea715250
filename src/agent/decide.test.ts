import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Reading } from "../domain/outcome.ts";
import type { Observation, Standing } from "../engines/contract.ts";
import { type DataState, decideMember, restartDelayMs, siteReport } from "./decide.ts";

const known = <T>(value: T): Reading<T> => ({ kind: "known", value, atMs: 0 });
const unknown = { kind: "unknown", reason: "no answer", sinceMs: 0 } as const;
const peers = (...states: (DataState | null)[]) =>
  states.map((data, at) => ({ site: `s${at}`, data: data === null ? unknown : known(data) }));

test("data that is here is started, whatever others say", () => {
  for (const own of ["present", "founding"] as const) {
    const decision = decideMember({ own, standing: unknown, peers: peers(null, "present") });
    assert.deepEqual([decision.kind, decision.kind === "start" && decision.cluster], ["start", "existing"]);
  }
});

test("a cluster is founded only when every other site says that it has no data", () => {
  const decide = (...states: (DataState | null)[]) =>
    decideMember({ own: "empty", standing: unknown, peers: peers(...states) });
  assert.equal(decide("empty", "founding").kind, "start");
  assert.equal(decide("empty", null).kind, "wait");
  assert.equal(decide("empty", "present").kind, "wait");
});

test("an empty folder beside a living cluster is replaced, never started as it is", () => {
  const decide = (standing: Standing) =>
    decideMember({ own: "empty", standing: known(standing), peers: peers("present", "present") });
  assert.equal(decide("started").kind, "replace");
  assert.equal(decide("absent").kind, "replace");
  assert.deepEqual(decide("added"), {
    kind: "start",
    cluster: "existing",
    because: "the cluster waits for its first start",
  });
});

test("never founds anew while a peer has data or its state is unknown, in any combination", () => {
  const state = fc.constantFrom<DataState | null>("empty", "founding", "present", null);
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), (states) => {
      const decision = decideMember({ own: "empty", standing: unknown, peers: peers(...states) });
      const safe = states.every((each) => each === "empty" || each === "founding");
      return (decision.kind === "start") === safe;
    }),
  );
});

test("a member that was ready is started again at once; one that keeps failing more and more rarely", () => {
  assert.deepEqual([0, 1, 2, 3, 20].map(restartDelayMs), [0, 100, 200, 400, 5_000]);
});

const seen: Observation = { role: "follower", term: 3, position: 9, leader: "s1", quorum: true, alarms: [] };
const frontend = { site: "s0", ableToCommit: true, because: "a write 40 ms ago", epoch: 3 };

test("a site can commit when its member sees a majority and its front-end has proof", () => {
  const able = (member: Observation, front: typeof frontend | null = frontend, nowMs = 10) =>
    siteReport({ site: "s0", member: known(member), frontend: front }, nowMs);
  assert.deepEqual(able(seen), {
    site: "s0",
    ableToCommit: true,
    because: "front-end: a write 40 ms ago",
    epoch: 3,
  });
  assert.equal(able({ ...seen, quorum: false }).ableToCommit, false);
  assert.match(able({ ...seen, alarms: ["NOSPACE"] }).because, /NOSPACE/);
  assert.equal(able({ ...seen, role: "learner" }).ableToCommit, false);
  assert.equal(able(seen, null).ableToCommit, false);
  assert.equal(able(seen, { ...frontend, ableToCommit: false }).ableToCommit, false);
  assert.match(able(seen, frontend, 2_000).because, /last seen 2000 ms ago/);
});
