// The general search (search.ts) over one register: exact for any values.
import { INITIAL, type RegisterOperation } from "./register-operations.ts";
import { type Move, search } from "./search.ts";

export interface RegisterSearch {
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly steps: number;
  /** The operation whose answer no order explains; null unless invalid. */
  readonly stuckAt: RegisterOperation | null;
}

const KINDS = { write: 0, read: 1, swap: 2, refused: 3 } as const satisfies Record<
  RegisterOperation["kind"],
  number
>;

export function searchRegister(
  operations: readonly RegisterOperation[],
  stepsMax: number,
  initial = INITIAL,
): RegisterSearch {
  const size = operations.length;
  const kinds = new Uint8Array(size);
  const froms = new Int32Array(size);
  const tos = new Int32Array(size);
  let values = 1;
  for (let index = 0; index < size; index += 1) {
    const { kind, from, to } = operations[index] as RegisterOperation;
    kinds[index] = KINDS[kind];
    froms[index] = from;
    tos[index] = to;
    values = Math.max(values, from + 1, to + 1);
  }
  const classes = new Map<number, number>();
  const moves = operations.map(({ kind, from, to, invoked, completed }): Move => {
    const name = ((from + 1) * (values + 1) + to + 1) * 4 + KINDS[kind];
    const same = classes.get(name) ?? classes.size;
    classes.set(name, same);
    return { invoked, completed, readOnly: to < 0, same };
  });
  const step = (state: number, index: number): number => {
    const kind = kinds[index];
    if (kind === KINDS.write) return tos[index] as number;
    if ((froms[index] === state) === (kind === KINDS.refused)) return -1;
    return kind === KINDS.swap ? (tos[index] as number) : state;
  };
  const { verdict, steps, stuckAt } = search(moves, step, stepsMax, initial);
  return { verdict, steps, stuckAt: stuckAt === null ? null : (operations[stuckAt] ?? null) };
}
