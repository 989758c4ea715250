import assert from "node:assert/strict";
import { test } from "node:test";
import type { Objective } from "../domain/plan.ts";
import type { Verdict } from "../domain/verdict.ts";
import { objectiveMet, objectiveResults } from "./objectives.ts";

const OBJECTIVE: Objective = { survive: "site", recoveryTimeMs: 5_000, recoveryPointMs: 0 };
const verdict = (value: Verdict["verdict"]): Verdict => ({
  model: "m",
  verdict: value,
  reason: "",
  witness: [],
  statistics: {},
});
const NOTHING_LOST = { lost: 0, recoveryPointMs: 0 };
const met = (
  recoveryMs: number | null,
  loss: { lost: number | null; recoveryPointMs: number | null },
  value: Verdict["verdict"],
  doubts: string[] = [],
  onlyOnceHealed = false,
) =>
  objectiveMet(
    objectiveResults(OBJECTIVE, { ms: recoveryMs, onlyOnceHealed }, loss, [verdict("valid"), verdict(value)]),
    doubts,
  );

test("met: in time, nothing lost, consistent, and the run can be trusted", () => {
  assert.equal(met(900, NOTHING_LOST, "valid"), true);
});

test("unknown is never success: an incomplete read-back, an undecided verdict, late instruments", () => {
  assert.equal(met(900, { lost: null, recoveryPointMs: null }, "valid"), null);
  assert.equal(met(900, NOTHING_LOST, "unknown"), null);
  assert.equal(met(900, NOTHING_LOST, "valid", ["the relay was late"]), null);
});

test("missed: too slow or never recovered, but only when the timing can be trusted", () => {
  assert.equal(met(5_001, NOTHING_LOST, "valid"), false);
  assert.equal(met(null, NOTHING_LOST, "valid"), false);
  assert.equal(met(5_001, NOTHING_LOST, "valid", ["the relay was late"]), null);
});

test("loss and inconsistency stand whatever the timing was worth", () => {
  assert.equal(met(900, { lost: 1, recoveryPointMs: 40 }, "valid", ["the relay was late"]), false);
  assert.equal(met(900, NOTHING_LOST, "invalid", ["the relay was late"]), false);
});

test("where no time is asked, loss alone decides", () => {
  const results = (lost: number) =>
    objectiveResults(OBJECTIVE, "not asked", { lost, recoveryPointMs: 0 }, [verdict("valid")]);
  assert.deepEqual(
    results(0).map(({ name }) => name),
    ["recovery point", "strong consistency"],
  );
  assert.equal(objectiveMet(results(0), []), true);
  assert.equal(objectiveMet(results(1), []), false);
});

test("a recovery that only the heal brought proves nothing in time, and is missed when it was late all the same", () => {
  assert.equal(met(3_000, NOTHING_LOST, "valid", [], true), null);
  assert.equal(met(9_000, NOTHING_LOST, "valid", [], true), false);
});
