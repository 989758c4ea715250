// The longest list that was read of each key, as the bytes of its elements: a read that begins with them, as nearly all
// do, is known by comparing bytes, without looking at its elements.
import { growingLists } from "../domain/growing-lists.ts";

export interface ListPrefixes {
  /** How many elements are known. */
  count(key: number): number;
  /**
   * How many of the known elements stand at `at`, where nothing else stands before the next comma or the list's end; 0
   * also where that is not plain to see. `behind` is then the place behind them.
   */
  match(key: number, bytes: Uint8Array, words: DataView, at: number): number;
  readonly behind: number;
  /** One element more: these bytes, with what separates it from the one before. */
  extend(key: number, bytes: Uint8Array, start: number, end: number): void;
}

const COMMA = 44;
const END = 93;

export function listPrefixes(): ListPrefixes {
  const texts = growingLists((size) => new Uint8Array(size));
  /** Where each element ends in the text of its key. */
  const ends = growingLists((size) => new Int32Array(size));
  let view = new DataView(texts.all.buffer);
  let behind = 0;

  /** How many elements end at or before this place of the text, if one ends just there; else 0. */
  const countAt = (key: number, place: number): number => {
    const start = ends.startOf(key);
    const { all } = ends;
    let low = 0;
    let high = ends.lengthOf(key);
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((all[start + middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return all[start + low] === place && low < ends.lengthOf(key) ? low + 1 : 0;
  };
  return {
    count: (key) => ends.lengthOf(key),
    get behind() {
      return behind;
    },
    match(key, bytes, words, at) {
      const { all } = texts;
      if (view.buffer !== all.buffer) view = new DataView(all.buffer);
      const start = texts.startOf(key);
      const length = Math.min(texts.lengthOf(key), bytes.length - at);
      let same = 0;
      while (same + 4 <= length && view.getInt32(start + same) === words.getInt32(at + same)) same += 4;
      while (same < length && all[start + same] === bytes[at + same]) same += 1;
      const next = bytes[at + same];
      if (same === 0 || (next !== COMMA && next !== END)) return 0;
      behind = at + same;
      return countAt(key, same);
    },
    extend(key, bytes, start, end) {
      for (let at = start; at < end; at += 1) texts.push(key, bytes[at] as number);
      ends.push(key, texts.lengthOf(key));
    },
  };
}
