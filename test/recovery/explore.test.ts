// The production decision functions of src/recovery, explored within bounds that take seconds: every interleaving of one
// fault, and seeded walks through many. The whole bounds are bench/explore.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MUTATIONS, NO_FAULTS } from "../../bench/explore/mutations.ts";
import { type Found, search } from "../../bench/explore/search.ts";
import { STEPS_A_WALK, walk, walks } from "../../bench/explore/walk.ts";
import { type Bounds, modelOf } from "../../bench/explore/world.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const explore = (bounds: Bounds, statesMax: number): Found =>
  search(
    modelOf(bounds),
    { states: statesMax, ms: 120_000, bytes: 3 * 2 ** 30, settleEvery: 499 },
    systemClock.nowMs,
  );
const sound = (found: Found) => assert.equal(found.violation, null, found.trace.join("\n"));

test("without a fault nothing but renewals and writes happens, and every state of it is known", () => {
  const found = explore({ ...NO_FAULTS, writes: 2 }, 50_000);
  sound(found);
  assert.ok(found.complete && found.states > 50, JSON.stringify(found));
});

for (const [name, fault] of [
  ["a site cut off from the store", { cuts: 1 }],
  ["a site or an agent that dies", { crashes: 1 }],
  ["an agent frozen between any two of its actions", { thaws: 1 }],
  ["a switchover", { releases: 1 }],
] as const)
  test(`${name}: no two epochs at once, nothing lost, no deadlock`, () => {
    const found = explore({ ...NO_FAULTS, writes: 1, ...fault }, 6_000);
    sound(found);
    assert.ok(found.complete || found.states >= 6_000, JSON.stringify(found));
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

/** Found within a few seconds; the others take the bench's time. */
const QUICK = MUTATIONS.filter(({ quick }) => quick);
for (const { name, planted, finds, bounds } of QUICK)
  test(`planted: ${name}: found`, () => {
    const untilMs = systemClock.nowMs() + 120_000;
    const walked = walks(
      planted,
      { seed: 1, steps: 200_000, until: () => systemClock.nowMs() > untilMs },
      bounds,
    );
    assert.match(walked.violation ?? "nothing", finds);
    // It replays from its seed.
    const again = walks(planted, { seed: walked.seed ?? 0, steps: 1, until: () => false }, bounds);
    assert.deepEqual(again.trace, walked.trace);
  });
