// Compare-and-sets that were refused are negative reads: the value was not `from`. They are outside the theorem of
// register-order.ts, so one order of the blocks is tried and each refusal put into it; where that fails the general
// search decides.
import type { Block, Fault } from "./register-blocks.ts";
import { INITIAL, type Register, type RegisterOperation, type Value } from "./register-operations.ts";
import { operationWords } from "./words.ts";

/** Between `since` and `until` the register holds the value in every order. */
interface Held {
  since: number;
  until: number;
  sinceOperation: RegisterOperation | null;
  untilOperation: RegisterOperation | null;
}

function heldTimes(blocks: readonly Block[]): Map<Value, Held> {
  const held = new Map<Value, Held>();
  const note = (value: Value, operation: RegisterOperation) => {
    const known = held.get(value) ?? {
      since: value === INITIAL ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
      until: Number.NEGATIVE_INFINITY,
      sinceOperation: null,
      untilOperation: null,
    };
    if (operation.completed < known.since) {
      known.since = operation.completed;
      known.sinceOperation = operation;
    }
    if (operation.invoked > known.until) {
      known.until = operation.invoked;
      known.untilOperation = operation;
    }
    held.set(value, known);
  };
  for (const block of blocks)
    for (const operation of block.operations) {
      if (operation.from >= 0) note(operation.from, operation);
      if (operation.to >= 0) note(operation.to, operation);
    }
  return held;
}

/** A refusal that lies wholly inside a time in which the register held just that value; null when there is none. */
export function findRefusedWhileHeld(register: Register, blocks: readonly Block[]): Fault | null {
  const held = heldTimes(blocks);
  for (const operation of register.operations) {
    if (operation.kind !== "refused") continue;
    const time = held.get(operation.from);
    if (time === undefined || time.since >= operation.invoked || operation.completed >= time.until) continue;
    const writer = blocks
      .flatMap((block) => block.operations)
      .find((candidate) => candidate.to === operation.from);
    const around = [writer, time.sinceOperation, time.untilOperation].filter((each) => each != null);
    return {
      reason: `${operationWords(operation.source)} was refused while the register held that value: ${
        time.sinceOperation === null
          ? "it was the initial value"
          : `since ${operationWords(time.sinceOperation.source)}`
      }, and still for ${time.untilOperation === null ? "later ones" : operationWords(time.untilOperation.source)}`,
      witness: [...new Set([...around, operation])],
    };
  }
  return null;
}

/** Largest index of `sorted` (by `time`) with time < limit, mapped to the highest position so far. */
function positionsBefore(operations: readonly RegisterOperation[]) {
  const byEnd = operations
    .map((operation, position) => ({ at: operation.completed, position }))
    .sort((a, b) => a.at - b.at);
  let highest = -1;
  const upTo = byEnd.map(({ position }) => {
    highest = Math.max(highest, position);
    return highest;
  });
  return (time: number): number => {
    let low = 0;
    let high = byEnd.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((byEnd[middle]?.at ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    return upTo[low - 1] ?? -1;
  };
}

/** Lowest position of an operation invoked after a time. */
function positionsAfter(operations: readonly RegisterOperation[]) {
  const byStart = operations
    .map((operation, position) => ({ at: operation.invoked, position }))
    .sort((a, b) => b.at - a.at);
  let lowest = operations.length;
  const upTo = byStart.map(({ position }) => {
    lowest = Math.min(lowest, position);
    return lowest;
  });
  return (time: number): number => {
    let low = 0;
    let high = byStart.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((byStart[middle]?.at ?? 0) > time) low = middle + 1;
      else high = middle;
    }
    return upTo[low - 1] ?? operations.length;
  };
}

/**
 * Does this order of the blocks have a place for every refusal? Gap g is after operation g (−1: before all). A refusal
 * takes the earliest gap that it may; a write that nobody read and that may have happened (`unread`) can be put behind a
 * block to end its value. `true` is a proof that the history is linearizable, `false` is none of the contrary.
 */
export function placeRefused(
  ordered: readonly Block[],
  refused: readonly RegisterOperation[],
  unread: readonly RegisterOperation[],
): boolean {
  const operations = ordered.flatMap((block) => block.operations);
  const valueAfter: Value[] = [];
  let value: Value = INITIAL;
  for (const operation of operations) {
    if (operation.to >= 0) value = operation.to;
    valueAfter.push(value);
  }
  const at = (gap: number): Value => (gap < 0 ? INITIAL : (valueAfter[gap] as Value));
  // stretchEnd[g]: the last gap that holds the same value as gap g.
  const stretchEnd: number[] = [];
  for (let gap = operations.length - 1; gap >= 0; gap -= 1)
    stretchEnd[gap] =
      gap + 1 < operations.length && at(gap + 1) === at(gap) ? (stretchEnd[gap + 1] as number) : gap;
  let beforeFirst = -1;
  while (beforeFirst + 1 < operations.length && at(beforeFirst + 1) === INITIAL) beforeFirst += 1;
  const endOf = (gap: number): number => (gap < 0 ? beforeFirst : (stretchEnd[gap] as number));
  const blockEnds = new Set<number>([-1]);
  let length = 0;
  for (const block of ordered) {
    length += block.operations.length;
    blockEnds.add(length - 1);
  }
  const before = positionsBefore(operations);
  const after = positionsAfter(operations);
  // Only writes that no refusal speaks of: behind one of those, "not v" could be wrong again.
  const spoken = new Set(refused.map((operation) => operation.from));
  const spare = unread
    .filter((operation) => operation.kind === "write" && !spoken.has(operation.to))
    .toSorted((a, b) => a.invoked - b.invoked);
  const interrupted = new Set<number>();
  const byCompletion = refused.toSorted((a, b) => a.completed - b.completed);
  const gapOf = new Map<RegisterOperation, number>();
  let passed = 0;
  let behind = -1;
  for (const operation of refused.toSorted((a, b) => a.invoked - b.invoked)) {
    // Every refusal that was over before this one began has its gap already: its invocation was earlier still.
    for (
      ;
      passed < byCompletion.length && (byCompletion[passed]?.completed ?? 0) < operation.invoked;
      passed += 1
    )
      behind = Math.max(behind, gapOf.get(byCompletion[passed] as RegisterOperation) ?? -1);
    const low = Math.max(before(operation.invoked), behind);
    const high = after(operation.completed);
    let gap = low;
    if (gap < high && at(gap) === operation.from) {
      const end = endOf(gap);
      if (end + 1 < high) gap = end + 1;
      else if (end < high && blockEnds.has(end) && interrupted.has(end)) gap = end;
      else if (end < high && blockEnds.has(end)) {
        // Invoked no later than this refusal: then nothing that must come before the write is placed behind it.
        const help = spare.findIndex(
          (write) => write.invoked <= operation.invoked && before(write.invoked) <= end,
        );
        if (help < 0) return false;
        spare.splice(help, 1);
        interrupted.add(end);
        gap = end;
      } else return false;
    } else if (gap >= high) return false;
    gapOf.set(operation, gap);
  }
  return true;
}
