import assert from "node:assert/strict";
import { test } from "node:test";
import { distrust, generatorLateness, type TrustInput } from "./trust.ts";

const lateness = (p999: number) => ({ p50: 0, p99: 0, p999, max: p999 });
const good: TrustInput = {
  relayLatenessMs: lateness(5),
  generatorLatenessMs: lateness(5),
  outageMs: 1_000,
  marginMs: 4_000,
  links: [{ between: ["paris", "london"], plannedRoundTripMs: 10, medianRoundTripMs: 10.6 }],
};

test("instruments within 5 % of the outage and 20 % of the margin are trusted", () => {
  assert.deepEqual(distrust(good), []);
  assert.deepEqual(distrust({ ...good, relayLatenessMs: lateness(50) }), []);
});

test("a late relay, a late generator or an unknown lateness makes a run inconclusive", () => {
  assert.match(distrust({ ...good, relayLatenessMs: lateness(51) })[0] ?? "", /relay was late/);
  assert.match(distrust({ ...good, generatorLatenessMs: lateness(51) })[0] ?? "", /generator was late/);
  assert.match(distrust({ ...good, marginMs: 20 })[0] ?? "", /more than 4.0 ms/);
  assert.match(distrust({ ...good, relayLatenessMs: null })[0] ?? "", /not known/);
});

test("a link that is more than 10 % off the plan makes a run inconclusive, in either direction", () => {
  const link = (medianRoundTripMs: number) =>
    ({ ...good, links: [{ ...good.links[0], medianRoundTripMs }] }) as TrustInput;
  assert.equal(distrust(link(11.1)).length, 1);
  assert.equal(distrust(link(8.9)).length, 1);
});

test("lateness counts within a span, and nothing sent is nothing known", () => {
  const sent = (scheduled: number, late: number) =>
    ({ process: 1, op: "read", scheduled, invoked: scheduled + late, outcome: "unknown" }) as const;
  assert.equal(generatorLateness([sent(5, 9e9)], 6, 20), null);
  assert.equal(generatorLateness([sent(5, 9e9), sent(10, 2e6), sent(20, 9e9)], 6, 20)?.max, 2);
});
