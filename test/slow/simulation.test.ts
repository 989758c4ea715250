// Ten million steps of seeded simulation beyond the bounds of the exhaustive search: leases, takeovers and changes of the
// voters with reloads that not every backend has seen, under all faults; and workflows whose agents die. A failure prints its
// seed, which replays it (walk.ts, workflow-walk.ts). And every planted rule is found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MUTATIONS, WORKFLOW_MUTATIONS } from "../../bench/explore/mutations.ts";
import { plantedIsFound } from "../../bench/explore/planted.ts";
import { walks } from "../../bench/explore/walk.ts";
import { WORKFLOW_RULES, walksOfWorkflows } from "../../bench/explore/workflow-walk.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { newSeed } from "../../src/runtime/random.ts";

const STEPS = 8_000_000;
const WORKFLOW_STEPS = 2_000_000;

test("8 million steps of leases, takeovers and changes of the voters, without a violation", () => {
  const seed = newSeed();
  const {
    steps,
    takeovers,
    changes,
    violation,
    seed: failed,
    trace,
  } = walks({}, { seed, steps: STEPS, until: () => false });
  process.stdout.write(`${JSON.stringify({ seed, steps, takeovers, changes })}\n`);
  assert.equal(violation, null, `seed ${failed}\n${trace.join("\n")}`);
  assert.ok(steps >= STEPS && takeovers > STEPS / 1_000 && changes > STEPS / 1_000);
});

test("2 million steps of workflows whose agents die anywhere, without a violation", () => {
  const seed = newSeed();
  const {
    steps,
    ended,
    violation,
    seed: failed,
    trace,
  } = walksOfWorkflows(WORKFLOW_RULES, seed, WORKFLOW_STEPS);
  process.stdout.write(`${JSON.stringify({ seed, steps, ended })}\n`);
  assert.equal(violation, null, `seed ${failed}\n${trace.join("\n")}`);
  assert.ok(steps >= WORKFLOW_STEPS && ended > WORKFLOW_STEPS / 1_000);
});

test("every planted rule is found", () => {
  const missed = MUTATIONS.filter(
    (mutation) => !plantedIsFound(mutation, { seed: 1, ms: 60_000 }, systemClock.nowMs).found,
  );
  assert.deepEqual(
    missed.map(({ name }) => name),
    [],
  );
});

for (const { name, rules, finds } of WORKFLOW_MUTATIONS)
  test(`planted: ${name}: found`, () => {
    assert.match(walksOfWorkflows(rules, 1, WORKFLOW_STEPS).violation ?? "nothing", finds);
  });
