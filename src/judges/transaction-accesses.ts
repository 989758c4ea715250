// What each transaction did with each key, by key, and what its own steps say against each other. Reads of failed and unknown
// ones are not known.
import { FAILED, OK, ODD_READ, PUT, type TransactionColumns } from "../domain/transaction-columns.ts";

/** A list that was read: `length` items from `place` on; of a register one or none. */
export interface Seen {
  readonly place: number;
  readonly length: number;
}

export interface Accesses {
  /** Of key k: start[k] … start[k + 1] − 1, in the order of the transactions. */
  readonly start: Uint32Array;
  readonly row: Int32Array;
  /** What its first read of the key gave, before its own puts. */
  readonly place: Int32Array;
  /** -1: it did not read first. */
  readonly length: Int32Array;
  /** What it put there, in order: puts[firstPut] … puts[firstPut + putCount − 1]. */
  readonly firstPut: Uint32Array;
  readonly putCount: Uint32Array;
  readonly puts: Int32Array;
  /** Transactions whose own steps contradict each other. */
  readonly internal: readonly { readonly row: number; readonly reason: string }[];
}

const SHOWN = 6;

/** `[1 2 3]`, the end of a long one. */
export function listText(
  items: ArrayLike<number>,
  { place, length }: Seen,
  textOf: (value: number) => string,
  shown = SHOWN,
): string {
  const from = length > shown ? place + length - shown : place;
  const texts: string[] = length > shown ? ["…"] : [];
  for (let at = from; at < place + length; at += 1) texts.push(textOf(items[at] as number));
  return `[${texts.join(" ")}]`;
}

/** What a transaction knows of a key by its own steps. */
interface Knowledge {
  key: number;
  firstPlace: number;
  firstLength: number;
  /** Its latest read (length -1: none), or else what it wrote to a register; and what it appended since. */
  knownPlace: number;
  knownLength: number;
  knownValue: number;
  since: number[];
  puts: number[];
}

const NONE = -1;
const noKnowledge = (): Knowledge => ({
  key: 0,
  firstPlace: 0,
  firstLength: NONE,
  knownPlace: 0,
  knownLength: NONE,
  knownValue: NONE,
  since: [],
  puts: [],
});

function endsWith(items: Int32Array, end: number, length: number, values: readonly number[]): boolean {
  if (length < values.length) return false;
  return values.every((value, index) => value === items[end - values.length + index]);
}

/** Is what it reads now what it knew? */
function isAsKnown(items: Int32Array, place: number, length: number, known: Knowledge): boolean {
  const { knownPlace, knownLength, knownValue, since } = known;
  if (knownLength < 0) return length === 1 && items[place] === knownValue;
  if (length !== knownLength + since.length) return false;
  if (place !== knownPlace)
    for (let index = 0; index < knownLength; index += 1)
      if (items[place + index] !== items[knownPlace + index]) return false;
  return endsWith(items, place + length, length, since);
}

/** What it knew, in words. */
function knownText({ items, textOf }: TransactionColumns, known: Knowledge): string {
  const { knownPlace, knownLength, knownValue, since } = known;
  const all =
    knownLength < 0 ? [knownValue] : [...items.subarray(knownPlace, knownPlace + knownLength), ...since];
  return listText(all, { place: 0, length: all.length }, textOf);
}

export function accessesOf(columns: TransactionColumns): Accesses {
  const { rows, outcome, firstStep, stepKind, stepKey, stepValue, stepLength, items, keys, textOf } = columns;
  const steps = stepKind.length;
  const key = new Int32Array(steps);
  const row = new Int32Array(steps);
  const place = new Int32Array(steps);
  const length = new Int32Array(steps);
  const firstPut = new Uint32Array(steps);
  const putCount = new Uint32Array(steps);
  const puts = new Int32Array(steps);
  let count = 0;
  let put = 0;
  const internal: { row: number; reason: string }[] = [];
  const pool: Knowledge[] = [];
  let used = 0;
  /** Which of the pool speaks of a key, if its row is this one. */
  const knowledgeAt = new Int32Array(keys.length);
  const knowledgeRow = new Int32Array(keys.length).fill(NONE);
  const knowledgeOf = (at: number, number: number): Knowledge => {
    if (knowledgeRow[number] === at) return pool[knowledgeAt[number] as number] as Knowledge;
    knowledgeRow[number] = at;
    knowledgeAt[number] = used;
    const known = pool[used] ?? noKnowledge();
    pool[used] = known;
    used += 1;
    known.key = number;
    known.firstLength = NONE;
    known.knownLength = NONE;
    known.knownValue = NONE;
    known.since.length = 0;
    known.puts.length = 0;
    return known;
  };
  /** Takes one read; gives why it contradicts what the transaction knew, or null. */
  const takeRead = (known: Knowledge, from: number, size: number): string | null => {
    const { name, list } = keys[known.key] as TransactionColumns["keys"][number];
    const written = known.puts.length;
    let fault: string | null = null;
    const knows = known.knownLength >= 0 || known.knownValue >= 0;
    if (knows ? !isAsKnown(items, from, size, known) : !endsWith(items, from + size, size, known.puts)) {
      const read = listText(items, { place: from, length: size }, textOf);
      fault = knows
        ? `it read ${read} from ${name} where its own steps before say ${knownText(columns, known)}`
        : `it read ${read} from ${name} after it had put ${listText(known.puts, { place: 0, length: written }, textOf)} there`;
    }
    if (known.firstLength < 0 && (list || written === 0)) {
      known.firstPlace = from;
      known.firstLength = Math.max(0, size - written);
    }
    known.knownPlace = from;
    known.knownLength = size;
    known.since.length = 0;
    return fault;
  };
  const takePut = (known: Knowledge, value: number): void => {
    known.puts.push(value);
    if (!(keys[known.key] as TransactionColumns["keys"][number]).list) {
      known.knownLength = NONE;
      known.knownValue = value;
    } else if (known.knownLength >= 0) known.since.push(value);
  };
  for (let at = 0; at < rows; at += 1) {
    if (outcome[at] === FAILED) continue;
    const certain = outcome[at] === OK;
    let fault: string | null = null;
    used = 0;
    for (let step = firstStep[at] as number; step < (firstStep[at + 1] as number); step += 1) {
      const kind = stepKind[step];
      if (kind !== PUT && !certain) continue;
      const known = knowledgeOf(at, stepKey[step] as number);
      if (kind === PUT) takePut(known, stepValue[step] as number);
      else if (kind === ODD_READ) fault ??= `its read of ${keys[known.key]?.name ?? ""} is no list`;
      else {
        const contradiction = takeRead(known, stepValue[step] as number, stepLength[step] as number);
        fault ??= contradiction;
      }
    }
    for (let index = 0; index < used; index += 1) {
      const known = pool[index] as Knowledge;
      key[count] = known.key;
      row[count] = at;
      place[count] = known.firstPlace;
      length[count] = known.firstLength;
      firstPut[count] = put;
      putCount[count] = known.puts.length;
      for (const value of known.puts) {
        puts[put] = value;
        put += 1;
      }
      count += 1;
    }
    if (fault !== null) internal.push({ row: at, reason: fault });
  }
  return { ...byKey(keys.length, count, { key, row, place, length, firstPut, putCount }), puts, internal };
}

type Unsorted = Pick<Accesses, "row" | "place" | "length" | "firstPut" | "putCount"> & {
  readonly key: Int32Array;
};

/** Sorted by key, those of one key in their order. */
function byKey(keys: number, count: number, unsorted: Unsorted): Omit<Accesses, "puts" | "internal"> {
  const start = new Uint32Array(keys + 1);
  for (let at = 0; at < count; at += 1) {
    const next = (unsorted.key[at] as number) + 1;
    start[next] = (start[next] as number) + 1;
  }
  for (let key = 0; key < keys; key += 1)
    start[key + 1] = (start[key + 1] as number) + (start[key] as number);
  const next = start.slice();
  const row = new Int32Array(count);
  const place = new Int32Array(count);
  const length = new Int32Array(count);
  const firstPut = new Uint32Array(count);
  const putCount = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) {
    const key = unsorted.key[at] as number;
    const to = next[key] as number;
    next[key] = to + 1;
    row[to] = unsorted.row[at] as number;
    place[to] = unsorted.place[at] as number;
    length[to] = unsorted.length[at] as number;
    firstPut[to] = unsorted.firstPut[at] as number;
    putCount[to] = unsorted.putCount[at] as number;
  }
  return { start, row, place, length, firstPut, putCount };
}
