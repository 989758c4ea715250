// Real agents, engines, store and fences in network namespaces; the primary's site is cut off or lost while a client writes.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { type Run, runRecoveryRig } from "./run-recovery-rig.ts";

describe("the primary's site is lost", () => {
  let runs: readonly Run[] = [];
  const of = (fault: string): Run => {
    const run = runs.find((each) => each.fault === fault);
    assert.ok(run !== undefined, `${fault} was not carried out`);
    return run;
  };
  before(async () => {
    runs = await runRecoveryRig(["cut", "lose"], 1, 280_000);
  });

  test("three agents with empty folders found a workload, and both others follow", () => {
    assert.equal(of("start").primary, "paris");
  });

  for (const fault of ["cut", "lose"]) {
    test(`${fault}: another site serves, and has every acknowledged write`, () => {
      const { primary, next, lostAtNew, acknowledged } = of(fault);
      assert.notEqual(next, primary);
      assert.ok(acknowledged > 0);
      assert.equal(lostAtNew, 0);
    });
    test(`${fault}: the old primary acknowledges nothing once the new one does`, () => {
      assert.equal(of(fault).overlapMs, 0);
    });
    test(`${fault}: it comes back as a standby, and no site lacks anything that was acknowledged`, () => {
      const { back, next, lostAnywhere } = of(fault);
      assert.equal(back, next);
      assert.equal(lostAnywhere, 0);
    });
  }
});
