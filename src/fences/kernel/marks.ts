// What a connection belongs to, as its conntrack mark. One number space, so that no mark can be taken for another kind.

const EPOCH_MAX = 0x3fffffff;
const READS_FROM = 0x40000000;
const READS_MAX = 0x6fffffff;
export const REPLICATION_MARK = 0x70000000;
/** Agent and engine of this machine, directly to the engine's own address. */
export const LOCAL_MARK = 0x71000000;

export function epochMark(epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 1 || epoch > EPOCH_MAX)
    throw new RangeError(`not an epoch: ${epoch}`);
  return epoch;
}

export function readsMark(generation: number): number {
  if (!Number.isInteger(generation) || generation < 1 || READS_FROM + generation > READS_MAX)
    throw new RangeError(`not a generation of reads: ${generation}`);
  return READS_FROM + generation;
}

export type MarkMeaning =
  | { readonly kind: "epoch"; readonly epoch: number }
  | { readonly kind: "reads"; readonly generation: number };

export const markMeaning = (mark: number): MarkMeaning =>
  mark < READS_FROM ? { kind: "epoch", epoch: mark } : { kind: "reads", generation: mark - READS_FROM };
