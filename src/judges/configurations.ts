// A set of configurations of a search in flat memory: [state, mask word, mask word, ...]. Of two that differ only in
// bits that are not `certain` (unknown operations used), the one that used fewer stays: it can do all the other can.

/** `certain` may change between `clear` and the next `add`, not in between. */
export function configurations(words: number, certain: Int32Array) {
  const stride = words + 1;
  let data = new Int32Array(4 * stride);
  let table = new Int32Array(16);
  /** Configuration → its place in the table. */
  let places = new Int32Array(8);
  let count = 0;

  const hash = (config: Int32Array): number => {
    let h = Math.imul((config[0] as number) + 1, 0x9e3779b1);
    for (let word = 0; word < words; word += 1) {
      h = Math.imul(h ^ ((config[word + 1] as number) & (certain[word] as number)), 0x85ebca6b);
      h ^= h >>> 15;
    }
    return h >>> 0;
  };
  const load = (index: number, into: Int32Array) => {
    for (let at = 0; at < stride; at += 1) into[at] = data[index * stride + at] as number;
  };
  const store = (index: number, config: Int32Array) => {
    for (let at = 0; at < stride; at += 1) data[index * stride + at] = config[at] as number;
  };
  const grow = () => {
    const wider = new Int32Array(data.length * 2);
    wider.set(data);
    data = wider;
  };
  const rehash = () => {
    table = new Int32Array(table.length * 2);
    places = new Int32Array(table.length / 2);
    const config = new Int32Array(stride);
    for (let index = 0; index < count; index += 1) {
      load(index, config);
      let at = hash(config) & (table.length - 1);
      while (table[at] !== 0) at = (at + 1) & (table.length - 1);
      table[at] = index + 1;
      places[index] = at;
    }
  };
  /** 0: differ in what is certain; 1: the known one is at least as good; 2: the new one is better. */
  const compare = (index: number, config: Int32Array): 0 | 1 | 2 => {
    const base = index * stride;
    if (data[base] !== config[0]) return 0;
    let knownLess = true;
    let newLess = true;
    for (let word = 0; word < words; word += 1) {
      const known = data[base + word + 1] as number;
      const given = config[word + 1] as number;
      if (((known ^ given) & (certain[word] as number)) !== 0) return 0;
      if ((known & ~given) !== 0) knownLess = false;
      if ((given & ~known) !== 0) newLess = false;
    }
    return knownLess ? 1 : newLess ? 2 : 0;
  };
  return {
    get count() {
      return count;
    },
    load,
    store,
    state(index: number): number {
      return data[index * stride] as number;
    },
    clear() {
      // A table that was large once is not filled anew for a few.
      if (count * 8 > table.length) table.fill(0);
      else for (let index = 0; index < count; index += 1) table[places[index] as number] = 0;
      count = 0;
    },
    /** Index of the configuration when it is new or better than a known one, else -1. */
    add(config: Int32Array): number {
      let at = hash(config) & (table.length - 1);
      for (; table[at] !== 0; at = (at + 1) & (table.length - 1)) {
        const index = (table[at] as number) - 1;
        const relation = compare(index, config);
        if (relation === 1) return -1;
        if (relation === 2) {
          store(index, config);
          return index;
        }
      }
      if ((count + 1) * stride > data.length) grow();
      store(count, config);
      table[at] = count + 1;
      places[count] = at;
      count += 1;
      if (count * 2 >= table.length) rehash();
      return count - 1;
    },
  };
}
