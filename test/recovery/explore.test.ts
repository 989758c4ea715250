// The production decision functions of src/recovery, explored within bounds that take seconds: every interleaving of one
// fault, and seeded walks through many. The whole bounds are bench/explore.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bounds, modelOf, NO_FAULTS } from "../../bench/explore/model.ts";
import { MUTATIONS } from "../../bench/explore/mutations.ts";
import { plantedIsFound } from "../../bench/explore/planted.ts";
import { type Found, search } from "../../bench/explore/search.ts";
import { STEPS_A_WALK, walk, walks } from "../../bench/explore/walk.ts";
import { WORKFLOW_RULES, walksOfWorkflows } from "../../bench/explore/workflow-walk.ts";
import { systemClock } from "../../src/runtime/clock.ts";

function sound(bounds: Bounds): Found {
  const limits = { states: 1e9, ms: 240_000, bytes: 3 * 2 ** 30, settleEvery: 20 };
  const found = search(modelOf(bounds), limits, systemClock.nowMs);
  assert.equal(found.violation, null, found.trace.join("\n"));
  assert.ok(found.complete, `${found.states} states, stopped by ${found.stoppedBy}`);
  return found;
}

test("without a fault nothing but renewals and writes happens, and every state of it is known", () => {
  assert.equal(sound({ ...NO_FAULTS, writes: 2 }).states, 171);
});

for (const [name, fault] of [
  ["a site cut off from the store", { cuts: 1 }],
  ["an agent frozen between any two of its actions", { thaws: 1 }],
  ["a switchover", { releases: 1 }],
  ["a change of the voters", { changes: 1, writes: 2 }],
] as const)
  test(`${name}, in every order: no two epochs at once, nothing lost, no deadlock`, () => {
    assert.ok(sound({ ...NO_FAULTS, writes: 1, ...fault }).states > 5_000);
  });

test("the same seed walks the same way, and another one another", () => {
  const model = modelOf({ ...NO_FAULTS, takeovers: 4, cuts: 2, delays: 9, writes: 2 });
  assert.deepEqual(walk(model, 7, 120), walk(model, 7, 120));
  assert.notEqual(walk(model, 7, 120).ticks, walk(model, 11, 120).ticks);
});

test("seeded walks through many faults: no violation in 40 walks", () => {
  const walked = walks({}, { seed: 1, steps: 40 * STEPS_A_WALK, until: () => false });
  assert.equal(walked.violation, null, `seed ${walked.seed}\n${walked.trace.join("\n")}`);
  assert.ok(walked.takeovers > 50, "takeovers happened");
});

test("seeded walks of workflows whose agents die anywhere: none of 100 000 steps is wrong", () => {
  const walked = walksOfWorkflows(WORKFLOW_RULES, 1, 100_000);
  assert.equal(walked.violation, null, `seed ${walked.seed}\n${walked.trace.join("\n")}`);
  assert.ok(walked.ended > 300, `${walked.ended} ended`);
});

/** Found within a few seconds; the others take the time of test/slow. */
for (const mutation of MUTATIONS.filter(({ quick }) => quick))
  test(`planted: ${mutation.name}: found`, () => {
    const { found, violation, seed, trace } = plantedIsFound(
      mutation,
      { seed: 1, ms: 120_000 },
      systemClock.nowMs,
    );
    assert.ok(found, violation ?? "nothing");
    if (seed === null) return;
    // It replays from its seed.
    const again = walks(mutation.planted, { seed, steps: 1, until: () => false }, mutation.bounds);
    assert.deepEqual(again.trace, trace);
  });
