// Edges of a dependency graph, in columns that grow.
//   ww  wrote the version before the other's      wr  the other read what it wrote
//   rw  read the version that the other replaced  process, realtime  was over before the other began
export const EDGES = ["ww", "wr", "rw", "process", "realtime"] as const;
export type EdgeKind = (typeof EDGES)[number];

export const WW = 0;
export const WR = 1;
export const RW = 2;
export const PROCESS = 3;
export const REALTIME = 4;

export interface Edges {
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Place in EDGES. */
  readonly kind: Uint8Array;
  /** Number of the key; -1 for process and realtime. */
  readonly key: Int32Array;
}

export type Connect = (from: number, to: number, kind: number, key: number) => void;

function doubled<T extends Int32Array | Uint8Array>(column: T): T {
  const wider = new (column.constructor as new (size: number) => T)(2 * column.length);
  wider.set(column);
  return wider;
}

export function edgeColumns(): { readonly connect: Connect; count(): number; finish(): Edges } {
  let count = 0;
  let froms = new Int32Array(1024);
  let tos = new Int32Array(1024);
  let kinds = new Uint8Array(1024);
  let keys = new Int32Array(1024);
  return {
    connect(from, to, kind, key) {
      if (count === kinds.length) {
        froms = doubled(froms);
        tos = doubled(tos);
        kinds = doubled(kinds);
        keys = doubled(keys);
      }
      froms[count] = from;
      tos[count] = to;
      kinds[count] = kind;
      keys[count] = key;
      count += 1;
    },
    count: () => count,
    finish: () => ({
      from: froms.subarray(0, count),
      to: tos.subarray(0, count),
      kind: kinds.subarray(0, count),
      key: keys.subarray(0, count),
    }),
  };
}
