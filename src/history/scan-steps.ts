// The steps of a transaction from their bytes, without an object or a string: [["append" | "w" | "r", "key", value], …] where
// a value is a whole number, a plain text, null, true or false, or for a read a list of them. Anything else, and any fault,
// is not taken (decode.ts decides then).
import type { KeyNames } from "./key-names.ts";
import type { ListPrefixes } from "./list-prefixes.ts";

export const APPEND = 0;
export const WRITE = 1;
export const READ = 2;

/** A read of null. */
export const NOTHING = 0;
export const ONE = 1;
export const LIST = 2;

/** More steps in one transaction are for decode.ts. */
const STEPS_MAX = 256;

/** Places in the bytes that were scanned. */
export interface ScannedSteps {
  readonly count: number;
  readonly op: Uint8Array;
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  readonly kind: Uint8Array;
  /** LIST: how many elements the key's longest list begins with. */
  readonly shared: Int32Array;
  /** ONE: its bytes. LIST: from behind the shared elements to its end. */
  readonly start: Int32Array;
  readonly end: Int32Array;
}

export interface StepScan {
  /** Scans the list that begins at `from`; gives the place behind it, or -1. */
  scan(bytes: Uint8Array, from: number, isOutput: boolean): number;
  readonly input: ScannedSteps;
  readonly output: ScannedSteps;
}

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const OPEN = 91;
const CLOSE = 93;
const SPACE = 32;
const DIGITS_MAX = 15;
const WORDS = ["null", "true", "false"].map((word) => Buffer.from(word));

/** The place behind the whole number that begins here, if its digits are how JSON writes it and it is exact; else -1. */
function numberEnd(bytes: Uint8Array, from: number): number {
  const begin = bytes[from] === MINUS ? from + 1 : from;
  let at = begin;
  for (;;) {
    const digit = (bytes[at] as number) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    at += 1;
  }
  const digits = at - begin;
  if (digits === 0 || digits > DIGITS_MAX) return -1;
  // A leading zero, or -0.
  return bytes[begin] === 48 && (digits > 1 || begin > from) ? -1 : at;
}

function textEnd(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte < 32 || byte > 126 || byte === 92) return -1;
  }
  return -1;
}

function wordEnd(bytes: Uint8Array, from: number): number {
  for (const word of WORDS) {
    let same = 0;
    while (same < word.length && bytes[from + same] === word[same]) same += 1;
    if (same === word.length) return from + same;
  }
  return -1;
}

/** The place behind the value without nesting that begins here; -1: none that is taken. Its bytes are its canonical text. */
export function valueEnd(bytes: Uint8Array, from: number): number {
  const lead = bytes[from] as number;
  if (lead === QUOTE) return textEnd(bytes, from);
  return lead >= 97 ? wordEnd(bytes, from) : numberEnd(bytes, from);
}

/** The place of the next element behind the comma that is here. */
export const nextElement = (bytes: Uint8Array, comma: number): number =>
  bytes[comma + 1] === SPACE ? comma + 2 : comma + 1;

/** The place of the ] that ends the list of whose elements one ends here; -1: not taken. */
function listEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === COMMA) {
    at = valueEnd(bytes, nextElement(bytes, at));
    if (at < 0) return -1;
  }
  return bytes[at] === CLOSE ? at : -1;
}

const scannedSteps = () => ({
  count: 0,
  op: new Uint8Array(STEPS_MAX),
  keyStart: new Int32Array(STEPS_MAX),
  keyEnd: new Int32Array(STEPS_MAX),
  kind: new Uint8Array(STEPS_MAX),
  shared: new Int32Array(STEPS_MAX),
  start: new Int32Array(STEPS_MAX),
  end: new Int32Array(STEPS_MAX),
});
type Steps = ReturnType<typeof scannedSteps>;

const LETTER_R = 114;
const LETTER_W = 119;
const APPEND_TEXT = Buffer.from(`append"`);

export function stepScan(keys: KeyNames, prefixes: ListPrefixes): StepScan {
  const input = scannedSteps();
  const output = scannedSteps();
  let words: DataView = new DataView(new ArrayBuffer(0));
  let viewed: Uint8Array | null = null;

  /** Scans `"append"`, `"w"` or `"r"`; gives the place behind it. */
  const scanOp = (bytes: Uint8Array, at: number, steps: Steps): number => {
    if (bytes[at] !== QUOTE) return -1;
    const letter = bytes[at + 1];
    if (bytes[at + 2] === QUOTE && (letter === LETTER_R || letter === LETTER_W)) {
      steps.op[steps.count] = letter === LETTER_R ? READ : WRITE;
      return at + 3;
    }
    for (let index = 0; index < APPEND_TEXT.length; index += 1)
      if (bytes[at + 1 + index] !== APPEND_TEXT[index]) return -1;
    steps.op[steps.count] = APPEND;
    return at + 1 + APPEND_TEXT.length;
  };
  const scanList = (bytes: Uint8Array, open: number, steps: Steps): number => {
    const { count } = steps;
    let from = open + 1;
    const key = keys.find(bytes, steps.keyStart[count] as number, steps.keyEnd[count] as number);
    const shared = key < 0 ? 0 : prefixes.match(key, bytes, words, from);
    let end = -1;
    if (shared > 0) {
      from = prefixes.behind;
      end = listEnd(bytes, from);
    } else if (bytes[from] === CLOSE) end = from;
    else {
      end = valueEnd(bytes, from);
      if (end >= 0) end = listEnd(bytes, end);
    }
    if (end < 0) return -1;
    steps.kind[count] = LIST;
    steps.shared[count] = shared;
    steps.start[count] = from;
    steps.end[count] = end;
    return end + 1;
  };
  const scanValue = (bytes: Uint8Array, at: number, steps: Steps): number => {
    const { count } = steps;
    const read = steps.op[count] === READ;
    if (bytes[at] === OPEN) return read ? scanList(bytes, at, steps) : -1;
    const end = valueEnd(bytes, at);
    steps.kind[count] = read && end - at === 4 && bytes[at] === 110 ? NOTHING : ONE;
    steps.start[count] = at;
    steps.end[count] = end;
    return end;
  };
  /** Scans one step; gives the place behind it. */
  const scanStep = (bytes: Uint8Array, open: number, steps: Steps): number => {
    if (bytes[open] !== OPEN || steps.count === STEPS_MAX) return -1;
    let at = scanOp(bytes, open + 1, steps);
    if (at < 0 || bytes[at] !== COMMA) return -1;
    at = nextElement(bytes, at);
    if (bytes[at] !== QUOTE) return -1;
    steps.keyStart[steps.count] = at + 1;
    at = textEnd(bytes, at);
    if (at < 0 || bytes[at] !== COMMA) return -1;
    steps.keyEnd[steps.count] = at - 1;
    at = scanValue(bytes, nextElement(bytes, at), steps);
    if (at < 0 || bytes[at] !== CLOSE) return -1;
    steps.count += 1;
    return at + 1;
  };
  return {
    input,
    output,
    scan(bytes, from, isOutput) {
      if (viewed !== bytes) {
        words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        viewed = bytes;
      }
      const steps = isOutput ? output : input;
      steps.count = 0;
      if (bytes[from + 1] === CLOSE) return from + 2;
      let at = scanStep(bytes, from + 1, steps);
      while (at >= 0 && bytes[at] === COMMA) at = scanStep(bytes, nextElement(bytes, at), steps);
      return at >= 0 && bytes[at] === CLOSE ? at + 1 : -1;
    },
  };
}
