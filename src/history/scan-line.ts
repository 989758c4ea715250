// One line of a history from its bytes, without an object or a string: the shapes that nearly all lines have. -1
// decides nothing (decode.ts does then): it is what an escape, a fraction, a nested value, an unknown key or any fault
// gives.

/** What a value is; its numbers or places are in `Scalar`. */
export const ABSENT = 0;
export const NULL = 1;
export const INTEGER = 2;
export const TEXT = 3;
export const TRUE = 4;
export const FALSE = 5;
/** A list of two values. */
export const PAIR = 6;
/** Steps of a transaction. */
export const STEPS = 7;

export interface Scalar {
  kind: number;
  integer: number;
  /** Bytes of a text, without its quotes. */
  start: number;
  end: number;
}

export const SCAN_READ = 0;
export const SCAN_WRITE = 1;
export const SCAN_CAS = 2;
/** Only where steps are scanned. */
export const SCAN_TXN = 3;
export const SCAN_OK = 0;
export const SCAN_FAIL = 1;
export const SCAN_UNKNOWN = 2;

export interface LineScan {
  /** Fills the fields below from the line that begins at `start`; gives the place of its end, or -1. */
  scan(bytes: Uint8Array, start: number): number;
  readonly process: number;
  /** NaN: none. */
  readonly session: number;
  readonly op: number;
  readonly outcome: number;
  readonly invoked: number;
  /** Infinity: unknown. */
  readonly completed: number;
  /** TEXT or ABSENT. */
  readonly key: Scalar;
  readonly hasFrom: boolean;
  readonly input: Scalar;
  readonly output: Scalar;
  /** The two of a PAIR. */
  readonly first: Scalar;
  readonly second: Scalar;
}

/** Scans the list of steps that begins at `start`; gives the place behind it, or -1. */
export type ScanSteps = (bytes: Uint8Array, start: number, isOutput: boolean) => number;

const scalar = (): Scalar => ({ kind: ABSENT, integer: 0, start: 0, end: 0 });

const FIELDS = [
  "process",
  "op",
  "key",
  "input",
  "invoked",
  "outcome",
  "output",
  "completed",
  "session",
  "site",
  "region",
  "profile",
  "scheduled",
  "epoch",
  "from",
  "error",
] as const;
/** `name":` as words of four bytes, the last one cut off by its mask. */
const NAMES = FIELDS.map((name) => {
  const bytes = Buffer.from(`${name}":`);
  const padded = Buffer.concat([bytes, Buffer.alloc(4)]);
  const words = Array.from({ length: Math.ceil(bytes.length / 4) }, (_, at) => padded.readInt32LE(4 * at));
  return { length: bytes.length, first: words[0] as number, second: words[1] ?? 0, third: words[2] ?? 0 };
});
const SLOTS = 64;
const slotOf = (word: number, factor: number) => Math.imul(word, factor) >>> 26;
/** Makes the first words of all names fall into different slots. */
const FACTOR = (() => {
  for (let factor = 0x9e3779b1; ; factor += 2)
    if (new Set(NAMES.map(({ first }) => slotOf(first, factor))).size === NAMES.length) return factor | 0;
})();
const FIELD_OF_SLOT = new Int8Array(SLOTS).fill(-1);
for (const [field, { first }] of NAMES.entries()) FIELD_OF_SLOT[slotOf(first, FACTOR)] = field;
const LENGTH = Int32Array.from(NAMES, ({ length }) => length);
const FIRST = Int32Array.from(NAMES, ({ first }) => first);
const SECOND = Int32Array.from(NAMES, ({ second }) => second);
const THIRD = Int32Array.from(NAMES, ({ third }) => third);
/** Of a word of which so many bytes count. */
const MASK = Int32Array.from([0, 0xff, 0xffff, 0xffffff, -1]);
const SECOND_MASK = Int32Array.from(
  NAMES,
  ({ length }) => MASK[Math.max(0, Math.min(4, length - 4))] as number,
);
const THIRD_MASK = Int32Array.from(
  NAMES,
  ({ length }) => MASK[Math.max(0, Math.min(4, length - 8))] as number,
);

// Places in FIELDS.
const PROCESS = 0;
const OP = 1;
const KEY = 2;
const INPUT = 3;
const INVOKED = 4;
const OUTCOME = 5;
const OUTPUT = 6;
const COMPLETED = 7;
const SESSION = 8;
const SCHEDULED = 12;
const EPOCH = 13;
const FROM = 14;
const REQUIRED = (1 << PROCESS) | (1 << OP) | (1 << INVOKED) | (1 << OUTCOME);
const DIGITS_MAX = 15;

const wordOf = (text: string) => Buffer.from(text.padEnd(4, "\0")).readInt32LE();
const READ_WORD = wordOf("read");
const WRIT_WORD = wordOf("writ");
const CAS_WORD = wordOf("cas");
const TXN_WORD = wordOf("txn");
const OK_WORD = wordOf("ok");
const FAIL_WORD = wordOf("fail");
const UNKN_WORD = wordOf("unkn");
const OWN_WORD = wordOf("own");
const NULL_WORD = wordOf("null");
const TRUE_WORD = wordOf("true");
const FALS_WORD = wordOf("fals");
const LETTER_E = 101;
/** Reading by words looks at so many bytes behind the line. */
const BEHIND = 24;

export function lineScan(scanSteps: ScanSteps | null = null): LineScan {
  const value = scalar();
  const first = scalar();
  const second = scalar();
  const result = {
    process: 0,
    session: Number.NaN,
    op: 0,
    outcome: 0,
    invoked: 0,
    completed: 0,
    key: scalar(),
    hasFrom: false,
    input: scalar(),
    output: scalar(),
    first,
    second,
  };

  /** Of the bytes that are scanned. */
  let words: DataView = new DataView(new ArrayBuffer(0));
  let viewed: Uint8Array | null = null;
  /** The field whose name is here; -1: none. Its name's end is LENGTH bytes further. */
  const fieldAt = (at: number): number => {
    const word = words.getInt32(at, true);
    const field = FIELD_OF_SLOT[Math.imul(word, FACTOR) >>> 26] as number;
    if (field < 0 || FIRST[field] !== word) return -1;
    if ((words.getInt32(at + 4, true) & (SECOND_MASK[field] as number)) !== SECOND[field]) return -1;
    return (words.getInt32(at + 8, true) & (THIRD_MASK[field] as number)) === THIRD[field] ? field : -1;
  };
  /** Reads one value without nesting; gives the place behind it, or -1. */
  const scanScalar = (bytes: Uint8Array, from: number, end: number, into: Scalar): number => {
    let at = from;
    const lead = bytes[at] as number;
    if (lead === 34) {
      at += 1;
      into.kind = TEXT;
      into.start = at;
      for (; at < end; at += 1) {
        const byte = bytes[at] as number;
        if (byte === 34) {
          into.end = at;
          return at + 1;
        }
        if (byte < 32 || byte > 126 || byte === 92) return -1;
      }
      return -1;
    }
    if (lead >= 97) {
      if (at + 4 > end) return -1;
      const word = words.getInt32(at, true);
      into.kind = word === NULL_WORD ? NULL : word === TRUE_WORD ? TRUE : FALSE;
      if (into.kind !== FALSE) return at + 4;
      return word === FALS_WORD && bytes[at + 4] === LETTER_E ? at + 5 : -1;
    }
    const negative = lead === 45;
    if (negative) at += 1;
    const begin = at;
    let integer = 0;
    for (; at < end; at += 1) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      integer = integer * 10 + digit;
    }
    const digits = at - begin;
    // No number, a leading zero, or one that may not be exact.
    if (digits === 0 || digits > DIGITS_MAX || (digits > 1 && bytes[begin] === 48)) return -1;
    into.kind = INTEGER;
    into.integer = negative ? -integer : integer;
    return at;
  };
  const copy = (from: Scalar, to: Scalar) => {
    to.kind = from.kind;
    to.integer = from.integer;
    to.start = from.start;
    to.end = from.end;
  };
  const scanPair = (bytes: Uint8Array, from: number, end: number): number => {
    let at = scanScalar(bytes, from + 1, end, first);
    if (at < 0 || bytes[at] !== 44) return -1;
    at += 1;
    if (bytes[at] === 32) at += 1;
    at = scanScalar(bytes, at, end, second);
    return at < 0 || bytes[at] !== 93 ? -1 : at + 1;
  };
  /** Takes the value that was read for a field; false: it is not as it should be. */
  const take = (bytes: Uint8Array, field: number): boolean => {
    const { kind, integer } = value;
    switch (field) {
      case PROCESS:
        result.process = integer;
        return kind === INTEGER;
      case OP: {
        if (kind !== TEXT) return false;
        const length = value.end - value.start;
        const word = words.getInt32(value.start, true) & (length >= 4 ? -1 : (MASK[length] as number));
        result.op = word === READ_WORD ? SCAN_READ : word === WRIT_WORD ? SCAN_WRITE : SCAN_CAS;
        if (word === READ_WORD) return length === 4;
        if (word === WRIT_WORD) return length === 5 && bytes[value.start + 4] === LETTER_E;
        if (word === TXN_WORD && scanSteps !== null) {
          result.op = SCAN_TXN;
          return length === 3;
        }
        return word === CAS_WORD && length === 3;
      }
      case KEY:
        copy(value, result.key);
        return kind === TEXT;
      case INPUT:
        copy(value, result.input);
        return true;
      case OUTPUT:
        copy(value, result.output);
        return true;
      case INVOKED:
        result.invoked = integer;
        return kind === INTEGER;
      case OUTCOME: {
        if (kind !== TEXT) return false;
        const length = value.end - value.start;
        const word = words.getInt32(value.start, true) & (length >= 4 ? -1 : (MASK[length] as number));
        result.outcome = word === OK_WORD ? SCAN_OK : word === FAIL_WORD ? SCAN_FAIL : SCAN_UNKNOWN;
        if (word === OK_WORD) return length === 2;
        if (word === FAIL_WORD) return length === 4;
        return (
          word === UNKN_WORD &&
          length === 7 &&
          (words.getInt32(value.start + 4, true) & 0xffffff) === OWN_WORD
        );
      }
      case COMPLETED:
        result.completed = kind === NULL ? Number.POSITIVE_INFINITY : integer;
        return kind === INTEGER || kind === NULL;
      case SESSION:
        result.session = integer;
        return kind === INTEGER;
      case SCHEDULED:
        return kind === INTEGER;
      case EPOCH:
        return kind === INTEGER || kind === NULL;
      case FROM:
        result.hasFrom = true;
        return kind === TEXT;
      default:
        return kind === TEXT; // site, region, profile, error
    }
  };
  const isWhole = (seen: number): boolean => {
    if ((seen & REQUIRED) !== REQUIRED) return false;
    const { op, outcome, invoked, completed, input, output } = result;
    if (outcome === SCAN_UNKNOWN ? completed !== Number.POSITIVE_INFINITY : !(completed >= invoked))
      return false;
    if (outcome !== SCAN_UNKNOWN && completed === Number.POSITIVE_INFINITY) return false;
    if (op !== SCAN_READ && input.kind === ABSENT) return false;
    if (op === SCAN_TXN) return input.kind === STEPS && (outcome !== SCAN_OK || output.kind === STEPS);
    if (op === SCAN_CAS) {
      if (input.kind !== PAIR) return false;
      return outcome !== SCAN_OK || output.kind === TRUE || output.kind === FALSE;
    }
    if (input.kind >= PAIR || output.kind >= PAIR) return false;
    return op !== SCAN_READ || outcome !== SCAN_OK || output.kind !== ABSENT;
  };
  const scan = (bytes: Uint8Array, start: number): number => {
    let at = start;
    const end = bytes.length;
    if (bytes[at] !== 123) return -1;
    if (viewed !== bytes) {
      words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      viewed = bytes;
    }
    result.key.kind = ABSENT;
    result.input.kind = ABSENT;
    result.output.kind = ABSENT;
    result.hasFrom = false;
    result.session = Number.NaN;
    result.completed = Number.POSITIVE_INFINITY;
    let seen = 0;
    for (;;) {
      at += 1; // { or ,
      if (bytes[at] === 32) at += 1;
      // Near the end of the bytes there is not room enough to look by words.
      if (bytes[at] !== 34 || at + BEHIND > end) return -1;
      const field = fieldAt(at + 1);
      if (field < 0 || (seen & (1 << field)) !== 0) return -1;
      seen |= 1 << field;
      at += 1 + (LENGTH[field] as number);
      if (bytes[at] === 32) at += 1;
      if (bytes[at] === 91 && scanSteps !== null) {
        if (field !== INPUT && field !== OUTPUT) return -1;
        at = scanSteps(bytes, at, field === OUTPUT);
        value.kind = STEPS;
      } else if (bytes[at] === 91) {
        if (field !== INPUT) return -1;
        at = scanPair(bytes, at, end);
        value.kind = PAIR;
      } else at = scanScalar(bytes, at, end, value);
      if (at < 0 || !take(bytes, field)) return -1;
      if (bytes[at] === 44) continue;
      if (bytes[at] !== 125) return -1;
      at += 1;
      if (bytes[at] === 13) at += 1;
      return (at === end || bytes[at] === 10) && isWhole(seen) ? at : -1;
    }
  };
  return Object.assign(result, { scan });
}
