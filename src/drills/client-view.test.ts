import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../domain/history.ts";
import { clientStreams, worstRecovery } from "./client-view.ts";

const S = 1e9;
const FAULT = 2 * S;
const HEAL = 6 * S;

/** Ten operations a second for 12 s, each answered after 20 ms unless `fails` says that it never is. */
const history = (fails: (scheduled: number) => boolean): Operation[] =>
  Array.from({ length: 120 }, (_, at) => {
    const scheduled = (at * S) / 10;
    const lost = fails(scheduled);
    return {
      process: at,
      op: "write",
      key: "k",
      input: String(at),
      region: "eu-west",
      profile: "kernel",
      scheduled,
      invoked: scheduled,
      outcome: lost ? "unknown" : "ok",
      ...(lost ? {} : { completed: scheduled + 20e6 }),
    };
  });
const worst = (fails: (scheduled: number) => boolean, healAt: number | null = HEAL) =>
  worstRecovery(clientStreams(history(fails), FAULT, 1_000, healAt));

/** The distance of two operations is the resolution. */
const inTenths = (ms: number | null) => Math.ceil((ms ?? Number.NaN) / 100) * 100;

test("clients that were answered before the heal recovered by themselves", () => {
  const seen = worst((at) => at >= FAULT && at < 3 * S);
  assert.deepEqual([inTenths(seen.ms), seen.onlyOnceHealed], [1_000, false]);
});

test("clients that nothing answered before the heal were only healed", () => {
  const seen = worst((at) => at >= FAULT && at < HEAL);
  assert.deepEqual([inTenths(seen.ms), seen.onlyOnceHealed], [4_000, true]);
  assert.equal(worst((at) => at >= FAULT && at < HEAL, null).onlyOnceHealed, false);
});

test("clients without an outage recovered from nothing", () => {
  assert.deepEqual(
    worst(() => false),
    {
      ms: 0,
      at: { region: "eu-west", profile: "kernel" },
      onlyOnceHealed: false,
    },
  );
});
