// The general search (search.ts) over one register: exact for any values.
import { INITIAL, type RegisterOperation } from "./register-operations.ts";
import { type Move, search } from "./search.ts";

export interface RegisterSearch {
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly steps: number;
  /** The operation whose answer no order explains; null unless invalid. */
  readonly stuckAt: RegisterOperation | null;
}

export function searchRegister(
  operations: readonly RegisterOperation[],
  stepsMax: number,
  initial = INITIAL,
): RegisterSearch {
  const classes = new Map<string, number>();
  const moves = operations.map(({ kind, from, to, invoked, completed }): Move => {
    const name = `${kind} ${from} ${to}`;
    const same = classes.get(name) ?? classes.size;
    classes.set(name, same);
    return { invoked, completed, readOnly: to < 0, same };
  });
  const step = (state: number, index: number): number => {
    const { kind, from, to } = operations[index] as RegisterOperation;
    switch (kind) {
      case "write":
        return to;
      case "read":
        return from === state ? state : -1;
      case "swap":
        return from === state ? to : -1;
      case "refused":
        return from === state ? -1 : state;
      default:
        return kind satisfies never;
    }
  };
  const { verdict, steps, stuckAt } = search(moves, step, stepsMax, initial);
  return { verdict, steps, stuckAt: stuckAt === null ? null : (operations[stuckAt] ?? null) };
}
