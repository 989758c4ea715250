import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LeaseTimings } from "../domain/primaryship.ts";
import { changeTimings, LEASE_TIMINGS, leaseMs, SHORTEST, timingProblems } from "./lease-timings.ts";

test("the defaults can be used on a shared disk, the shortest only with the store on a disk of its own", () => {
  assert.deepEqual(timingProblems(LEASE_TIMINGS, false), []);
  assert.deepEqual(timingProblems(SHORTEST, true), []);
  assert.notDeepEqual(timingProblems(SHORTEST, false), []);
});

test("what can't be safe or can't last is named", () => {
  const named = (wrong: Partial<LeaseTimings>) => timingProblems({ ...LEASE_TIMINGS, ...wrong }, true).join();
  assert.match(named({ ticketMs: 150 }), /ticket of 150/);
  assert.match(named({ fenceMs: 200 }), /fence of 200/);
  assert.match(named({ marginMs: 5 }), /margin of 5 ms is below 21/);
  assert.match(named({ renewalMs: 90 }), /every 90 ms/);
  assert.match(named({ renewalMs: 550 }), /one lost renewal would close the fence/);
  assert.match(named({ silenceMs: 400 }), /less than three renewals/);
  assert.match(named({ stuckMs: 800 }), /given up after 800/);
});

const duration = fc.integer({ min: 200, max: 3_000 });
const timings = fc
  .record({ ticketMs: duration, fenceMs: duration, marginMs: duration })
  .map((some): LeaseTimings => ({ ...LEASE_TIMINGS, ...some }));

test("while timings change, whoever reads the store waits at least as long as the rules let anything pass", () => {
  fc.assert(
    fc.property(timings, timings, (from, to) => {
      let stored = from;
      let inForce = leaseMs(from); // of the kernel, the last element included
      let newest = leaseMs(from);
      for (const step of changeTimings(from, to)) {
        if (step.do === "store") stored = step.timings;
        if (step.do === "rules") {
          newest = leaseMs(step.timings);
          inForce = Math.max(inForce, newest);
        }
        if (step.do === "wait" && step.ms >= inForce) inForce = newest;
        assert.ok(leaseMs(stored) >= inForce, JSON.stringify(step));
      }
      assert.equal(leaseMs(stored), leaseMs(to));
      assert.equal(stored.ticketMs, to.ticketMs);
      assert.equal(inForce, leaseMs(to));
    }),
  );
});
