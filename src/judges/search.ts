// Linearizability by search, for any sequential model given as a step function over numbered states: every order that
// real time allows, kept as a set of configurations (state, which open operations have taken effect) that moves along the
// history (Wing & Gong 1993 with Lowe's memoisation, operations taken only when an answer forces one). Exact; bounded
// by steps. Three facts keep the set small:
// - an operation that changes nothing takes effect as soon as the state suits it;
// - of open operations that do the same, the one that ends first goes first;
// - of two configurations that differ only in unknown operations used, the one that used fewer can do all the other can.
import { configurations } from "./configurations.ts";

export interface Move {
  readonly invoked: number;
  /** Infinity: unknown, it may happen at any later time or never. */
  readonly completed: number;
  /** It changes no state, whatever the state is. */
  readonly readOnly: boolean;
  /** Moves of the same number do the same to every state. */
  readonly same: number;
}

/** The state after move `index`, or -1: in this state it can't have been answered so. Must be a pure function. */
export type Step = (state: number, index: number) => number;

export interface SearchResult {
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly steps: number;
  /** Index of the move whose answer no order explains; null unless invalid. */
  readonly stuckAt: number | null;
}

interface Event {
  readonly at: number;
  readonly completes: boolean;
  readonly index: number;
}

/** By time; at equal times invocations first, because equal is concurrent. */
function eventsOf(moves: readonly Move[]): Event[] {
  const events: Event[] = [];
  moves.forEach(({ invoked, completed }, index) => {
    events.push({ at: invoked, completes: false, index });
    if (Number.isFinite(completed)) events.push({ at: completed, completes: true, index });
  });
  return events.sort((a, b) => a.at - b.at || Number(a.completes) - Number(b.completes));
}

function mostOpen(events: readonly Event[]): number {
  let open = 0;
  let most = 0;
  for (const event of events) {
    open += event.completes ? -1 : 1;
    if (open > most) most = open;
  }
  return most;
}

export function search(moves: readonly Move[], step: Step, stepsMax: number, initial = 0): SearchResult {
  const events = eventsOf(moves);
  const words = Math.max(1, Math.ceil(mostOpen(events) / 32));
  const certain = new Int32Array(words);
  const config = new Int32Array(words + 1);
  const next = new Int32Array(words + 1);
  const frontier = configurations(words, certain);
  const reached = configurations(words, certain);
  const between = configurations(words, certain);
  config[0] = initial;
  frontier.add(config);

  /** Index of the open move in each slot; -1: free. */
  const slots: number[] = [];
  const slotOf = new Int32Array(moves.length);
  const free: number[] = [];
  const has = (mask: Int32Array, slot: number) =>
    ((mask[(slot >> 5) + 1] as number) & (1 << (slot & 31))) !== 0;
  const put = (mask: Int32Array, slot: number) => {
    mask[(slot >> 5) + 1] = (mask[(slot >> 5) + 1] as number) | (1 << (slot & 31));
  };
  const take = (mask: Int32Array, slot: number) => {
    mask[(slot >> 5) + 1] = (mask[(slot >> 5) + 1] as number) & ~(1 << (slot & 31));
  };
  const at = (index: number) => moves[index] as Move;
  /** Slots of open moves, told apart anew for each answer that has to be forced. */
  let watchers: number[] = [];
  let movers: { readonly slot: number; readonly index: number; readonly rivals: readonly number[] }[] = [];
  const sortSlots = () => {
    watchers = [];
    movers = [];
    for (let slot = 0; slot < slots.length; slot += 1) {
      const index = slots[slot] as number;
      if (index < 0) continue;
      if (at(index).readOnly) watchers.push(slot);
      else movers.push({ slot, index, rivals: rivalsOf(slot, index) });
    }
  };
  /** Slots of open moves that do the same and end earlier (or have the lower slot): they go first. */
  const rivalsOf = (slot: number, index: number): number[] => {
    const { same, completed } = at(index);
    const rivals: number[] = [];
    for (let other = 0; other < slots.length; other += 1) {
      const open = slots[other] as number;
      if (open < 0 || other === slot || at(open).same !== same) continue;
      if (at(open).completed < completed || (at(open).completed === completed && other < slot))
        rivals.push(other);
    }
    return rivals;
  };
  /** Moves that change nothing and that this state suits take effect at once. */
  const settle = (mask: Int32Array) => {
    for (const slot of watchers) if (step(mask[0] as number, slots[slot] as number) >= 0) put(mask, slot);
  };

  let steps = 0;
  for (const { completes, index } of events) {
    const move = at(index);
    if (!completes) {
      const slot = free.pop() ?? slots.length;
      slots[slot] = index;
      slotOf[index] = slot;
      const bit = 1 << (slot & 31);
      const others = (certain[slot >> 5] as number) & ~bit;
      certain[slot >> 5] = Number.isFinite(move.completed) ? others | bit : others;
      if (!move.readOnly) continue;
      for (let place = 0; place < frontier.count; place += 1) {
        frontier.load(place, config);
        if (step(config[0] as number, index) < 0) continue;
        put(config, slot);
        frontier.store(place, config);
      }
      continue;
    }
    const slot = slotOf[index] as number;
    reached.clear();
    between.clear();
    const stack: number[] = [];
    for (let place = 0; place < frontier.count; place += 1) {
      frontier.load(place, config);
      steps += 1;
      if (has(config, slot)) reached.add(config);
      else {
        const found = between.add(config);
        if (found >= 0) stack.push(found);
      }
    }
    if (stack.length > 0) sortSlots();
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      between.load(top, config);
      for (const { slot: other, index: open, rivals } of movers) {
        if (has(config, other) || rivals.some((rival) => !has(config, rival))) continue;
        const state = step(config[0] as number, open);
        if (state < 0) continue;
        steps += 1;
        if (steps > stepsMax) return { verdict: "unknown", steps, stuckAt: null };
        next.set(config);
        next[0] = state;
        put(next, other);
        settle(next);
        if (has(next, slot)) reached.add(next);
        else {
          const found = between.add(next);
          if (found >= 0) stack.push(found);
        }
      }
    }
    if (reached.count === 0) return { verdict: "invalid", steps, stuckAt: index };
    // The slot is free for the next move: its bit leaves every configuration, and the set is hashed anew.
    frontier.clear();
    slots[slot] = -1;
    free.push(slot);
    for (let place = 0; place < reached.count; place += 1) {
      reached.load(place, config);
      take(config, slot);
      frontier.add(config);
    }
  }
  return { verdict: "valid", steps, stuckAt: null };
}
