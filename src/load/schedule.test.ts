import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  indexFrom,
  keyRotation,
  operationAt,
  runTag,
  type Scheduled,
  type ScheduleSettings,
} from "./schedule.ts";

const settings: ScheduleSettings = {
  seed: 7,
  region: "eu-west",
  regions: 3,
  profiles: 4,
  ratePerSecond: 100,
  rampMs: 0,
  startNs: 0,
  tag: runTag(123_456_789_012n),
};
const run = (of: ScheduleSettings, profile: string, count: number): Scheduled[] =>
  Array.from({ length: count }, (_, index) => operationAt(of, profile, index));

const anySettings = fc.record({
  seed: fc.nat(),
  region: fc.constantFrom("eu-west", "eu-north"),
  regions: fc.integer({ min: 1, max: 5 }),
  profiles: fc.integer({ min: 1, max: 6 }),
  ratePerSecond: fc.integer({ min: 1, max: 2_000 }),
  rampMs: fc.constantFrom(0, 1, 3_000, 8_000),
  startNs: fc.constantFrom(0, 1_234_567_890),
  tag: fc.constant("t"),
});

test("the same seed gives the same operations, another seed others", () => {
  assert.deepEqual(run(settings, "dns", 200), run(settings, "dns", 200));
  assert.notDeepEqual(run(settings, "dns", 200), run({ ...settings, seed: 8 }, "dns", 200));
  assert.notDeepEqual(
    run(settings, "dns", 200).map(({ scheduledNs }) => scheduledNs),
    run(settings, "kernel", 200).map(({ scheduledNs }) => scheduledNs),
  );
});

test("the rate grows evenly to the whole of it: half as many operations in the ramp, none missing after it", () => {
  const ramped = run({ ...settings, rampMs: 4_000, startNs: 1e9 }, "dns", 500).map(
    ({ scheduledNs }) => scheduledNs / 1e9 - 1,
  );
  const within = (fromS: number, toS: number) => ramped.filter((at) => at >= fromS && at < toS).length;
  assert.deepEqual([within(0, 2), within(2, 4), within(4, 5)], [50, 150, 100]);
  assert.deepEqual(
    ramped,
    ramped.toSorted((a, b) => a - b),
  );
});

test("one operation in each slot of 1/rate seconds, in order", () => {
  fc.assert(
    fc.property(anySettings, fc.nat(100_000), (any, from) => {
      const of = { ...any, rampMs: 0, startNs: 0 };
      for (let index = from; index < from + 5; index += 1) {
        const { scheduledNs } = operationAt(of, "dns", index);
        const slotNs = 1e9 / of.ratePerSecond;
        assert.ok(scheduledNs >= Math.floor(index * slotNs) && scheduledNs <= (index + 1) * slotNs);
      }
    }),
  );
});

test("a run that starts late schedules exactly what is left", () => {
  fc.assert(
    fc.property(anySettings, fc.nat(20_000), (of, fromMs) => {
      const index = indexFrom(of, "dns", fromMs * 1e6);
      assert.ok(operationAt(of, "dns", index).scheduledNs >= fromMs * 1e6);
      if (index > 0) assert.ok(operationAt(of, "dns", index - 1).scheduledNs < fromMs * 1e6);
    }),
  );
});

test("the mix is 45 % append, 20 % write, 25 % read, 10 % compare-and-set", () => {
  const operations = run(settings, "dns", 20_000);
  const share = (op: string) =>
    operations.filter(({ intent }) => intent.op === op).length / operations.length;
  for (const [op, wanted] of [
    ["append", 0.45],
    ["write", 0.2],
    ["read", 0.25],
    ["cas", 0.1],
  ] as const)
    assert.ok(Math.abs(share(op) - wanted) < 0.015, `${op}: ${share(op)}`);
});

test("values and journal ids are unique across regions and profiles, and valid names", () => {
  const all = ["eu-west", "eu-north"].flatMap((region) =>
    ["dns", "kernel"].flatMap((profile) => run({ ...settings, region }, profile, 2_000)),
  );
  const values = all.flatMap(({ intent }) =>
    intent.op === "read" ? [] : [intent.op === "cas" ? intent.to : intent.input],
  );
  assert.equal(new Set(values).size, values.length);
  for (const value of values) assert.match(value, /^[a-z0-9-]{1,100}$/);
});

test("a register sees 20 to 30 operations, from several regions and profiles, while it is in use", () => {
  const regions = ["a", "b", "c"];
  const profiles = ["dns", "kernel", "pinned", "direct"];
  const seen = new Map<string, Set<string>>();
  const counts = new Map<string, number>();
  for (const region of regions)
    for (const profile of profiles)
      for (const { intent } of run({ ...settings, region }, profile, 1_200)) {
        if (intent.op === "append") continue;
        counts.set(intent.key, (counts.get(intent.key) ?? 0) + 1);
        seen.set(intent.key, (seen.get(intent.key) ?? new Set()).add(`${region}/${profile}`));
      }
  const { keys, lifeNs } = keyRotation(settings);
  assert.ok(counts.size <= keys * Math.ceil(12e9 / lifeNs));
  const mean = [...counts.values()].reduce((sum, count) => sum + count, 0) / counts.size;
  assert.ok(mean >= 20 && mean <= 30, String(mean));
  assert.ok([...counts.values()].every((count) => count < 60));
  assert.ok([...seen.values()].filter((by) => by.size >= 4).length / seen.size > 0.99);
});
