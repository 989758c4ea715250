// Numbers for texts that are still bytes: equal bytes in the same space get the same number, without a string for each.

export interface ByteStrings {
  readonly count: number;
  /** The number of these bytes in this space, from 0 over all spaces. */
  number(space: number, bytes: Uint8Array, start: number, end: number): number;
  /** The same, or -1 where they have none yet. */
  find(space: number, bytes: Uint8Array, start: number, end: number): number;
  /** Bytes of a number; valid until the next call of `number`. */
  bytesOf(number: number): Uint8Array;
}

function doubled<T extends Uint8Array | Uint32Array | Int32Array>(list: T, sizeMin: number): T {
  const wider = new (list.constructor as new (size: number) => T)(Math.max(list.length * 2, sizeMin));
  wider.set(list);
  return wider;
}

export function byteStrings(): ByteStrings {
  let arena = new Uint8Array(1024);
  let ends = new Uint32Array(64);
  let spaces = new Int32Array(64);
  let hashes = new Int32Array(64);
  let table = new Int32Array(128);
  let count = 0;
  const startOf = (number: number) => (number === 0 ? 0 : (ends[number - 1] as number));

  const rehash = () => {
    table = new Int32Array(table.length * 2);
    for (let number = 0; number < count; number += 1) {
      let at = (hashes[number] as number) & (table.length - 1);
      while (table[at] !== 0) at = (at + 1) & (table.length - 1);
      table[at] = number + 1;
    }
  };
  const add = (space: number, hash: number, bytes: Uint8Array, start: number, end: number) => {
    if (count === ends.length) {
      ends = doubled(ends, 0);
      spaces = doubled(spaces, 0);
      hashes = doubled(hashes, 0);
    }
    let at = startOf(count);
    if (at + end - start > arena.length) arena = doubled(arena, at + end - start);
    for (let from = start; from < end; from += 1, at += 1) arena[at] = bytes[from] as number;
    ends[count] = at;
    spaces[count] = space;
    hashes[count] = hash;
    count += 1;
  };
  const same = (number: number, space: number, bytes: Uint8Array, start: number, end: number): boolean => {
    const base = startOf(number);
    if (spaces[number] !== space || (ends[number] as number) - base !== end - start) return false;
    for (let at = start; at < end; at += 1) if (arena[base + at - start] !== bytes[at]) return false;
    return true;
  };
  const hashOf = (space: number, bytes: Uint8Array, start: number, end: number): number => {
    let hash = Math.imul(space + 1, 0x9e3779b1);
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    return hash ^ (hash >>> 15);
  };
  return {
    get count() {
      return count;
    },
    number(space, bytes, start, end) {
      const hash = hashOf(space, bytes, start, end);
      let at = hash & (table.length - 1);
      for (; table[at] !== 0; at = (at + 1) & (table.length - 1)) {
        const number = (table[at] as number) - 1;
        if (hashes[number] === hash && same(number, space, bytes, start, end)) return number;
      }
      table[at] = count + 1;
      add(space, hash, bytes, start, end);
      if (count * 2 > table.length) rehash();
      return count - 1;
    },
    find(space, bytes, start, end) {
      const hash = hashOf(space, bytes, start, end);
      for (let at = hash & (table.length - 1); table[at] !== 0; at = (at + 1) & (table.length - 1)) {
        const number = (table[at] as number) - 1;
        if (hashes[number] === hash && same(number, space, bytes, start, end)) return number;
      }
      return -1;
    },
    bytesOf: (number) => arena.subarray(startOf(number), ends[number]),
  };
}
