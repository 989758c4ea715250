// Compare-and-sets that were refused, on columns: negative reads, "it was not v", and outside the theorem of
// register-chains.ts. An order of the blocks is a row of stages, each a time in which the register holds one value; every
// refusal needs a stage of another value that real time allows. In a stage all that only looks has the order of its times.
import { REFUSED, type RegisterColumns, WRITE } from "../domain/register-columns.ts";
import type { Chains } from "./register-chains.ts";
import { sortByTime } from "./sort-times.ts";

const never = Number.POSITIVE_INFINITY;

/** A refusal wholly inside a time in which the register certainly held just that value; -1: none. */
export function refusedWhileHeld(
  { kind, from, invoked, completed }: RegisterColumns,
  chains: Chains,
  writerTimes: { readonly invoked: Float64Array; readonly completed: Float64Array },
): number {
  const { blockOf, readEnd, readStart, next } = chains;
  for (let index = 0; index < kind.length; index += 1) {
    if (kind[index] !== REFUSED) continue;
    const value = from[index] as number;
    if (blockOf[value] === -1) continue;
    // The swap that replaced the value saw it, too.
    const after = next[value] as number;
    const since =
      value === 0
        ? -never
        : Math.min(
            readEnd[value] as number,
            writerTimes.completed[value] as number,
            after === -1 ? never : (writerTimes.completed[after] as number),
          );
    if (since >= (invoked[index] as number)) continue;
    const until = Math.max(
      readStart[value] as number,
      writerTimes.invoked[value] as number,
      after === -1 ? -never : (writerTimes.invoked[after] as number),
    );
    if ((completed[index] as number) < until) return index;
  }
  return -1;
}

/** Times of each value's kept writer: Infinity and -Infinity where there is none. */
export function timesOfWriters(
  { invoked, completed, values }: RegisterColumns,
  { writer }: Chains,
): { readonly invoked: Float64Array; readonly completed: Float64Array } {
  const times = {
    invoked: new Float64Array(values).fill(-never),
    completed: new Float64Array(values).fill(never),
  };
  for (let value = 0; value < values; value += 1) {
    const index = writer[value] as number;
    if (index < 0) continue;
    times.invoked[value] = invoked[index] as number;
    times.completed[value] = completed[index] as number;
  }
  return times;
}

/** Blocks in an order that real time allows, by the left or the right end of their zones. */
export function orderBlocks({ first, last, head, blocks }: Chains, by: "left" | "right"): Uint32Array {
  const place = new Float64Array(blocks);
  for (let block = 0; block < blocks; block += 1) {
    const [begin, end] = [first[block] as number, last[block] as number];
    place[block] = head[block] === 0 ? -never : by === "left" ? Math.min(begin, end) : Math.max(begin, end);
  }
  const order = sortByTime(place, blocks);
  // At equal places a block that can move goes before one that holds its ground on the left, after it on the right.
  const rank = (block: number) =>
    head[block] === 0 ? -1 : (first[block] as number) < (last[block] as number) === (by === "left") ? 1 : 0;
  for (let start = 0; start < blocks; ) {
    const at = place[order[start] as number];
    let end = start + 1;
    while (end < blocks && place[order[end] as number] === at) end += 1;
    if (end - start > 1)
      order.set(
        order.slice(start, end).sort((a, b) => rank(a) - rank(b)),
        start,
      );
    start = end;
  }
  return order;
}

interface Stages {
  readonly count: number;
  /** Stage → its value. Stage 0 is the initial value's, seen or not. */
  readonly value: Int32Array;
  /** 1: a write that nobody saw could come right behind it. */
  readonly endsBlock: Uint8Array;
  /** Stage s and all after it: the earliest completion. */
  readonly overFrom: Float64Array;
  /** Stage s and all before it: the latest invocation of a writer, and of a reader. */
  readonly writerUpTo: Float64Array;
  readonly readerUpTo: Float64Array;
}

function stagesOf(
  chains: Chains,
  order: Uint32Array,
  writerTimes: { readonly invoked: Float64Array; readonly completed: Float64Array },
): Stages {
  const { head, next, readEnd, readStart } = chains;
  const size = readEnd.length + 1;
  const value = new Int32Array(size);
  const endsBlock = new Uint8Array(size);
  let count = 0;
  if (order.length === 0 || head[order[0] as number] !== 0) {
    endsBlock[0] = 1;
    count = 1; // nobody saw the initial value
  }
  for (const block of order) {
    for (let at = head[block] as number; at !== -1; at = next[at] as number) {
      value[count] = at;
      count += 1;
    }
    endsBlock[count - 1] = 1;
  }
  const overFrom = new Float64Array(count);
  const writerUpTo = new Float64Array(count);
  const readerUpTo = new Float64Array(count);
  let over = never;
  for (let stage = count - 1; stage >= 0; stage -= 1) {
    const at = value[stage] as number;
    over = Math.min(over, readEnd[at] as number, writerTimes.completed[at] as number);
    overFrom[stage] = over;
  }
  let writer = -never;
  let reader = -never;
  for (let stage = 0; stage < count; stage += 1) {
    const at = value[stage] as number;
    writer = Math.max(writer, writerTimes.invoked[at] as number);
    reader = Math.max(reader, readStart[at] as number);
    writerUpTo[stage] = writer;
    readerUpTo[stage] = reader;
  }
  return { count, value, endsBlock, overFrom, writerUpTo, readerUpTo };
}

/** How many of an ascending list are below the limit. */
function countBelow(ascending: Float64Array, limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of an ascending list are at most the limit. */
function countUpTo(ascending: Float64Array, limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function refusedOf({ kind, invoked, completed }: RegisterColumns, count: number) {
  const index = new Uint32Array(count);
  const begins = new Float64Array(count);
  const ends = new Float64Array(count);
  let at = 0;
  for (let each = 0; each < kind.length; each += 1) {
    if (kind[each] !== REFUSED) continue;
    index[at] = each;
    begins[at] = invoked[each] as number;
    ends[at] = completed[each] as number;
    at += 1;
  }
  return { index, begins, ends, byBegin: sortByTime(begins, count), byEnd: sortByTime(ends, count) };
}

/** Writes that may have happened, that nobody saw and no refusal speaks of, by invocation: each can end a stage. */
function spareWrites({ kind, from, to, invoked, values }: RegisterColumns, chains: Chains): Float64Array {
  const spoken = new Uint8Array(values);
  for (let index = 0; index < kind.length; index += 1)
    if (kind[index] === REFUSED) spoken[from[index] as number] = 1;
  const times: number[] = [];
  for (let index = 0; index < kind.length; index += 1) {
    if (kind[index] !== WRITE) continue;
    const value = to[index] as number;
    if (chains.writer[value] !== index && spoken[value] === 0) times.push(invoked[index] as number);
  }
  return Float64Array.from(times).sort();
}

/** A refusal (its row) that this order leaves no place; another block right behind that stage would make one. */
interface Misfit {
  readonly refusal: number;
  readonly stage: number;
}

/** Puts each refusal into the earliest stage that it may have. null: all have one; "none": one can't have one here. */
function placeAll(
  columns: RegisterColumns,
  chains: Chains,
  order: Uint32Array,
  writerTimes: { readonly invoked: Float64Array; readonly completed: Float64Array },
): Misfit | "none" | null {
  const { from } = columns;
  const { count, value, endsBlock, overFrom, writerUpTo, readerUpTo } = stagesOf(chains, order, writerTimes);
  const { index, begins, ends, byBegin, byEnd } = refusedOf(columns, chains.refused);
  const spare = spareWrites(columns, chains);
  let spareUsed = 0;
  const interrupted = new Uint8Array(count);
  const stageOf = new Int32Array(index.length);
  let passed = 0;
  let behind = 0;
  for (const refusal of byBegin) {
    const begin = begins[refusal] as number;
    const end = ends[refusal] as number;
    // Every refusal that was over before this one began has its stage already: its invocation was earlier still.
    for (; passed < byEnd.length && (ends[byEnd[passed] as number] as number) < begin; passed += 1)
      behind = Math.max(behind, stageOf[byEnd[passed] as number] as number);
    let stage = Math.max(countBelow(overFrom, begin) - 1, behind);
    const looksAgain = countUpTo(readerUpTo, end);
    const highest = Math.min(countUpTo(writerUpTo, end) - 1, looksAgain, count - 1);
    if (stage > highest) return "none";
    const row = index[refusal] as number;
    if (value[stage] === from[row]) {
      if (stage < highest) stage += 1;
      else if (endsBlock[stage] === 0 || looksAgain <= stage) return "none";
      else if (interrupted[stage] === 0) {
        // Invoked no later than this refusal: then nothing that must come before the write is placed behind it.
        const write = spare[spareUsed];
        if (write === undefined || write > begin || countBelow(overFrom, write) - 1 > stage)
          return { refusal: row, stage };
        spareUsed += 1;
        interrupted[stage] = 1;
      }
    }
    stageOf[refusal] = stage;
  }
  return null;
}

/** Blocks on either side that are tried; every repair places all refusals anew. */
const NEIGHBOURS = 64;
const REPAIRS_MAX = 64;

/** Moves another block right behind that stage's where real time allows it; false: there is none. */
function repair(
  columns: RegisterColumns,
  chains: Chains,
  order: Uint32Array,
  { refusal, stage }: Misfit,
): boolean {
  const { first, last, head, next, writer } = chains;
  const end = columns.completed[refusal] as number;
  let place = -1; // of the block of that stage; stays -1 for an initial value that nobody saw
  for (let passed = head[order[0] as number] === 0 ? -1 : 0; passed < stage; ) {
    place += 1;
    for (let at = head[order[place] as number] as number; at !== -1; at = next[at] as number) passed += 1;
  }
  const begunBy = (block: number): boolean => {
    const index = writer[head[block] as number] as number;
    return index >= 0 && (columns.invoked[index] as number) <= end;
  };
  const before = (a: number, b: number): boolean => (first[a] as number) < (last[b] as number);
  for (let from = place + 2; from < Math.min(order.length, place + NEIGHBOURS); from += 1) {
    const block = order[from] as number;
    if (!begunBy(block)) continue;
    if (order.subarray(place + 1, from).some((other) => before(other, block))) continue;
    order.copyWithin(place + 2, place + 1, from);
    order[place + 1] = block;
    return true;
  }
  for (let from = place - 1; from >= Math.max(0, place - NEIGHBOURS); from -= 1) {
    const block = order[from] as number;
    if (!begunBy(block)) continue;
    if (order.subarray(from + 1, place + 1).some((other) => before(block, other))) continue;
    order.copyWithin(from, from + 1, place + 1);
    order[place] = block;
    return true;
  }
  return false;
}

/**
 * Has this order of the blocks, or one near it, a place for every refusal? `true` is a proof that the history is
 * linearizable, `false` is none of the contrary.
 */
export function placeRefused(
  columns: RegisterColumns,
  chains: Chains,
  order: Uint32Array,
  writerTimes: { readonly invoked: Float64Array; readonly completed: Float64Array },
): boolean {
  for (let repairs = 0; repairs <= REPAIRS_MAX; repairs += 1) {
    const misfit = placeAll(columns, chains, order, writerTimes);
    if (misfit === null) return true;
    if (misfit === "none" || !repair(columns, chains, order, misfit)) return false;
  }
  return false;
}
