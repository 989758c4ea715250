// Whether the recovery comes to an end when all faults are over: every site back, every message delivered, time passing. A
// state from which nobody ever serves again is a deadlock. What was found to end well is remembered: most ways soon meet.
import { intTable } from "./int-table.ts";
import { violation } from "./invariants.ts";
import type { Faults } from "./model.ts";
import type { Packed } from "./packed.ts";
import { isOpen, type World } from "./world.ts";

const TICKS_MAX = 60;
const SERVING_TICKS = 3;
const STEPS_A_TICK = 200;

const NONE_LEFT: Faults = {
  crashes: 0,
  thaws: 0,
  drifts: 0,
  writes: 0,
  releases: 0,
  changes: 0,
  losses: 0,
  cuts: 0,
  delays: 0,
};

/** Of worlds of this packing; null: somebody serves after a while. */
export function settling(packed: Packed): (from: World) => string | null {
  const good = intTable(packed.words - 1);
  const words = new Int32Array(packed.words);
  const { calm } = packed;

  function isGood(path: readonly Int32Array[]): null {
    for (const each of path) {
      good.key.set(each);
      if (good.get() < 0) good.set(1);
    }
    return null;
  }

  /** All that can happen before time passes, in a fixed order. */
  function everything(from: World): World {
    let world = from;
    for (let count = 0; count < STEPS_A_TICK; count += 1) {
      const move = calm.moves(world).find(({ kind }) => kind !== "tick");
      if (move === undefined) break;
      world = calm.apply(world, move);
    }
    return world;
  }

  return (from) => {
    const path: Int32Array[] = [];
    let world: World = { ...from, left: NONE_LEFT };
    let serving = 0;
    for (let ticks = 0; ticks < TICKS_MAX; ticks += 1) {
      world = everything(world);
      packed.pack(world, words, 0);
      const key = words.slice(0, -1);
      good.key.set(key);
      if (good.get() > 0) return isGood(path);
      path.push(key);
      const wrong = violation(world);
      if (wrong !== null) return `${wrong} (after all faults were over)`;
      serving = somebodyServes(world) ? serving + 1 : 0;
      if (serving >= SERVING_TICKS) return isGood(path);
      const tick = calm.moves(world).find(({ kind }) => kind === "tick");
      if (tick === undefined) return "time does not pass";
      world = calm.apply(world, tick);
    }
    return `deadlock: ${TICKS_MAX} ticks after all faults nobody serves`;
  };
}

const somebodyServes = ({ sites }: World): boolean =>
  sites.some((site) => site.member.promotedEpoch !== null && isOpen(site, site.member.promotedEpoch));
