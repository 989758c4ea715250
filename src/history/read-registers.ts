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
import { readByteBatches } from "../runtime/line-files.ts";
import { byteStrings } from "./byte-strings.ts";
import { decodeHeader, decodeLine } from "./decode.ts";
import { historyInvalid, historyUnreadable } from "./invalid.ts";
import { openOperations } from "./open-operations.ts";
import { HISTORY_LIMITS, type HistoryLimits } from "./read.ts";
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
  const byKey = (keys: number, skip: Uint8Array) => {
    const start = new Uint32Array(keys + 1);
    const each = (visit: (segment: Segment, at: number, key: number) => void) => {
      for (const [index, one] of segments.entries()) {
        const count = index === segments.length - 1 ? used : one.kind.length;
        for (let at = 0; at < count; at += 1) {
          const key = one.key[at] as number;
          if (skip[key] === 0) visit(one, at, key);
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
  const plain = byteStrings();
  const names: string[] = [];
  const numbers = new Map<string, number>();
  let ofPlain = new Int32Array(64);
  let operations = new Uint32Array(64);
  let foreign = new Uint8Array(64);
  const ofName = (name: string): number => {
    const found = numbers.get(name);
    if (found !== undefined) return found;
    const number = names.length;
    if (number === operations.length) {
      const wider = new Uint32Array(number * 2);
      wider.set(operations);
      operations = wider;
      const marks = new Uint8Array(number * 2);
      marks.set(foreign);
      foreign = marks;
    }
    names.push(name);
    numbers.set(name, number);
    return number;
  };
  const ofBytes = (bytes: Uint8Array, { kind, start, end }: Scalar): number => {
    if (kind === ABSENT) return ofName("");
    const before = plain.count;
    const place = plain.number(0, bytes, start, end);
    if (place < before) return ofPlain[place] as number;
    if (place === ofPlain.length) {
      const wider = new Int32Array(place * 2);
      wider.set(ofPlain);
      ofPlain = wider;
    }
    const number = ofName(Buffer.from(bytes.subarray(start, end)).toString("latin1"));
    ofPlain[place] = number;
    return number;
  };
  foreign[ofName("journal")] = 1;
  return {
    names,
    ofName,
    ofBytes,
    count(key: number) {
      operations[key] = (operations[key] as number) + 1;
    },
    operationsOf: (key: number) => operations[key] as number,
    markForeign(key: number) {
      foreign[key] = 1;
    },
    foreign: () => foreign,
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
  const open = openOperations();
  let header: HistoryHeader | null = null;
  let line = 0;
  let operations = 0;
  let leftOut = 0;
  const refuse = (what: string): never => {
    throw historyInvalid(path, line, what);
  };
  const countOne = (): void => {
    operations += 1;
    if (operations > limits.operationsMax) refuse(`more than ${limits.operationsMax} operations`);
  };
  const takeDecoded = (text: string, ended: boolean): void => {
    if (text === "" || text === "\r") return;
    const decoded = decodeLine(text);
    if (typeof decoded === "string") return refuse(ended ? decoded : `the last line is cut off: ${decoded}`);
    if ("mark" in decoded) return;
    if (!open.take(decoded.process, decoded.invoked, decoded.completed ?? never, line)) refuse(open.fault);
    countOne();
    const key = keys.ofName(decoded.key ?? "");
    const { op } = decoded;
    if (op !== "read" && op !== "write" && op !== "cas") keys.markForeign(key);
    if (decoded.from !== undefined) leftOut += 1;
    else {
      keys.count(key);
      addDecoded(decoded, key, line, table, numbers);
    }
  };
  /** Takes the line that begins at `start` and gives the place of its end. */
  const takeLine = (bytes: Buffer, start: number, ended: boolean): number => {
    line += 1;
    let end = header === null ? -1 : scan.scan(bytes, start);
    if (end >= 0) {
      if (!open.take(scan.process, scan.invoked, scan.completed, line)) refuse(open.fault);
      countOne();
      if (scan.hasFrom) leftOut += 1;
      else {
        const key = keys.ofBytes(bytes, scan.key);
        keys.count(key);
        addScanned(scan, bytes, key, line, table, numbers);
      }
      return end;
    }
    end = bytes.indexOf(10, start);
    if (end < 0) end = bytes.length;
    const text = bytes.toString("utf8", start, end);
    if (header === null) {
      const decoded = decodeHeader(text);
      if (typeof decoded === "string") refuse(decoded);
      else header = decoded;
    } else takeDecoded(text, ended);
    return end;
  };
  try {
    const refuseNext = (what: string): never => {
      throw historyInvalid(path, line + 1, what);
    };
    for await (const { bytes, ended } of readByteBatches(path, limits.lineBytesMax, refuseNext))
      for (let start = 0; start <= bytes.length; ) start = takeLine(bytes, start, ended) + 1;
  } catch (cause) {
    throw historyUnreadable(path, cause);
  }
  if (header === null) throw historyInvalid(path, 1, "the file is empty");
  const { names } = keys;
  const foreign = keys.foreign();
  const { start, columns, lines } = table.byKey(names.length, foreign);
  const counts = numbers.counts(names.length);
  const found: RegisterKey[] = [];
  for (const [key, name] of names.entries()) {
    const count = keys.operationsOf(key);
    if (foreign[key] !== 0) leftOut += count;
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

/** The operations of these lines (ascending), read anew: for a witness. */
export async function readOperationsAt(path: string, lines: readonly number[]): Promise<Operation[]> {
  const found: Operation[] = [];
  let line = 0;
  const refuse = (what: string): never => {
    throw historyInvalid(path, line + 1, what);
  };
  try {
    for await (const { bytes } of readByteBatches(path, HISTORY_LIMITS.lineBytesMax, refuse))
      for (let start = 0; start <= bytes.length; ) {
        const next = bytes.indexOf(10, start);
        const end = next < 0 ? bytes.length : next;
        line += 1;
        if (line === lines[found.length]) {
          const decoded = decodeLine(bytes.toString("utf8", start, end));
          if (typeof decoded === "string" || "mark" in decoded)
            throw historyInvalid(path, line, "the file changed while it was judged");
          found.push(decoded);
        }
        start = end + 1;
        if (found.length === lines.length) return found;
      }
  } catch (cause) {
    throw historyUnreadable(path, cause);
  }
  if (found.length < lines.length) throw historyInvalid(path, line, "the file changed while it was judged");
  return found;
}
