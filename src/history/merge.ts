// Several histories of one drill (each load process writes its own) → one: operations by invocation, process and
// session ids made distinct, times counted from the earliest origin.
import type { History, Mark, Operation } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";

/** `meta.monotonicOriginNs`, decimal: CLOCK_MONOTONIC at time 0 of the part. */
function monotonicOrigin(part: History): bigint | null {
  const value = part.header.meta?.monotonicOriginNs;
  return typeof value === "string" && /^\d{1,20}$/.test(value) ? BigInt(value) : null;
}

/** Nanoseconds to add to each part's times. Throws HISTORY_MIXED_CLOCKS when the parts can't be laid side by side. */
function shiftsOf(parts: readonly History[]): number[] {
  const origins = parts.map(monotonicOrigin);
  const known = origins.filter((origin) => origin !== null);
  if (known.length === parts.length) {
    const least = known.reduce((a, b) => (b < a ? b : a));
    return known.map((origin) => Number(origin - least));
  }
  if (known.length === 0 && new Set(parts.map((part) => part.header.origin)).size === 1)
    return parts.map(() => 0);
  throw new OutlastError(
    {
      code: "HISTORY_MIXED_CLOCKS",
      definite: true,
      what: "the histories have different origins and no common monotonic clock",
      where: parts.map((part) => part.header.origin).join(", "),
      next: "merge only parts of one drill: the same origin, or meta.monotonicOriginNs in each",
    },
    2,
  );
}

function shiftOperation(
  operation: Operation,
  by: number,
  process: number,
  session: number | null,
): Operation {
  return {
    ...operation,
    process,
    ...(session === null ? {} : { session }),
    ...(operation.scheduled === undefined ? {} : { scheduled: operation.scheduled + by }),
    invoked: operation.invoked + by,
    ...(operation.completed === undefined ? {} : { completed: operation.completed + by }),
  };
}

/** Numbers in the order of first use, one for each (part, number) pair. */
function renumber(): (part: number, given: number) => number {
  const numbers = new Map<string, number>();
  return (part, given) => {
    const key = `${part}/${given}`;
    const found = numbers.get(key);
    if (found !== undefined) return found;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
}

const later = (operation: Operation) => operation.completed ?? Number.MAX_SAFE_INTEGER;

export function mergeHistories(parts: readonly History[]): History {
  const first = parts[0];
  if (first === undefined) throw new RangeError("mergeHistories: no parts");
  const shifts = shiftsOf(parts);
  const process = renumber();
  const session = renumber();
  const operations = parts.flatMap((part, index) =>
    part.operations.map((operation) =>
      shiftOperation(
        operation,
        shifts[index] ?? 0,
        process(index, operation.process),
        operation.session === undefined ? null : session(index, operation.session),
      ),
    ),
  );
  operations.sort((a, b) => a.invoked - b.invoked || later(a) - later(b));
  const marks: Mark[] = parts.flatMap((part, index) =>
    part.marks.map((mark) => ({ ...mark, at: mark.at + (shifts[index] ?? 0) })),
  );
  marks.sort((a, b) => a.at - b.at);
  const earliest = parts[shifts.indexOf(0)] ?? first;
  const uncertaintyNs = Math.max(...parts.map((part) => part.header.uncertaintyNs));
  return { header: { ...earliest.header, uncertaintyNs }, operations, marks };
}
