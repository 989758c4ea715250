// The order that sessions and real time give transactions. What real time says of n transactions of which c are open at once
// is up to n × c edges that follow from no others; over moments, nodes of their own, it is 3 n, with the same paths.
import { FAILED, OK, type TransactionColumns } from "../domain/transaction-columns.ts";
import { sortByTime } from "./sort-times.ts";
import { type Connect, PROCESS, REALTIME } from "./transaction-edges.ts";

type Times = Pick<TransactionColumns, "session" | "outcome" | "invoked" | "completed">;

/** Those that may have happened. */
function happened({ outcome }: Times): Int32Array {
  const rows = new Int32Array(outcome.length);
  let count = 0;
  for (let row = 0; row < outcome.length; row += 1)
    if (outcome[row] !== FAILED) {
      rows[count] = row;
      count += 1;
    }
  return rows.subarray(0, count);
}

const timesOf = (times: Float64Array, rows: Int32Array): Float64Array => {
  const own = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) own[at] = times[rows[at] as number] as number;
  return own;
};

function connectSessions(
  { session, outcome }: Times,
  rows: Int32Array,
  byStart: Uint32Array,
  connect: Connect,
): void {
  const before = new Map<number, number>();
  for (const at of byStart) {
    const row = rows[at] as number;
    const number = session[row] as number;
    const last = before.get(number);
    if (last !== undefined) connect(last, row, PROCESS, -1);
    if (outcome[row] === OK) before.set(number, row);
  }
}

/** Connects all over moments, which are numbered from `firstMoment`; gives how many there are. */
export function connectMoments(
  times: Times,
  uncertaintyNs: number,
  firstMoment: number,
  connect: Connect,
): number {
  const rows = happened(times);
  const begins = timesOf(times.invoked, rows);
  const ends = timesOf(times.completed, rows);
  const byStart = sortByTime(begins, rows.length);
  const byEnd = sortByTime(ends, rows.length);
  connectSessions(times, rows, byStart, connect);
  let ended = 0;
  let moments = 0;
  for (const at of byStart) {
    const start = begins[at] as number;
    const before = ended;
    const moment = firstMoment + moments;
    for (; ended < rows.length; ended += 1) {
      const over = byEnd[ended] as number;
      if ((ends[over] as number) + uncertaintyNs >= start) break;
      connect(rows[over] as number, moment, REALTIME, -1);
    }
    if (ended > before) {
      if (moments > 0) connect(moment - 1, moment, REALTIME, -1);
      moments += 1;
    }
    if (moments > 0) connect(firstMoment + moments - 1, rows[at] as number, REALTIME, -1);
  }
  return moments;
}

/** Connects these (ascending) directly: from the latest that were over to each that began; the rest follows from them. */
export function connectDirectly(
  times: Times,
  rows: Int32Array,
  uncertaintyNs: number,
  connect: Connect,
): void {
  const begins = timesOf(times.invoked, rows);
  const ends = timesOf(times.completed, rows);
  const byStart = sortByTime(begins, rows.length);
  const byEnd = sortByTime(ends, rows.length);
  connectSessions(times, rows, byStart, connect);
  let ended = 0;
  const latest: number[] = [];
  for (const at of byStart) {
    const start = begins[at] as number;
    for (; ended < rows.length; ended += 1) {
      const over = byEnd[ended] as number;
      if ((ends[over] as number) + uncertaintyNs >= start) break;
      let kept = 0;
      for (const other of latest)
        if ((ends[other] as number) + uncertaintyNs >= (begins[over] as number)) {
          latest[kept] = other;
          kept += 1;
        }
      latest.length = kept;
      latest.push(over);
    }
    for (const over of latest) connect(rows[over] as number, rows[at] as number, REALTIME, -1);
  }
}
