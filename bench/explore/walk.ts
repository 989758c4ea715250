// Beyond the bounds: a seeded random walk over the same steps, with virtual time and many faults. The same seed takes the same
// walk; a violation is told with its seed and the steps that led to it.
import { type Random, seededRandom } from "../../src/runtime/random.ts";
import { stepsOf } from "./steps.ts";
import { type Bounds, firstWorld, type Model, modelOf, TICK_MS, violation, type World } from "./world.ts";

export interface Walked {
  readonly steps: number;
  readonly walks: number;
  readonly takeovers: number;
  readonly ticks: number;
  readonly writes: number;
  readonly violation: string | null;
  readonly seed: number | null;
  readonly trace: readonly string[];
}

/** Of one walk: as many faults of all kinds as it can hold. */
export const WALK_BOUNDS: Bounds = {
  sites: 3,
  takeovers: 8,
  crashes: 4,
  thaws: 3,
  drifts: 2,
  writes: 12,
  releases: 3,
  losses: 6,
  cuts: 4,
  delays: 80,
};

/** A lease long enough for whole takeovers to happen within it: so it is the wait that keeps two epochs apart. */
const WALK_TIMINGS = { ticketMs: 4 * TICK_MS, fenceMs: 6 * TICK_MS };

export const STEPS_A_WALK = 400;
/** With few faults: soon after the last of them everything is quiet. */
const STEPS_A_SHORT_WALK = 90;

/** Time has to pass and messages have to arrive for anything to happen; faults are rare, so that some come late. */
function weight(name: string): number {
  if (name.includes("; freeze") || name.includes("; kill")) return 0.15;
  if (name.startsWith("tick")) return name === "tick" ? 6 : 0.5;
  if (
    name.startsWith("store carries out") ||
    name.startsWith("store refuses") ||
    name.includes("gets the answer")
  )
    return name.includes(", ") ? 2 : 6;
  if (name.startsWith("cut") || name.startsWith("lose")) return 0.2;
  if (name.startsWith("heal") || name.includes("returns") || name.startsWith("thaw")) return 0.4;
  if (name.includes("is lost") || name.includes("release")) return 0.3;
  if (name.startsWith("write")) return 0.6; // so that some are left for later
  return 3; // copies
}

function pick(random: Random, names: readonly string[]): number {
  const weights = names.map(weight);
  let at = random.next() * weights.reduce((sum, each) => sum + each, 0);
  for (const [index, each] of weights.entries()) {
    at -= each;
    if (at < 0) return index;
  }
  return names.length - 1;
}

export function walk(model: Model, seed: number, stepsMax = STEPS_A_WALK): Omit<Walked, "walks"> {
  const random = seededRandom(seed);
  const trace: string[] = [];
  let world: World = firstWorld(model);
  const told = (wrong: string | null) => ({
    steps: trace.length,
    takeovers: (world.store.epoch?.value.epoch ?? 1) - 1,
    ticks: world.now,
    writes: world.writes.filter(({ acknowledged }) => acknowledged).length,
    violation: wrong,
    seed: wrong === null ? null : seed,
    trace: wrong === null ? [] : trace,
  });
  while (trace.length < stepsMax) {
    const steps = stepsOf(model, world);
    const step =
      steps[
        pick(
          random,
          steps.map(({ name }) => name),
        )
      ];
    if (step === undefined) return told(null); // only time is left, and every delay is spent
    world = step.to;
    trace.push(step.name);
    const wrong = violation(world);
    if (wrong !== null) return told(wrong);
  }
  return told(null);
}

/** Walks with seed, seed + 1, … until so many steps were made, the time is over, or one is violated. */
export function walks(
  planted: Parameters<typeof modelOf>[1],
  limits: { readonly seed: number; readonly steps: number; readonly until: () => boolean },
  few: Bounds | null = null,
): Walked {
  const bounds = few ?? WALK_BOUNDS;
  const stepsMax = few === null ? STEPS_A_WALK : STEPS_A_SHORT_WALK;
  const model = modelOf(bounds, { ...planted, timings: { ...WALK_TIMINGS, ...planted?.timings } });
  let sum: Walked = {
    steps: 0,
    walks: 0,
    takeovers: 0,
    ticks: 0,
    writes: 0,
    violation: null,
    seed: null,
    trace: [],
  };
  while (sum.steps < limits.steps && !limits.until()) {
    const one = walk(model, (limits.seed + sum.walks) >>> 0, stepsMax);
    sum = {
      ...one,
      steps: sum.steps + one.steps,
      walks: sum.walks + 1,
      takeovers: sum.takeovers + one.takeovers,
      ticks: sum.ticks + one.ticks,
      writes: sum.writes + one.writes,
    };
    if (one.violation !== null) break;
  }
  return sum;
}
