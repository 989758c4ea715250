// The theorem of register-blocks.ts on columns: values that were all written once → blocks, each a chain of values that
// swaps weld together, with the zone of time that it must cover. Where it does not say `chains`, register-blocks.ts finds
// the words.
import { READ, REFUSED, type RegisterColumns, SWAP, WRITE } from "../domain/register-columns.ts";
import { sortByTime } from "./sort-times.ts";

const never = Number.POSITIVE_INFINITY;

/** Values with nothing else in between; the chain goes on at `next`. */
export interface Chains {
  /** Value → operation that wrote it and is kept; -1: none. */
  readonly writer: Int32Array;
  /** Value → the value that a kept swap put behind it; -1: none. */
  readonly next: Int32Array;
  /** Value → earliest completion of its reads, Infinity: none; latest invocation, -Infinity: none. */
  readonly readEnd: Float64Array;
  readonly readStart: Float64Array;
  /** Value → number of its block; -1: nobody saw or wrote it for certain. */
  readonly blockOf: Int32Array;
  /** Block → its first value. */
  readonly head: Int32Array;
  /** Block → earliest completion (-Infinity: the initial value's) and latest invocation. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly blocks: number;
  readonly refused: number;
}

export type Found =
  | { readonly kind: "chains"; readonly chains: Chains }
  /** Not decided here: a value was written twice. */
  | { readonly kind: "not-unique" }
  /** Certainly not linearizable; the operations on values for which `about` is not 0 show it; null: all of them. */
  | { readonly kind: "invalid"; readonly about: Uint8Array | null };

/** Value → its only writer; null: there are several. */
function writersOf({ kind, to, values }: RegisterColumns): Int32Array | null {
  const writer = new Int32Array(values).fill(-1);
  for (let index = 0; index < kind.length; index += 1) {
    if (kind[index] !== WRITE && kind[index] !== SWAP) continue;
    const value = to[index] as number;
    if (value === 0 || writer[value] !== -1) return null;
    writer[value] = index;
  }
  return writer;
}

/** Takes out of `writer` what may not have happened and nobody saw. false: nothing was in doubt. */
function dropUnseen(columns: RegisterColumns, writer: Int32Array, readEnd: Float64Array): boolean {
  const { kind, from, to, completed, values } = columns;
  let doubtful = 0;
  for (let value = 0; value < values; value += 1) {
    const index = writer[value] as number;
    if (index >= 0 && completed[index] === never) doubtful += 1;
  }
  if (doubtful === 0) return false;
  const seen: number[] = [];
  const kept = new Uint8Array(values);
  const keep = (value: number) => {
    for (let at = value; at >= 0; ) {
      const index = writer[at] as number;
      if (index < 0 || kept[at] !== 0) return;
      kept[at] = 1;
      at = kind[index] === SWAP ? (from[index] as number) : -1;
    }
  };
  for (let index = 0; index < kind.length; index += 1)
    if ((kind[index] === WRITE || kind[index] === SWAP) && completed[index] !== never)
      seen.push(to[index] as number);
  for (const value of seen) keep(value);
  for (let value = 0; value < values; value += 1) if ((readEnd[value] as number) !== never) keep(value);
  for (let value = 0; value < values; value += 1) if (kept[value] === 0) writer[value] = -1;
  return true;
}

const onlyValue = (values: number, value: number): Uint8Array => {
  const about = new Uint8Array(values);
  about[value] = 1;
  return about;
};

export function findChains(columns: RegisterColumns): Found {
  const { kind, from, to, invoked, completed, values } = columns;
  const writer = writersOf(columns);
  if (writer === null) return { kind: "not-unique" };
  const readEnd = new Float64Array(values).fill(never);
  const readStart = new Float64Array(values).fill(-never);
  let refused = 0;
  let swaps = 0;
  for (let index = 0; index < kind.length; index += 1) {
    if (kind[index] === READ) {
      const value = from[index] as number;
      if (value !== 0 && writer[value] === -1) return { kind: "invalid", about: onlyValue(values, value) };
      const end = completed[index] as number;
      const start = invoked[index] as number;
      if (end < (readEnd[value] as number)) readEnd[value] = end;
      if (start > (readStart[value] as number)) readStart[value] = start;
    } else if (kind[index] === REFUSED) refused += 1;
    else if (kind[index] === SWAP) swaps += 1;
  }
  dropUnseen(columns, writer, readEnd);
  const next = new Int32Array(values).fill(-1);
  if (swaps > 0)
    for (let index = 0; index < kind.length; index += 1) {
      if (kind[index] !== SWAP || writer[to[index] as number] !== index) continue;
      const value = from[index] as number;
      if (value !== 0 && writer[value] === -1) return { kind: "invalid", about: null };
      if (next[value] !== -1) return { kind: "invalid", about: null }; // two that saw what was written once
      next[value] = to[index] as number;
    }
  return zonesOf(columns, { writer, next, readEnd, readStart, refused });
}

function zonesOf(
  { kind, invoked, completed, values }: RegisterColumns,
  links: Pick<Chains, "writer" | "next" | "readEnd" | "readStart" | "refused">,
): Found {
  const { writer, next, readEnd, readStart } = links;
  const blockOf = new Int32Array(values).fill(-1);
  const head = new Int32Array(values);
  const first = new Float64Array(values);
  const last = new Float64Array(values);
  let blocks = 0;
  let written = 0;
  let placed = 0;
  for (let start = 0; start < values; start += 1) {
    const source = writer[start] as number;
    if (source >= 0) written += 1;
    if (start === 0 ? readEnd[0] === never && next[0] === -1 : source < 0 || kind[source] !== WRITE) continue;
    let begin = start === 0 ? -never : never;
    /** Latest invocation of all that comes before. */
    let earlier = -never;
    for (let value = start; value !== -1; value = next[value] as number) {
      blockOf[value] = blocks;
      const index = writer[value] as number;
      if (index >= 0) {
        placed += 1;
        const end = completed[index] as number;
        if (end < earlier) return { kind: "invalid", about: chainFrom(values, start, next) };
        earlier = Math.max(earlier, invoked[index] as number);
        begin = Math.min(begin, end);
      }
      const seen = readEnd[value] as number;
      if (seen < earlier) return { kind: "invalid", about: chainFrom(values, start, next) };
      earlier = Math.max(earlier, readStart[value] as number);
      begin = Math.min(begin, seen);
    }
    head[blocks] = start;
    first[blocks] = begin;
    last[blocks] = earlier;
    blocks += 1;
  }
  // Swaps whose values lead back to where they began are in no block.
  if (placed < written) return { kind: "invalid", about: null };
  return { kind: "chains", chains: { ...links, blockOf, head, first, last, blocks } };
}

function chainFrom(values: number, start: number, next: Int32Array): Uint8Array {
  const about = new Uint8Array(values);
  for (let value = start; value !== -1; value = next[value] as number) about[value] = 1;
  return about;
}

/** Two blocks that each must come before the other, as findConflict of register-order.ts; null: none. */
export function conflictOf({ first, last, blocks }: Chains): readonly [number, number] | null {
  const order = sortByTime(first, blocks);
  const begins = new Float64Array(blocks);
  // latest[i]: of the blocks up to i, the one with the latest invocation.
  const latest = new Uint32Array(blocks);
  for (let index = 0; index < blocks; index += 1) begins[index] = first[order[index] as number] as number;
  for (let index = 0; index < blocks; index += 1) {
    const block = order[index] as number;
    const begin = begins[index] as number;
    const end = last[block] as number;
    // Of the earlier ones, those that must come before this one: all, if its own zone is forward.
    let limit = index;
    if (end <= begin) {
      let low = 0;
      while (low < limit) {
        const middle = (low + limit) >> 1;
        if ((begins[middle] as number) < end) low = middle + 1;
        else limit = middle;
      }
    }
    if (limit > 0) {
      const other = latest[limit - 1] as number;
      if ((last[other] as number) > begin) return [other, block];
    }
    const before = index === 0 ? block : (latest[index - 1] as number);
    latest[index] = (last[before] as number) >= end ? before : block;
  }
  return null;
}
