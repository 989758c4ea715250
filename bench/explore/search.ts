// Breadth first, so that the first violation found is one of the shortest. For a trace every state keeps its parent and which
// of its parent's steps it was: 6 bytes; a waiting one its few integers, a seen one its fingerprint.
import { describeInterruption, type Interruption, interruptions } from "./apply.ts";
import { violation } from "./invariants.ts";
import type { Model } from "./model.ts";
import { describe, type Move } from "./moves.ts";
import { type Packed, packedWorlds } from "./packed.ts";
import { seenWorlds } from "./seen.ts";
import { settling } from "./settles.ts";
import { firstWorld, type World } from "./world.ts";

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
  /** Different ones of one site, and what was computed of them: all else was remembered. */
  readonly siteStates: number;
  readonly decided: number;
  readonly bytes: number;
}

export interface Progress {
  (states: number, depth: number, waiting: number): void;
}

const LOOK_EVERY = 4_096;

export function search(
  model: Model,
  limits: Limits,
  nowMs: () => number,
  progress: Progress = () => {},
): Found {
  const packed = packedWorlds(model);
  const settles = settling(packed);
  const seen = seenWorlds(packed.allowsMore);
  const words = packed.words;
  const parents = growing((length) => new Uint32Array(length));
  const choices = growing((length) => new Uint16Array(length));
  let waiting = growing((length) => new Int32Array(length));
  let next = growing((length) => new Int32Array(length));
  let steps = 0;
  let depth = 0;
  let settled = 0;
  let states = 0;
  const startMs = nowMs();
  const one = new Int32Array(words);
  const result = (more: Partial<Found>): Found => ({
    states,
    steps,
    depth,
    complete: false,
    stoppedBy: null,
    violation: null,
    trace: [],
    settled,
    siteStates: packed.counts().sites,
    decided: packed.counts().remembered,
    bytes: process.memoryUsage.rss(),
    ...more,
  });
  const trace = (id: number): readonly string[] => {
    const path: number[] = [];
    for (let at = id; at > 0; at = parents.get(at)) path.push(choices.get(at));
    return retrace(model, packed, path.reverse());
  };
  /** Whether the world is new; then its number is states - 1. */
  const reach = (world: World, parent: number, choice: number): boolean => {
    packed.pack(world, one, 0);
    if (!seen.add(one, 0, words - 1, one[words - 1] as number)) return false;
    parents.push(parent);
    choices.push(choice);
    states += 1;
    for (let word = 0; word < words; word += 1) next.push(one[word] as number);
    return true;
  };
  reach(firstWorld(model), 0, 0);
  let firstOfLevel = 0;
  while (next.length() > 0) {
    [waiting, next] = [next, waiting];
    next.clear();
    const count = waiting.length() / words;
    for (let nth = 0; nth < count; nth += 1) {
      const id = firstOfLevel + nth;
      if (id % LOOK_EVERY === 0) {
        progress(states, depth, count - nth + next.length() / words);
        const used = process.memoryUsage.rss();
        if (states >= limits.states) return result({ stoppedBy: `${limits.states} states` });
        if (nowMs() - startMs > limits.ms) return result({ stoppedBy: `${Math.round(limits.ms / 1_000)} s` });
        if (used > limits.bytes) return result({ stoppedBy: `${(used / 2 ** 30).toFixed(1)} GiB` });
      }
      for (let word = 0; word < words; word += 1) one[word] = waiting.get(nth * words + word);
      const world = packed.unpack(one, 0);
      if (id % limits.settleEvery === 0) {
        settled += 1;
        const stuck = settles(world);
        if (stuck !== null) return result({ violation: stuck, trace: trace(id) });
      }
      let choice = 0;
      let wrong: string | null = null;
      successors(packed, world, (to) => {
        steps += 1;
        if (wrong === null && reach(to, id, choice)) wrong = violation(to);
        choice += 1;
      });
      if (wrong !== null) return result({ violation: wrong, trace: trace(states - 1) });
    }
    firstOfLevel += count;
    depth += 1;
  }
  return result({ complete: true });
}

/** In a fixed order: what happens, and each way in which it is interrupted. */
function successors(
  packed: Packed,
  world: World,
  visit: (to: World, move: Move, interruption: Interruption | null) => void,
): void {
  for (const move of packed.moves(world)) {
    const applied = packed.apply(world, move);
    visit(applied.world, move, null);
    for (const interruption of interruptions(applied))
      visit(packed.interrupt(applied, interruption), move, interruption);
  }
}

function retrace(model: Model, packed: Packed, path: readonly number[]): string[] {
  const trace: string[] = [];
  const one = new Int32Array(packed.words);
  packed.pack(firstWorld(model), one, 0);
  for (const wanted of path) {
    const world = packed.unpack(one, 0);
    let choice = 0;
    successors(packed, world, (to, move, interruption) => {
      if (choice === wanted) {
        packed.pack(to, one, 0);
        trace.push(
          `${describe(world, move)}${interruption === null ? "" : describeInterruption(interruption)}`,
        );
      }
      choice += 1;
    });
  }
  return trace;
}

interface Numbers {
  [at: number]: number;
  readonly length: number;
}

/** Numbers in blocks, so that growing copies nothing. */
function growing(newBlock: (length: number) => Numbers) {
  const BITS = 18;
  const blocks: Numbers[] = [];
  let length = 0;
  return {
    length: () => length,
    get: (at: number) => (blocks[at >>> BITS] as Numbers)[at & ((1 << BITS) - 1)] as number,
    push: (value: number) => {
      const block = length >>> BITS;
      if (block === blocks.length) blocks.push(newBlock(1 << BITS));
      (blocks[block] as Numbers)[length & ((1 << BITS) - 1)] = value;
      length += 1;
    },
    /** Keeps its blocks. */
    clear: () => {
      length = 0;
    },
  };
}
