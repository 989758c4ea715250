// What else was going on around a witness: for drawings of it, decides nothing.
import type { Operation } from "../domain/history.ts";

export interface Around {
  /** By invocation. */
  readonly operations: readonly Operation[];
  /** How many more there are of which none is given. */
  readonly more: number;
}

const end = ({ completed }: Operation): number => completed ?? Number.POSITIVE_INFINITY;

/** Operations on the witness's keys that were open while it was, those that met one of its operations first. */
export function aroundOf(
  witness: readonly Operation[],
  operations: Iterable<Operation>,
  max: number,
): Around {
  if (witness.length === 0) return { operations: [], more: 0 };
  const nameOf = ({ process, invoked }: Operation) => `${process} ${invoked}`;
  const known = new Set(witness.map(nameOf)); // by name: they may have been read at another time
  const keys = new Set(witness.map(({ key }) => key));
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { invoked, completed } of witness) {
    from = Math.min(from, invoked);
    to = Math.max(to, completed ?? invoked);
  }
  const near: Operation[] = [];
  const far: Operation[] = [];
  let count = 0;
  for (const operation of operations) {
    if (operation.invoked > to || end(operation) < from || !keys.has(operation.key)) continue;
    if (known.has(nameOf(operation))) continue;
    count += 1;
    const meets = witness.some(
      (each) => each.invoked <= end(operation) && operation.invoked <= (each.completed ?? each.invoked),
    );
    const list = meets ? near : far;
    if (list.length < max) list.push(operation);
  }
  const chosen = [...near, ...far].slice(0, max).sort((a, b) => a.invoked - b.invoked);
  return { operations: chosen, more: count - chosen.length };
}
