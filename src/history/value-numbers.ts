// Numbers for the values of registers, from 0 (null) within each key. Whole numbers and plain texts, nearly all values
// there are, cost no object each.
import { canonical } from "../domain/canonical.ts";
import { byteStrings } from "./byte-strings.ts";

export interface ValueNumbers {
  ofInteger(key: number, value: number): number;
  /** Printable ASCII without escapes. */
  ofText(key: number, bytes: Uint8Array, start: number, end: number): number;
  /** Any value; the same number as the two above give for the same value. */
  of(key: number, value: unknown): number;
  /** How many values each key has, null included. */
  counts(keys: number): Uint32Array;
}

/** Keys and values of a key are below this: both fit into one float. */
const RANGE = 2 ** 26;
const PLAIN = /^[\x20-\x7e]*$/;

export function valueNumbers(): ValueNumbers {
  /** Slots of two: the value, and key × RANGE + its number + 1; 0: free. */
  let table = new Float64Array(2048);
  let used = 0;
  let next = new Uint32Array(64).fill(1);
  const texts = byteStrings();
  let textNumbers = new Uint32Array(64);
  const others = new Map<string, number>();

  const fresh = (key: number): number => {
    if (key >= next.length) {
      const wider = new Uint32Array(Math.max(next.length * 2, key + 1)).fill(1);
      wider.set(next);
      next = wider;
    }
    const number = next[key] as number;
    if (number >= RANGE || key >= RANGE) throw new RangeError("more keys or values than can be numbered");
    next[key] = number + 1;
    return number;
  };
  const place = (key: number, value: number): number => {
    let hash = Math.imul((value | 0) ^ Math.imul((value / 0x100000000) | 0, 0x27d4eb2f), 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(key, 0x85ebca6b), 0x2c1b3c6d);
    return (hash ^ (hash >>> 13)) & ((table.length >> 1) - 1);
  };
  const grow = () => {
    const before = table;
    table = new Float64Array(before.length * 2);
    const mask = (table.length >> 1) - 1;
    for (let slot = 0; slot < before.length; slot += 2) {
      const entry = before[slot + 1] as number;
      if (entry === 0) continue;
      const value = before[slot] as number;
      let at = place(Math.floor(entry / RANGE), value);
      while (table[2 * at + 1] !== 0) at = (at + 1) & mask;
      table[2 * at] = value;
      table[2 * at + 1] = entry;
    }
  };
  const ofInteger = (key: number, value: number): number => {
    const mask = (table.length >> 1) - 1;
    const low = key * RANGE;
    let at = place(key, value);
    for (;;) {
      const entry = table[2 * at + 1] as number;
      if (entry === 0) break;
      if (table[2 * at] === value && entry >= low && entry < low + RANGE) return entry - low;
      at = (at + 1) & mask;
    }
    const number = fresh(key);
    table[2 * at] = value;
    table[2 * at + 1] = low + number; // never 0: numbers begin at 1
    used += 1;
    if (used * 3 > table.length) grow();
    return number;
  };
  const ofText = (key: number, bytes: Uint8Array, start: number, end: number): number => {
    const before = texts.count;
    const text = texts.number(key, bytes, start, end);
    if (text < before) return textNumbers[text] as number;
    if (text >= textNumbers.length) {
      const wider = new Uint32Array(textNumbers.length * 2);
      wider.set(textNumbers);
      textNumbers = wider;
    }
    const number = fresh(key);
    textNumbers[text] = number;
    return number;
  };
  return {
    ofInteger,
    ofText,
    of(key, value) {
      if (value === null) return 0;
      if (Number.isSafeInteger(value)) return ofInteger(key, value as number);
      if (typeof value === "string" && PLAIN.test(value)) {
        const bytes = Buffer.from(value, "latin1");
        return ofText(key, bytes, 0, bytes.length);
      }
      const name = `${key} ${typeof value} ${String(canonical(value))}`;
      const found = others.get(name);
      if (found !== undefined) return found;
      const number = fresh(key);
      others.set(name, number);
      return number;
    },
    counts(keys) {
      const counts = new Uint32Array(keys).fill(1);
      counts.set(next.subarray(0, keys));
      return counts;
    },
  };
}
