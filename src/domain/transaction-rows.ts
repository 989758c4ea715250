// Builds the columns of transactions, one step after the other. Reads of a list that begin as the longest before them did,
// nearly all, share its items.
import { growingLists } from "./growing-lists.ts";
import { ODD_READ, PUT, READ, type TransactionSteps } from "./transaction-columns.ts";

export interface TransactionRows {
  /** The next transaction; its steps follow. `completed` Infinity: unknown. */
  begin(process: number, session: number, outcome: number, invoked: number, completed: number): void;
  put(key: number, value: number): void;
  /**
   * A read that gave the first `shared` of the longest list read of this key and then the first `count` of `items`. true: it
   * begins as that list does, or goes on where it ends, and is now it.
   */
  read(key: number, items: ArrayLike<number>, count: number, shared?: number): boolean;
  /** A read that gave the first `count` of the longest list read of this key. */
  readShared(key: number, count: number): void;
  oddRead(key: number): void;
  /** The steps of the present transaction can't be read. */
  markUnreadable(): void;
  finish(): TransactionSteps;
}

const FIRST_SIZE = 1024;
/** In `stepValue` while rows are built: the list that reads of the key share. */
const SHARED = -1;

function widened<T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(column: T): T {
  const wider = new (column.constructor as new (size: number) => T)(2 * column.length);
  wider.set(column);
  return wider;
}

export function transactionRows(): TransactionRows {
  let rows = 0;
  let processes = new Float64Array(FIRST_SIZE);
  let sessions = new Float64Array(FIRST_SIZE);
  let outcomes = new Uint8Array(FIRST_SIZE);
  let begins = new Float64Array(FIRST_SIZE);
  let ends = new Float64Array(FIRST_SIZE);
  let firstStep = new Uint32Array(FIRST_SIZE);
  let steps = 0;
  let kinds = new Uint8Array(FIRST_SIZE);
  let keys = new Int32Array(FIRST_SIZE);
  let values = new Int32Array(FIRST_SIZE);
  let counts = new Int32Array(FIRST_SIZE);
  let unreadable = -1;
  const lists = growingLists((size) => new Int32Array(size));

  const step = (kind: number, key: number, value: number, count: number): void => {
    if (steps === kinds.length) {
      kinds = widened(kinds);
      keys = widened(keys);
      values = widened(values);
      counts = widened(counts);
    }
    kinds[steps] = kind;
    keys[steps] = key;
    values[steps] = value;
    counts[steps] = count;
    steps += 1;
  };
  const goesOnAsShared = (key: number, items: ArrayLike<number>, count: number, shared: number): boolean => {
    const start = lists.startOf(key) + shared;
    const known = Math.min(count, lists.lengthOf(key) - shared);
    const { all } = lists;
    for (let index = 0; index < known; index += 1) if (all[start + index] !== items[index]) return false;
    return true;
  };
  return {
    begin(process, session, outcome, invoked, completed) {
      if (rows + 1 === firstStep.length) {
        processes = widened(processes);
        sessions = widened(sessions);
        outcomes = widened(outcomes);
        begins = widened(begins);
        ends = widened(ends);
        firstStep = widened(firstStep);
      }
      processes[rows] = process;
      sessions[rows] = session;
      outcomes[rows] = outcome;
      begins[rows] = invoked;
      ends[rows] = completed;
      firstStep[rows] = steps;
      rows += 1;
    },
    put: (key, value) => step(PUT, key, value, 0),
    read(key, items, count, shared = 0) {
      if (goesOnAsShared(key, items, count, shared)) {
        for (let index = lists.lengthOf(key) - shared; index < count; index += 1)
          lists.push(key, items[index] as number);
        step(READ, key, shared + count === 0 ? 0 : SHARED, shared + count);
        return true;
      }
      const start = lists.startOf(key);
      const own = Array.from({ length: shared + count }, (_, index) =>
        index < shared ? (lists.all[start + index] as number) : (items[index - shared] as number),
      );
      step(READ, key, lists.add(own, own.length), own.length);
      return false;
    },
    readShared: (key, count) => step(READ, key, count === 0 ? 0 : SHARED, count),
    oddRead: (key) => step(ODD_READ, key, 0, 0),
    markUnreadable() {
      if (unreadable < 0) unreadable = rows - 1;
    },
    finish() {
      for (let at = 0; at < steps; at += 1)
        if (kinds[at] === READ && values[at] === SHARED) values[at] = lists.startOf(keys[at] as number);
      firstStep[rows] = steps;
      return {
        rows,
        process: processes.subarray(0, rows),
        session: sessions.subarray(0, rows),
        outcome: outcomes.subarray(0, rows),
        invoked: begins.subarray(0, rows),
        completed: ends.subarray(0, rows),
        firstStep: firstStep.subarray(0, rows + 1),
        stepKind: kinds.subarray(0, steps),
        stepKey: keys.subarray(0, steps),
        stepValue: values.subarray(0, steps),
        stepLength: counts.subarray(0, steps),
        items: lists.all.subarray(0, lists.used),
        unreadable,
      };
    },
  };
}
