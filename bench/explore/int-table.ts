// A map from a few integers to one, in typed arrays: no object, no string for each entry.
//   table.key[0] = …; table.key[1] = …; table.get() ?? table.set(…)
export interface IntTable {
  readonly key: Int32Array;
  /** -1: not there. */
  readonly get: () => number;
  /** Of the same key as the last get; what it returns is what was put. */
  readonly set: (value: number) => number;
  readonly size: () => number;
}

export function intTable(words: number): IntTable {
  let capacity = 1 << 12;
  let keys = new Int32Array(capacity * words);
  let values = new Int32Array(capacity).fill(-1);
  let count = 0;
  const key = new Int32Array(words);

  function find(): number {
    let hash = 0x9e3779b9;
    for (let word = 0; word < words; word += 1) {
      hash = Math.imul(hash ^ (key[word] as number), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    const mask = capacity - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      if (values[slot] === -1) return slot;
      let word = 0;
      while (word < words && keys[slot * words + word] === key[word]) word += 1;
      if (word === words) return slot;
    }
  }

  function put(value: number): void {
    const slot = find();
    keys.set(key, slot * words);
    values[slot] = value;
    count += 1;
  }

  function grow(): void {
    const [oldKeys, oldValues, wanted] = [keys, values, Int32Array.from(key)];
    capacity *= 2;
    keys = new Int32Array(capacity * words);
    values = new Int32Array(capacity).fill(-1);
    count = 0;
    for (let slot = 0; slot < oldValues.length; slot += 1) {
      const value = oldValues[slot] as number;
      if (value === -1) continue;
      for (let word = 0; word < words; word += 1) key[word] = oldKeys[slot * words + word] as number;
      put(value);
    }
    key.set(wanted);
  }

  return {
    key,
    get: () => values[find()] as number,
    set: (value) => {
      if (count * 10 > capacity * 6) grow();
      put(value);
      return value;
    },
    size: () => count,
  };
}
