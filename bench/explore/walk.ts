// Beyond the bounds: a seeded random walk over the same moves, with virtual time and many faults, in plain worlds: clocks,
// revisions and nonces grow as they do in production. The same seed takes the same walk; a violation is told with its seed and
// the steps that led to it.
import { type Random, seededRandom } from "../../src/runtime/random.ts";
import { apply, describeInterruption, directly, interrupt, interruptions } from "./apply.ts";
import { violation } from "./invariants.ts";
import { type Bounds, type Model, modelOf, type Planted, TICK_MS } from "./model.ts";
import { describe, type Move, movesOf } from "./moves.ts";
import { at, firstWorld, type World } from "./world.ts";

export interface Walked {
  readonly steps: number;
  readonly walks: number;
  readonly takeovers: number;
  readonly ticks: number;
  readonly writes: number;
  /** Changes of the voters that were asked for. */
  readonly changes: number;
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
  changes: 5,
  losses: 6,
  cuts: 4,
  delays: 80,
};

/** A lease long enough for whole takeovers to happen within it: so it is the wait that keeps two epochs apart. */
const WALK_TIMINGS = { ticketMs: 4 * TICK_MS, fenceMs: 6 * TICK_MS };

export const STEPS_A_WALK = 400;
/** With few faults: soon after the last of them everything is quiet. */
const STEPS_A_SHORT_WALK = 90;
const INTERRUPTED = 0.04;

/** Time has to pass and messages have to arrive for anything to happen; faults are rare, so that some come late. */
function weight(move: Move): number {
  switch (move.kind) {
    case "tick":
      return move.missedBy === null && move.drift === null ? 6 : 0.5;
    case "deliver":
      return move.how === "prompt" && move.missedBy === null ? 6 : 2;
    case "answer":
      return 6;
    case "cut":
    case "lose site":
      return 0.2;
    case "heal":
    case "return":
    case "thaw":
      return 0.4;
    case "lose message":
    case "release":
      return 0.3;
    case "write":
      return 0.6; // so that some are left for later
    case "want":
      return 0.1; // there are several
    case "copy":
    case "quorum":
    case "see names":
      return 3;
  }
}

function pick(random: Random, moves: readonly Move[]): Move | undefined {
  let total = 0;
  for (const move of moves) total += weight(move);
  let left = random.next() * total;
  for (const move of moves) {
    left -= weight(move);
    if (left < 0) return move;
  }
  return moves.at(-1);
}

export function walk(model: Model, seed: number, stepsMax = STEPS_A_WALK): Omit<Walked, "walks"> {
  const random = seededRandom(seed);
  const local = directly(model);
  let world: World = firstWorld(model);
  let steps = 0;
  let ticks = 0;
  /** To be told again only when something is wrong. */
  const names: (() => string)[] = [];
  const told = (wrong: string | null) => ({
    steps,
    takeovers: (world.store.epoch?.value.epoch ?? 1) - 1,
    ticks,
    writes: world.writes.filter(({ acknowledged }) => acknowledged).length,
    changes: model.bounds.changes - world.left.changes,
    violation: wrong,
    seed: wrong === null ? null : seed,
    trace: wrong === null ? [] : names.map((name) => name()),
  });
  while (steps < stepsMax) {
    const move = pick(random, movesOf(model, local, world));
    if (move === undefined) return told(null);
    const from = world;
    const applied = apply(model, local, from, move);
    const stops = random.next() < INTERRUPTED ? interruptions(applied) : [];
    const stop = stops.length === 0 ? null : at(stops, random.below(stops.length));
    world = stop === null ? applied.world : interrupt(model, local, applied, stop);
    steps += 1;
    if (move.kind === "tick") ticks += 1;
    names.push(() => `${describe(from, move)}${stop === null ? "" : describeInterruption(stop)}`);
    const wrong = violation(world);
    if (wrong !== null) return told(wrong);
  }
  return told(null);
}

/** Walks with seed, seed + 1, … until so many steps were made, the time is over, or one is violated. */
export function walks(
  planted: Planted,
  limits: { readonly seed: number; readonly steps: number; readonly until: () => boolean },
  few: Bounds | null = null,
): Walked {
  const bounds = few ?? WALK_BOUNDS;
  const stepsMax = few === null ? STEPS_A_WALK : STEPS_A_SHORT_WALK;
  const model = modelOf(bounds, { ...planted, timings: { ...WALK_TIMINGS, ...planted.timings } });
  const sum = { steps: 0, walks: 0, takeovers: 0, ticks: 0, writes: 0, changes: 0 };
  while (sum.steps < limits.steps && !limits.until()) {
    const one = walk(model, (limits.seed + sum.walks) >>> 0, stepsMax);
    sum.walks += 1;
    for (const what of ["steps", "takeovers", "ticks", "writes", "changes"] as const) sum[what] += one[what];
    if (one.violation !== null) return { ...one, ...sum };
  }
  return { ...sum, violation: null, seed: null, trace: [] };
}
