// The reductions of bench/explore, against worlds that are not reduced: a walk in plain worlds, whose clocks, revisions and
// nonces grow; at each of them every step is taken there and in its reduced world, and both end in the same reduced world.
import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, directly, interrupt, interruptions } from "../../bench/explore/apply.ts";
import { type Bounds, modelOf, NO_FAULTS } from "../../bench/explore/model.ts";
import { describe, movesOf } from "../../bench/explore/moves.ts";
import { packedWorlds } from "../../bench/explore/packed.ts";
import { at, firstWorld, type World } from "../../bench/explore/world.ts";
import { seededRandom } from "../../src/runtime/random.ts";

const MANY: Bounds = {
  ...NO_FAULTS,
  takeovers: 3,
  crashes: 2,
  thaws: 2,
  drifts: 2,
  writes: 3,
  releases: 1,
  changes: 2,
  losses: 2,
  cuts: 2,
  delays: 8,
};

test("a step of a reduced world is the reduced step, through all kinds of faults", () => {
  const model = modelOf(MANY);
  const packed = packedWorlds(model);
  const local = directly(model);
  const packedAs = (world: World): number[] => {
    const words = new Int32Array(packed.words);
    packed.pack(world, words, 0);
    return [...words];
  };
  let compared = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = seededRandom(seed);
    let world = firstWorld(model);
    for (let step = 0; step < 100; step += 1) {
      const reduced = packed.unpack(Int32Array.from(packedAs(world)), 0);
      const moves = movesOf(model, local, world);
      assert.deepEqual(packed.moves(reduced), moves);
      const next: World[] = [];
      for (const move of moves) {
        const [plain, small] = [apply(model, local, world, move), packed.apply(reduced, move)];
        const where = `seed ${seed}, step ${step}: ${describe(world, move)}`;
        assert.deepEqual(packedAs(small.world), packedAs(plain.world), where);
        const stops = interruptions(plain);
        assert.deepEqual(interruptions(small), stops, where);
        next.push(plain.world);
        for (const stop of stops) {
          const stopped = interrupt(model, local, plain, stop);
          assert.deepEqual(packedAs(packed.interrupt(small, stop)), packedAs(stopped), where);
          if (random.next() < 0.1) next.push(stopped);
          compared += 1;
        }
        // Time has to pass for anything to happen.
        if (move.kind === "tick" || move.kind === "deliver") next.push(plain.world, plain.world);
        compared += 1;
      }
      if (next.length === 0) break;
      world = at(next, random.below(next.length));
    }
  }
  assert.ok(compared > 8_000, String(compared));
});
