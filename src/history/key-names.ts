// Numbers for the names of keys, by first use; from texts or from bytes, without a string for each use.
import { byteStrings } from "./byte-strings.ts";

export interface KeyNames {
  readonly names: readonly string[];
  ofName(name: string): number;
  /** Printable ASCII without escapes. */
  ofBytes(bytes: Uint8Array, start: number, end: number): number;
  /** The same, or -1 where it has none yet, or none by its bytes. */
  find(bytes: Uint8Array, start: number, end: number): number;
}

export function keyNames(): KeyNames {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  /** Names that came as bytes, and their numbers. */
  const plain = byteStrings();
  let ofPlain = new Int32Array(64);
  const ofName = (name: string): number => {
    const found = numbers.get(name);
    if (found !== undefined) return found;
    const number = names.push(name) - 1;
    numbers.set(name, number);
    return number;
  };
  return {
    names,
    ofName,
    ofBytes(bytes, start, end) {
      const before = plain.count;
      const place = plain.number(0, bytes, start, end);
      if (place < before) return ofPlain[place] as number;
      if (place === ofPlain.length) {
        const wider = new Int32Array(place * 2);
        wider.set(ofPlain);
        ofPlain = wider;
      }
      const number = ofName(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
      ofPlain[place] = number;
      return number;
    },
    find(bytes, start, end) {
      const place = plain.find(0, bytes, start, end);
      return place < 0 ? -1 : (ofPlain[place] as number);
    },
  };
}
