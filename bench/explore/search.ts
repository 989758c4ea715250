// Breadth first, so that the first violation found is one of the shortest. Worlds are kept only while they wait to be looked
// at; for a trace every state keeps its parent and which of its parent's steps it was.
import { fingerprint } from "./fingerprint.ts";
import { settles } from "./settles.ts";
import { stepsOf } from "./steps.ts";
import { firstWorld, type Model, violation, type World } from "./world.ts";

export interface Limits {
  readonly states: number;
  readonly ms: number;
  readonly bytes: number;
  /** One state in so many is also asked whether the recovery ends when all faults are over. */
  readonly settleEvery: number;
}

export interface Found {
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  /** Every state within the bounds was looked at. */
  readonly complete: boolean;
  /** Why the search ended before that; null: it did not. */
  readonly stoppedBy: string | null;
  readonly violation: string | null;
  readonly trace: readonly string[];
  readonly settled: number;
}

export interface Progress {
  (states: number, depth: number, waiting: number): void;
}

const LOOK_EVERY = 2_048;

export function search(
  model: Model,
  limits: Limits,
  nowMs: () => number,
  progress: Progress = () => {},
): Found {
  const seen = new FingerprintSet();
  const parents: number[] = [];
  const choices: number[] = [];
  let frontier: { readonly id: number; readonly world: World }[] = [];
  let next: typeof frontier = [];
  let steps = 0;
  let depth = 0;
  let settled = 0;
  const startMs = nowMs();
  const first = firstWorld(model);
  seen.add(fingerprint(first));
  parents.push(-1);
  choices.push(-1);
  frontier.push({ id: 0, world: first });
  const result = (more: Partial<Found>): Found => ({
    states: parents.length,
    steps,
    depth,
    complete: false,
    stoppedBy: null,
    violation: null,
    trace: [],
    settled,
    ...more,
  });
  while (frontier.length > 0) {
    for (const { id, world } of frontier) {
      if (id % LOOK_EVERY === 0) {
        progress(parents.length, depth, frontier.length + next.length);
        const used = process.memoryUsage.rss();
        if (parents.length >= limits.states) return result({ stoppedBy: `${limits.states} states` });
        if (nowMs() - startMs > limits.ms) return result({ stoppedBy: `${limits.ms / 1_000} s` });
        if (used > limits.bytes) return result({ stoppedBy: `${(used / 2 ** 30).toFixed(1)} GiB` });
      }
      if (id % limits.settleEvery === 0) {
        settled += 1;
        const stuck = settles(model, world);
        if (stuck !== null) return result({ violation: stuck, trace: traceTo(model, parents, choices, id) });
      }
      for (const [choice, { to }] of stepsOf(model, world).entries()) {
        steps += 1;
        if (!seen.add(fingerprint(to))) continue;
        const reached = parents.length;
        parents.push(id);
        choices.push(choice);
        const wrong = violation(to);
        if (wrong !== null)
          return result({ violation: wrong, trace: traceTo(model, parents, choices, reached) });
        next.push({ id: reached, world: to });
      }
    }
    frontier = next;
    next = [];
    depth += 1;
  }
  return result({ complete: true });
}

function traceTo(model: Model, parents: readonly number[], choices: readonly number[], id: number): string[] {
  const path: number[] = [];
  for (let at = id; at > 0; at = parents[at] ?? 0) path.push(choices[at] ?? 0);
  const trace: string[] = [];
  let world = firstWorld(model);
  for (const choice of path.reverse()) {
    const step = stepsOf(model, world)[choice];
    if (step === undefined) throw new Error("a step is gone: the model is not deterministic");
    trace.push(step.name);
    world = step.to;
  }
  return trace;
}

/** Numbers by open addressing: 8 bytes each, no object. */
class FingerprintSet {
  #slots = new Float64Array(1 << 16);
  #count = 0;

  /** false: it was there. */
  add(value: number): boolean {
    if (this.#count * 10 > this.#slots.length * 7) this.#grow();
    return this.#put(value + 1);
  }

  #put(value: number): boolean {
    const mask = this.#slots.length - 1;
    let at = (value % 0x7fffffff) & mask;
    for (;;) {
      const found = this.#slots[at];
      if (found === value) return false;
      if (found === 0) {
        this.#slots[at] = value;
        this.#count += 1;
        return true;
      }
      at = (at + 1) & mask;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Float64Array(old.length * 2);
    this.#count = 0;
    for (const value of old) if (value !== 0) this.#put(value);
  }
}
