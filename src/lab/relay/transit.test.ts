import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../runtime/random.ts";
import { defaultLink } from "../link.ts";
import { newLane, transit } from "./transit.ts";

const random = () => seededRandom(1);

test("a packet leaves after the delay; a cut or a loss drops it", () => {
  assert.deepEqual(transit({ ...defaultLink, delayMs: 5 }, newLane(), 100, 1_000, random()), {
    kind: "due",
    dueMs: 1_005,
  });
  assert.deepEqual(transit({ ...defaultLink, cut: true }, newLane(), 100, 0, random()), {
    kind: "dropped",
    why: "cut",
  });
  assert.deepEqual(transit({ ...defaultLink, lossRatio: 1 }, newLane(), 100, 0, random()), {
    kind: "dropped",
    why: "loss",
  });
});

test("bandwidth makes packets wait for each other: 1000 bytes at 8 Mbit/s take 1 ms", () => {
  const link = { ...defaultLink, bandwidthBitsPerSecond: 8e6 };
  const lane = newLane();
  const times = [0, 0, 0.5].map((at) => {
    const decision = transit(link, lane, 1_000, at, random());
    return decision.kind === "due" ? decision.dueMs : null;
  });
  assert.deepEqual(times, [1, 2, 3]);
});

test("a tenth of the packets is lost when the plan says so", () => {
  const lane = newLane();
  const dice = seededRandom(7);
  const lost = Array.from({ length: 20_000 }, () =>
    transit({ ...defaultLink, lossRatio: 0.1 }, lane, 1, 0, dice),
  ).filter(({ kind }) => kind === "dropped").length;
  assert.ok(lost > 1_800 && lost < 2_200, `${lost}`);
});

test("jitter stays within its bounds and never reorders", () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat(20), { minLength: 2, maxLength: 50 }), (seed, gaps) => {
      const link = { ...defaultLink, delayMs: 10, jitterMs: 4 };
      const lane = newLane();
      const dice = seededRandom(seed);
      let nowMs = 0;
      let lastMs = 0;
      for (const gap of gaps) {
        nowMs += gap;
        const decision = transit(link, lane, 1, nowMs, dice);
        assert.ok(decision.kind === "due");
        assert.ok(decision.dueMs >= lastMs && decision.dueMs >= nowMs + 6);
        assert.ok(decision.dueMs <= Math.max(nowMs + 14, lastMs));
        lastMs = decision.dueMs;
      }
    }),
  );
});
