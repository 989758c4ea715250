// Whether the recovery comes to an end when all faults are over: every site back, every message delivered, time passing. A
// state from which nobody ever serves again is a deadlock.
import { stepsOf } from "./steps.ts";
import { type Model, openEpochs, violation, type World } from "./world.ts";

const TICKS_MAX = 60;
const STEPS_A_TICK = 200;

/** null: somebody serves after a while. */
export function settles(model: Model, from: World): string | null {
  const calm: Model = { ...model, bounds: { ...model.bounds, takeovers: model.bounds.takeovers + 4 } };
  let world: World = {
    ...from,
    left: { crashes: 0, thaws: 0, drifts: 0, writes: 0, releases: 0, losses: 0, cuts: 0, delays: 0 },
  };
  let serving = 0;
  for (let tick = 0; tick < TICKS_MAX; tick += 1) {
    world = everything(calm, world);
    const wrong = violation(world);
    if (wrong !== null) return `${wrong} (after all faults were over)`;
    const open = world.sites.some(
      (site) =>
        site.member.promotedEpoch !== null && openEpochs(world, site).includes(site.member.promotedEpoch),
    );
    serving = open ? serving + 1 : 0;
    if (serving >= 3) return null;
    const later = stepsOf(calm, world).find(({ name }) => name === "tick");
    if (later === undefined) return "time does not pass";
    world = later.to;
  }
  return `deadlock: ${TICKS_MAX} ticks after all faults nobody serves`;
}

/** All that can happen within one tick, in a fixed order. */
function everything(model: Model, start: World): World {
  let world = start;
  for (let count = 0; count < STEPS_A_TICK; count += 1) {
    const step = stepsOf(model, world).find(({ name }) => !name.startsWith("tick"));
    if (step === undefined) break;
    world = step.to;
  }
  return world;
}
