// An invalid history of one register → a small part of it that is invalid by itself, and must be: reads and refused
// cas can be left out of any history without making it worse; a write or swap only when nothing was refused, and nobody in
// the rest saw its value, or all who did saw it from another write because this one was overwritten before they began.
import type { RegisterOperation } from "./register-operations.ts";
import { searchRegister } from "./register-search.ts";

/** Operations that all runs of the search over smaller and smaller parts may look at. */
const WORK_MAX = 2_000_000;
const STEPS_EACH = 20_000;

/** Nobody in `part` can have seen the value from this write; another writer of it stays, for the reader's sake. */
function wasOverwritten(
  write: RegisterOperation,
  part: ReadonlySet<RegisterOperation>,
  observers: readonly RegisterOperation[],
): boolean {
  const rest = [...part];
  return (
    rest.some(({ to }) => to === write.to) &&
    observers.every((observer) =>
      rest.some(
        ({ to, invoked, completed }) =>
          to >= 0 && to !== write.to && write.completed < invoked && completed < observer.invoked,
      ),
    )
  );
}

function mayStandAlone(all: readonly RegisterOperation[], part: ReadonlySet<RegisterOperation>): boolean {
  const seen = new Map<number, RegisterOperation[]>();
  let refused = false;
  for (const operation of part) {
    if (operation.kind === "refused") refused = true;
    else if (operation.from >= 0) {
      const observers = seen.get(operation.from);
      if (observers === undefined) seen.set(operation.from, [operation]);
      else observers.push(operation);
    }
  }
  return all.every(
    (operation) =>
      operation.to < 0 ||
      part.has(operation) ||
      (!refused &&
        (!seen.has(operation.to) || wasOverwritten(operation, part, seen.get(operation.to) ?? []))),
  );
}

/** `operations` must be invalid; so is what is returned. */
export function shrinkWitness(operations: readonly RegisterOperation[]): RegisterOperation[] {
  let current = [...operations];
  let work = 0;
  const stillInvalid = (part: readonly RegisterOperation[]) => {
    work += operations.length;
    return mayStandAlone(operations, new Set(part)) && searchRegister(part, STEPS_EACH).verdict === "invalid";
  };
  const withoutRefused = current.filter((operation) => operation.kind !== "refused");
  if (withoutRefused.length < current.length && stillInvalid(withoutRefused)) current = withoutRefused;
  for (let size = Math.ceil(current.length / 2); size >= 1 && work < WORK_MAX; size = Math.floor(size / 2)) {
    for (let again = true; again && work < WORK_MAX; ) {
      again = false;
      for (let from = current.length - size; from > -size && work < WORK_MAX; from -= size) {
        const start = Math.max(0, from);
        const gone = new Set(current.slice(start, from + size));
        // What saw only a value that goes, goes too.
        const lost = new Set([...gone].map((operation) => operation.to).filter((to) => to >= 0));
        const part = current.filter(
          (operation) =>
            !gone.has(operation) && (size === 1 || operation.from < 0 || !lost.has(operation.from)),
        );
        if (part.length === current.length || !stillInvalid(part)) continue;
        current = part;
        again = true;
      }
    }
  }
  return current;
}
