// The search of search.ts where at most 32 operations are open at a time, as in nearly all histories: the same as
// search-wide.ts with one word for what has taken effect.
import { narrowConfigurations } from "./configurations-narrow.ts";
import type { Move, MoveTimes, SearchResult, Step } from "./search-moves.ts";

/** Operations open at a time. */
export const NARROW_MAX = 32;

/** Number of a single bit. */
const numberOf = (bit: number): number => 31 - Math.clz32(bit);

export function searchNarrow(
  moves: readonly Move[],
  { invoked, completed, begins, ends, ended, most }: MoveTimes,
  step: Step,
  stepsMax: number,
  initial: number,
): SearchResult {
  /** Slots of moves that are not unknown. */
  let certain = 0;
  let frontier = narrowConfigurations();
  let reached = narrowConfigurations();
  const between = narrowConfigurations();
  frontier.add(initial, 0, certain);

  /** Index of the open move in each slot. */
  const slots = new Int32Array(most);
  const slotOf = new Uint8Array(moves.length);
  const sames = new Int32Array(most);
  /** Slot → its open rivals: they do the same and end earlier (or have the lower slot), so they go first. */
  const rivals = new Int32Array(most);
  let free = most === NARROW_MAX ? -1 : (1 << most) - 1;
  /** Slots of open moves that change nothing, and of the others. */
  let watchers = 0;
  let movers = 0;
  const meetRivals = (slot: number, completion: number): void => {
    rivals[slot] = 0;
    for (let rest = movers; rest !== 0; rest &= rest - 1) {
      const other = numberOf(rest & -rest);
      if (sames[other] !== sames[slot]) continue;
      const end = completed[slots[other] as number] as number;
      if (end < completion || (end === completion && other < slot))
        rivals[slot] = (rivals[slot] as number) | (1 << other);
      else rivals[other] = (rivals[other] as number) | (1 << slot);
    }
  };
  const open = (index: number): void => {
    const bit = free & -free;
    const slot = numberOf(bit);
    free ^= bit;
    const { readOnly, same } = moves[index] as Move;
    slots[slot] = index;
    slotOf[index] = slot;
    sames[slot] = same;
    const completion = completed[index] as number;
    certain = completion < Number.POSITIVE_INFINITY ? certain | bit : certain & ~bit;
    if (!readOnly) {
      meetRivals(slot, completion);
      movers |= bit;
      return;
    }
    watchers |= bit;
    for (let place = 0; place < frontier.count(); place += 1)
      if (step(frontier.state(place), index) >= 0) frontier.mark(place, bit);
  };
  const close = (bit: number): void => {
    free |= bit;
    watchers &= ~bit;
    movers &= ~bit;
    for (let rest = movers; rest !== 0; rest &= rest - 1) {
      const other = numberOf(rest & -rest);
      rivals[other] = (rivals[other] as number) & ~bit;
    }
  };
  /** With the moves that change nothing and that this state suits: they take effect at once. */
  const settled = (state: number, mask: number): number => {
    let all = mask;
    for (let rest = watchers & ~mask; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest;
      if (step(state, slots[numberOf(bit)] as number) >= 0) all |= bit;
    }
    return all;
  };

  let steps = 0;
  const stack: number[] = [];
  /** Where the move of this bit has been answered its slot is free for the next one. Else: goes on from there. */
  const reach = (state: number, mask: number, bit: number): void => {
    if ((mask & bit) !== 0) {
      reached.add(state, mask ^ bit, certain);
      return;
    }
    const found = between.add(state, mask, certain);
    if (found >= 0) stack.push(found);
  };
  /** Every configuration in which this move has taken effect; false: too many steps. */
  const force = (bit: number): boolean => {
    for (let place = 0; place < frontier.count(); place += 1)
      reach(frontier.state(place), frontier.mask(place), bit);
    steps += frontier.count();
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const before = between.state(top);
      const mask = between.mask(top);
      for (let rest = movers & ~mask; rest !== 0; rest &= rest - 1) {
        const next = rest & -rest;
        const mover = numberOf(next);
        if (((rivals[mover] as number) & ~mask) !== 0) continue;
        const state = step(before, slots[mover] as number);
        if (state < 0) continue;
        steps += 1;
        if (steps > stepsMax) return false;
        reach(state, settled(state, mask | next), bit);
      }
    }
    return true;
  };

  for (let begin = 0, end = 0; end < ended; ) {
    const index = ends[end] as number;
    // At equal times invocations first, because equal is concurrent. Every completion has its invocation before it.
    const next = begins[begin];
    if (next !== undefined && (invoked[next] as number) <= (completed[index] as number)) {
      begin += 1;
      open(next);
      continue;
    }
    end += 1;
    const bit = 1 << (slotOf[index] as number);
    reached.clear();
    between.clear();
    if (!force(bit)) return { verdict: "unknown", steps, stuckAt: null };
    if (reached.count() === 0) return { verdict: "invalid", steps, stuckAt: index };
    close(bit);
    [frontier, reached] = [reached, frontier];
  }
  return { verdict: "valid", steps, stuckAt: null };
}
