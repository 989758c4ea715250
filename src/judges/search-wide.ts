// The search of search.ts for histories of any width: what has taken effect is a mask of as many words as it needs.
import { configurations } from "./configurations.ts";
import type { Move, MoveTimes, SearchResult, Step } from "./search-moves.ts";

export function searchWide(
  moves: readonly Move[],
  { invoked, completed, begins, ends, ended, most }: MoveTimes,
  step: Step,
  stepsMax: number,
  initial: number,
): SearchResult {
  const words = Math.max(1, Math.ceil(most / 32));
  const certain = new Int32Array(words);
  const config = new Int32Array(words + 1);
  const next = new Int32Array(words + 1);
  let frontier = configurations(words, certain);
  let reached = configurations(words, certain);
  const between = configurations(words, certain);
  config[0] = initial;
  frontier.add(config);

  /** Index of the open move in each slot. */
  const slots = new Int32Array(most);
  const slotOf = new Int32Array(moves.length);
  const sames = new Int32Array(most);
  /** Slots that are free again, the last one first. */
  const free: number[] = [];
  let slotsUsed = 0;
  /** Slot → its open rivals as a mask: they do the same and end earlier (or have the lower slot), so they go first. */
  const rivals = new Int32Array(most * words);
  /** Slots of open moves that change nothing, and of the others. */
  const watchers: number[] = [];
  const movers: number[] = [];
  const has = (mask: Int32Array, slot: number) =>
    ((mask[(slot >> 5) + 1] as number) & (1 << (slot & 31))) !== 0;
  const put = (mask: Int32Array, slot: number) => {
    mask[(slot >> 5) + 1] = (mask[(slot >> 5) + 1] as number) | (1 << (slot & 31));
  };
  const take = (mask: Int32Array, slot: number) => {
    mask[(slot >> 5) + 1] = (mask[(slot >> 5) + 1] as number) & ~(1 << (slot & 31));
  };
  const addRival = (slot: number, rival: number) => {
    const word = slot * words + (rival >> 5);
    rivals[word] = (rivals[word] as number) | (1 << (rival & 31));
  };
  const meetRivals = (slot: number, index: number) => {
    const same = sames[slot] as number;
    const end = completed[index] as number;
    rivals.fill(0, slot * words, (slot + 1) * words);
    for (const other of movers) {
      if (sames[other] !== same) continue;
      const otherEnd = completed[slots[other] as number] as number;
      if (otherEnd < end || (otherEnd === end && other < slot)) addRival(slot, other);
      else addRival(other, slot);
    }
  };
  const rivalsWait = (mask: Int32Array, slot: number): boolean => {
    for (let word = 0; word < words; word += 1)
      if (((rivals[slot * words + word] as number) & ~(mask[word + 1] as number)) !== 0) return true;
    return false;
  };
  const open = (index: number) => {
    const slot = free.pop() ?? slotsUsed++;
    const { readOnly, same } = moves[index] as Move;
    slots[slot] = index;
    slotOf[index] = slot;
    sames[slot] = same;
    const bit = 1 << (slot & 31);
    const others = (certain[slot >> 5] as number) & ~bit;
    certain[slot >> 5] = (completed[index] as number) < Number.POSITIVE_INFINITY ? others | bit : others;
    if (!readOnly) {
      meetRivals(slot, index);
      movers.push(slot);
      return;
    }
    watchers.push(slot);
    for (let place = 0; place < frontier.count; place += 1) {
      if (step(frontier.state(place), index) < 0) continue;
      frontier.load(place, config);
      put(config, slot);
      frontier.store(place, config);
    }
  };
  const close = (slot: number, index: number) => {
    const list = (moves[index] as Move).readOnly ? watchers : movers;
    list[list.indexOf(slot)] = list.at(-1) as number;
    list.pop();
    free.push(slot);
    for (const mover of movers) {
      const word = mover * words + (slot >> 5);
      rivals[word] = (rivals[word] as number) & ~(1 << (slot & 31));
    }
  };
  /** Moves that change nothing and that this state suits take effect at once. */
  const settle = (mask: Int32Array) => {
    for (const slot of watchers) if (step(mask[0] as number, slots[slot] as number) >= 0) put(mask, slot);
  };

  let steps = 0;
  const stack: number[] = [];
  /** Of `mask`, in which the move of this slot has been answered: the slot is free for the next. Else: goes on from it. */
  const reach = (mask: Int32Array, slot: number) => {
    if (has(mask, slot)) {
      take(mask, slot);
      reached.add(mask);
      return;
    }
    const found = between.add(mask);
    if (found >= 0) stack.push(found);
  };
  /** Every configuration in which this move has taken effect; false: too many steps. */
  const force = (slot: number): boolean => {
    for (let place = 0; place < frontier.count; place += 1) {
      frontier.load(place, config);
      reach(config, slot);
    }
    steps += frontier.count;
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      between.load(top, config);
      for (const mover of movers) {
        if (has(config, mover) || rivalsWait(config, mover)) continue;
        const state = step(config[0] as number, slots[mover] as number);
        if (state < 0) continue;
        steps += 1;
        if (steps > stepsMax) return false;
        next.set(config);
        next[0] = state;
        put(next, mover);
        settle(next);
        reach(next, slot);
      }
    }
    return true;
  };

  for (let begin = 0, end = 0; end < ended; ) {
    const index = ends[end] as number;
    // At equal times invocations first, because equal is concurrent.
    const opening = begins[begin];
    if (opening !== undefined && (invoked[opening] as number) <= (completed[index] as number)) {
      begin += 1;
      open(opening);
      continue;
    }
    end += 1;
    const slot = slotOf[index] as number;
    reached.clear();
    between.clear();
    if (!force(slot)) return { verdict: "unknown", steps, stuckAt: null };
    if (reached.count === 0) return { verdict: "invalid", steps, stuckAt: index };
    close(slot, index);
    [frontier, reached] = [reached, frontier];
  }
  return { verdict: "valid", steps, stuckAt: null };
}
