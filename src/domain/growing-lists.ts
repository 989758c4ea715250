// Many lists of numbers in one typed array, some of which grow: where each would be an object, millions would be too many.

export interface GrowingLists<T> {
  /** Where they all lie, and some bytes behind them; another array after any change. */
  readonly all: T;
  readonly used: number;
  startOf(list: number): number;
  lengthOf(list: number): number;
  push(list: number, item: number): void;
  /** A list that has no number and never grows; its place in `all`. */
  add(items: ArrayLike<number>, count: number): number;
}

type Column = Int32Array | Uint8Array;

const ROOM_MIN = 8;
/** So that what lies here may be read by words. */
const BEHIND = 8;

export function growingLists<T extends Column>(column: (size: number) => T): GrowingLists<T> {
  let all = column(1024);
  let used = 0;
  let starts = new Uint32Array(64);
  let lengths = new Uint32Array(64);
  let rooms = new Uint32Array(64);

  const reserve = (more: number): void => {
    if (used + more + BEHIND > all.length) {
      const wider = column(Math.max(2 * all.length, used + more + BEHIND));
      wider.set(all);
      all = wider;
    }
    used += more;
  };
  const widen = (before: Uint32Array, list: number): Uint32Array<ArrayBuffer> => {
    const wider = new Uint32Array(Math.max(2 * before.length, list + 1));
    wider.set(before);
    return wider;
  };
  const makeRoom = (list: number): void => {
    const start = starts[list] as number;
    const room = rooms[list] as number;
    if (room > 0 && start + room === used) reserve(room);
    else {
      const place = used;
      reserve(Math.max(ROOM_MIN, 2 * room));
      all.copyWithin(place, start, start + (lengths[list] as number));
      starts[list] = place;
    }
    rooms[list] = Math.max(ROOM_MIN, 2 * room);
  };
  return {
    get all() {
      return all;
    },
    get used() {
      return used;
    },
    startOf: (list) => starts[list] ?? 0,
    lengthOf: (list) => lengths[list] ?? 0,
    push(list, item) {
      if (list >= starts.length) {
        starts = widen(starts, list);
        lengths = widen(lengths, list);
        rooms = widen(rooms, list);
      }
      const length = lengths[list] as number;
      if (length === rooms[list]) makeRoom(list);
      all[(starts[list] as number) + length] = item;
      lengths[list] = length + 1;
    },
    add(items, count) {
      const place = used;
      reserve(count);
      for (let index = 0; index < count; index += 1) all[place + index] = items[index] as number;
      return place;
    },
  };
}
