// The set of configurations.ts where one word holds what has taken effect: no configuration is copied. `certain` may
// change between `clear` and the next `add`, not in between.

export function narrowConfigurations() {
  let states = new Int32Array(32);
  let masks = new Int32Array(32);
  /** Configuration → its place in the table, of index + 1; 0: free. */
  let places = new Int32Array(32);
  let table = new Int32Array(64);
  let count = 0;
  const hash = (state: number, sure: number): number => {
    let h = Math.imul(state + 1, 0x9e3779b1);
    h = Math.imul(h ^ sure, 0x85ebca6b);
    return h ^ (h >>> 15);
  };
  const grow = (certain: number) => {
    const size = table.length;
    table = new Int32Array(2 * size);
    places = new Int32Array(size);
    const [widerStates, widerMasks] = [new Int32Array(size), new Int32Array(size)];
    widerStates.set(states);
    widerMasks.set(masks);
    states = widerStates;
    masks = widerMasks;
    for (let index = 0; index < count; index += 1) {
      let at = hash(states[index] as number, (masks[index] as number) & certain) & (table.length - 1);
      while (table[at] !== 0) at = (at + 1) & (table.length - 1);
      table[at] = index + 1;
      places[index] = at;
    }
  };
  return {
    count: () => count,
    state: (index: number) => states[index] as number,
    mask: (index: number) => masks[index] as number,
    /** The move of this bit has taken effect there; to be followed by `clear`, not by `add`. */
    mark(index: number, bit: number) {
      masks[index] = (masks[index] as number) | bit;
    },
    clear() {
      for (let index = 0; index < count; index += 1) table[places[index] as number] = 0;
      count = 0;
    },
    /** Index of the configuration when it is new or better than a known one, else -1. */
    add(state: number, mask: number, certain: number): number {
      const sure = mask & certain;
      let at = hash(state, sure) & (table.length - 1);
      for (; table[at] !== 0; at = (at + 1) & (table.length - 1)) {
        const index = (table[at] as number) - 1;
        const known = masks[index] as number;
        if (states[index] !== state || (known & certain) !== sure) continue;
        if ((known & ~mask) === 0) return -1;
        if ((mask & ~known) === 0) {
          masks[index] = mask;
          return index;
        }
      }
      states[count] = state;
      masks[count] = mask;
      places[count] = at;
      count += 1;
      table[at] = count;
      if (count * 2 >= table.length) grow(certain);
      return count - 1;
    },
  };
}
