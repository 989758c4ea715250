// Whether the recovery comes to an end when all faults are over: every site back, every message delivered, time passing. A
// state from which nobody ever serves again is a deadlock.
import { apply, directly } from "./apply.ts";
import { violation } from "./invariants.ts";
import type { Faults, Model } from "./model.ts";
import { movesOf } from "./moves.ts";
import { isOpen, type World } from "./world.ts";

const TICKS_MAX = 60;
const STEPS_A_TICK = 200;

export const NONE_LEFT: Faults = {
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

/** null: somebody serves after a while. */
export function settles(model: Model, from: World): string | null {
  const calm: Model = { ...model, bounds: { ...model.bounds, takeovers: model.bounds.takeovers + 4 } };
  const local = directly(calm);
  let world: World = { ...from, left: NONE_LEFT };
  let serving = 0;
  for (let ticks = 0; ticks < TICKS_MAX; ticks += 1) {
    for (let count = 0; count < STEPS_A_TICK; count += 1) {
      const move = movesOf(calm, local, world).find(({ kind }) => kind !== "tick");
      if (move === undefined) break;
      world = apply(calm, local, world, move).world;
    }
    const wrong = violation(world);
    if (wrong !== null) return `${wrong} (after all faults were over)`;
    const open = world.sites.some(
      (site) => site.member.promotedEpoch !== null && isOpen(site, site.member.promotedEpoch),
    );
    serving = open ? serving + 1 : 0;
    if (serving >= 3) return null;
    const tick = movesOf(calm, local, world).find(({ kind }) => kind === "tick");
    if (tick === undefined) return "time does not pass";
    world = apply(calm, local, world, tick).world;
  }
  return `deadlock: ${TICKS_MAX} ticks after all faults nobody serves`;
}
