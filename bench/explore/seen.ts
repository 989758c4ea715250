// Which worlds were reached already: a fingerprint of 64 bits each, and with what budget of faults. A world reached again with
// no more than it had before can do nothing new. In parts that grow one at a time, so that growing never needs twice the memory.
export interface Seen {
  /** Whether this is new, or was known with other budgets only; then it is noted. */
  readonly add: (words: Int32Array, at: number, count: number, budget: number) => boolean;
  readonly bytes: () => number;
}

const PARTS = 256;
const BYTES_A_SLOT = 10;

interface Part {
  high: Int32Array;
  low: Int32Array;
  /** Budget + 1; 0: free. */
  budgets: Uint16Array;
  count: number;
}

const newPart = (slots: number): Part => ({
  high: new Int32Array(slots),
  low: new Int32Array(slots),
  budgets: new Uint16Array(slots),
  count: 0,
});

/** `allowsMore`: whether the first budget allows all that the second does. */
export function seenWorlds(allowsMore: (one: number, other: number) => boolean): Seen {
  const parts = Array.from({ length: PARTS }, () => newPart(1 << 8));
  let slots = PARTS << 8;

  function grow(part: Part): void {
    const { high, low, budgets } = part;
    const next = newPart(budgets.length * 2);
    const mask = next.budgets.length - 1;
    for (let from = 0; from < budgets.length; from += 1) {
      if (budgets[from] === 0) continue;
      let slot = (low[from] as number) & mask;
      while (next.budgets[slot] !== 0) slot = (slot + 1) & mask;
      next.high[slot] = high[from] as number;
      next.low[slot] = low[from] as number;
      next.budgets[slot] = budgets[from] as number;
    }
    slots += budgets.length;
    part.high = next.high;
    part.low = next.low;
    part.budgets = next.budgets;
  }

  return {
    bytes: () => slots * BYTES_A_SLOT,
    add: (words, at, count, budget) => {
      let a = 0x811c9dc5;
      let b = 0x9e3779b9;
      for (let word = at; word < at + count; word += 1) {
        const value = words[word] as number;
        a = Math.imul(a ^ value, 0x85ebca6b);
        a ^= a >>> 13;
        b = Math.imul(b + value, 0xc2b2ae35);
        b ^= b >>> 16;
        b = (b << 7) | (b >>> 25);
      }
      a = Math.imul(a ^ (b >>> 7), 0x27d4eb2f);
      a ^= a >>> 15;
      b = Math.imul(b ^ a, 0x165667b1);
      b ^= b >>> 15;
      const part = parts[a & (PARTS - 1)] as Part;
      if (part.count * 10 > part.budgets.length * 7) grow(part);
      const mask = part.budgets.length - 1;
      let replaceable = -1;
      let slot = b & mask;
      for (; part.budgets[slot] !== 0; slot = (slot + 1) & mask) {
        if (part.low[slot] !== b || part.high[slot] !== a) continue;
        const known = (part.budgets[slot] as number) - 1;
        if (known === budget || allowsMore(known, budget)) return false;
        if (allowsMore(budget, known)) replaceable = slot;
      }
      if (replaceable >= 0) part.budgets[replaceable] = budget + 1;
      else {
        part.high[slot] = a;
        part.low[slot] = b;
        part.budgets[slot] = budget + 1;
        part.count += 1;
      }
      return true;
    },
  };
}
