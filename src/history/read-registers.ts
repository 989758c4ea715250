// A history file → columns for each register in it, in one pass and without an object for an operation: 10 million
// operations are some 400 MB. Every line is checked as readHistory does, with the same errors. Keys that other kinds of
// operation touch are left out, as are reads of a replica by name.
//
//   bytes → scanLine (what it does not take: decodeLine) → numbers → segments in the order of the file → columns by key
import type { HistoryHeader, Operation } from "../domain/history.ts";
import {
  FAILED,
  READ,
  REFUSED,
  type RegisterKey,
  type Registers,
  SWAP,
  WRITE,
} from "../domain/register-columns.ts";
import { keyNames } from "./key-names.ts";
import { HISTORY_LIMITS, type HistoryLimits } from "./read.ts";
import { scanHistory } from "./scan-history.ts";
import {
  ABSENT,
  INTEGER,
  type LineScan,
  lineScan,
  NULL,
  type Scalar,
  SCAN_CAS,
  SCAN_FAIL,
  SCAN_OK,
  SCAN_READ,
  TEXT,
  TRUE,
} from "./scan-line.ts";
import { type ValueNumbers, valueNumbers } from "./value-numbers.ts";

export interface RegisterHistory extends Registers {
  readonly header: HistoryHeader;
  /** Number of the line of each row. */
  readonly lines: Uint32Array;
}

const SEGMENT_MIN = 1 << 10;
const SEGMENT_MAX = 1 << 20;
const never = Number.POSITIVE_INFINITY;

interface Segment {
  readonly kind: Uint8Array;
  readonly key: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly invoked: Float64Array;
  readonly completed: Float64Array;
  readonly line: Uint32Array;
}

const newSegment = (size: number): Segment => ({
  kind: new Uint8Array(size),
  key: new Int32Array(size),
  from: new Int32Array(size),
  to: new Int32Array(size),
  invoked: new Float64Array(size),
  completed: new Float64Array(size),
  line: new Uint32Array(size),
});

/** Operations in the order of the file, then by key. */
function registerRows() {
  const segments: Segment[] = [];
  let segment = newSegment(SEGMENT_MIN);
  segments.push(segment);
  let used = 0;
  const add = (
    kind: number,
    key: number,
    from: number,
    to: number,
    invoked: number,
    completed: number,
    line: number,
  ): void => {
    if (used === segment.kind.length) {
      segment = newSegment(Math.min(SEGMENT_MAX, 2 * used));
      segments.push(segment);
      used = 0;
    }
    segment.kind[used] = kind;
    segment.key[used] = key;
    segment.from[used] = from;
    segment.to[used] = to;
    segment.invoked[used] = invoked;
    segment.completed[used] = completed;
    segment.line[used] = line;
    used += 1;
  };
  /** Moves the rows of keys that are not `skip` into columns; `start[k]` is where key k begins. */
  const byKey = (keys: number, skip: (key: number) => boolean) => {
    const start = new Uint32Array(keys + 1);
    const each = (visit: (segment: Segment, at: number, key: number) => void) => {
      for (const [index, one] of segments.entries()) {
        const count = index === segments.length - 1 ? used : one.kind.length;
        for (let at = 0; at < count; at += 1) {
          const key = one.key[at] as number;
          if (!skip(key)) visit(one, at, key);
        }
      }
    };
    each((_, __, key) => {
      start[key + 1] = (start[key + 1] as number) + 1;
    });
    for (let key = 0; key < keys; key += 1)
      start[key + 1] = (start[key + 1] as number) + (start[key] as number);
    const size = start[keys] as number;
    const place = start.slice();
    const columns = {
      // Memory that threads can share.
      kind: new Uint8Array(new SharedArrayBuffer(size)),
      from: new Int32Array(new SharedArrayBuffer(4 * size)),
      to: new Int32Array(new SharedArrayBuffer(4 * size)),
      invoked: new Float64Array(new SharedArrayBuffer(8 * size)),
      completed: new Float64Array(new SharedArrayBuffer(8 * size)),
    };
    const lines = new Uint32Array(size);
    each((one, at, key) => {
      const to = place[key] as number;
      place[key] = to + 1;
      columns.kind[to] = one.kind[at] as number;
      columns.from[to] = one.from[at] as number;
      columns.to[to] = one.to[at] as number;
      columns.invoked[to] = one.invoked[at] as number;
      columns.completed[to] = one.completed[at] as number;
      lines[to] = one.line[at] as number;
    });
    return { start, columns, lines };
  };
  return { add, byKey };
}

type Rows = ReturnType<typeof registerRows>;

const valueOf = (numbers: ValueNumbers, key: number, bytes: Uint8Array, value: Scalar): number => {
  switch (value.kind) {
    case INTEGER:
      return numbers.ofInteger(key, value.integer);
    case TEXT:
      return numbers.ofText(key, bytes, value.start, value.end);
    case NULL:
      return 0;
    default:
      return numbers.of(key, value.kind === TRUE);
  }
};

/** What a line was that scan() took, as a row. */
function addScanned(
  scan: LineScan,
  bytes: Uint8Array,
  key: number,
  line: number,
  rows: Rows,
  numbers: ValueNumbers,
) {
  const { op, outcome, invoked, completed } = scan;
  if (op === SCAN_READ) {
    if (outcome === SCAN_OK)
      rows.add(READ, key, valueOf(numbers, key, bytes, scan.output), -1, invoked, completed, line);
  } else if (op === SCAN_CAS) {
    const from = valueOf(numbers, key, bytes, scan.first);
    const to = valueOf(numbers, key, bytes, scan.second);
    if (outcome === SCAN_FAIL) rows.add(FAILED, key, -1, to, invoked, completed, line);
    else if (outcome === SCAN_OK && scan.output.kind !== TRUE)
      rows.add(REFUSED, key, from, -1, invoked, completed, line);
    else rows.add(SWAP, key, from, to, invoked, completed, line);
  } else {
    const to = valueOf(numbers, key, bytes, scan.input);
    rows.add(outcome === SCAN_FAIL ? FAILED : WRITE, key, -1, to, invoked, completed, line);
  }
}

/** The same for an operation that decodeLine read. */
function addDecoded(
  operation: Operation,
  key: number,
  line: number,
  rows: Rows,
  numbers: ValueNumbers,
): void {
  const { op, outcome, invoked, completed = never, input, output } = operation;
  if (op === "read") {
    if (outcome === "ok" && output !== undefined)
      rows.add(READ, key, numbers.of(key, output), -1, invoked, completed, line);
  } else if (op === "write") {
    const to = numbers.of(key, input);
    rows.add(outcome === "fail" ? FAILED : WRITE, key, -1, to, invoked, completed, line);
  } else if (op === "cas" && Array.isArray(input)) {
    const from = numbers.of(key, input[0]);
    const to = numbers.of(key, input[1]);
    if (outcome === "fail") rows.add(FAILED, key, -1, to, invoked, completed, line);
    else if (outcome === "ok" && output === false) rows.add(REFUSED, key, from, -1, invoked, completed, line);
    else rows.add(SWAP, key, from, to, invoked, completed, line);
  }
}

/** Names of keys → numbers, with what is known of each key. */
function keyNumbers() {
  const keys = keyNames();
  let operations = new Uint32Array(64);
  let foreign = new Uint8Array(64);
  const widen = (key: number): void => {
    const size = Math.max(2 * operations.length, key + 1);
    const wider = new Uint32Array(size);
    wider.set(operations);
    operations = wider;
    const marks = new Uint8Array(size);
    marks.set(foreign);
    foreign = marks;
  };
  foreign[keys.ofName("journal")] = 1;
  return {
    ...keys,
    ofScanned: (bytes: Uint8Array, { kind, start, end }: Scalar): number =>
      kind === ABSENT ? keys.ofName("") : keys.ofBytes(bytes, start, end),
    count(key: number) {
      if (key >= operations.length) widen(key);
      operations[key] = (operations[key] as number) + 1;
    },
    operationsOf: (key: number) => operations[key] ?? 0,
    markForeign(key: number) {
      if (key >= foreign.length) widen(key);
      foreign[key] = 1;
    },
    isForeign: (key: number) => foreign[key] === 1,
  };
}

export async function readRegisters(
  path: string,
  limits: HistoryLimits = HISTORY_LIMITS,
): Promise<RegisterHistory> {
  const table = registerRows();
  const keys = keyNumbers();
  const numbers = valueNumbers();
  const scan = lineScan();
  let operations = 0;
  let leftOut = 0;
  const header = await scanHistory(path, limits, scan, {
    takeScanned(bytes, line) {
      operations += 1;
      if (scan.hasFrom) leftOut += 1;
      else {
        const key = keys.ofScanned(bytes, scan.key);
        keys.count(key);
        addScanned(scan, bytes, key, line, table, numbers);
      }
    },
    takeDecoded(operation, line) {
      operations += 1;
      const key = keys.ofName(operation.key ?? "");
      const { op } = operation;
      if (op !== "read" && op !== "write" && op !== "cas") keys.markForeign(key);
      if (operation.from !== undefined) leftOut += 1;
      else {
        keys.count(key);
        addDecoded(operation, key, line, table, numbers);
      }
    },
  });
  const { names } = keys;
  const { start, columns, lines } = table.byKey(names.length, keys.isForeign);
  const counts = numbers.counts(names.length);
  const found: RegisterKey[] = [];
  for (const [key, name] of names.entries()) {
    const count = keys.operationsOf(key);
    if (keys.isForeign(key)) leftOut += count;
    else if (count > 0)
      found.push({
        name,
        start: start[key] as number,
        end: start[key + 1] as number,
        values: counts[key] as number,
      });
  }
  return { header, rows: columns, keys: found, lines, operations: operations - leftOut, leftOut };
}
