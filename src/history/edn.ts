// Reads EDN (https://github.com/edn-format/edn), as much of it as Jepsen writes. Keywords become symbols
// (Symbol.for(":ok")), maps become objects (keys as text, keywords without the colon), vectors, lists and sets become
// arrays; tags are skipped and their value taken. Whole numbers beyond 2^53 become text: as numbers two might be one.

export interface EdnFault {
  readonly line: number;
  readonly what: string;
}

const DEPTH_MAX = 200;
const SPACE = /[\s,]/;
const END = /[\s,()[\]{}";]/;
const CHARACTERS: Readonly<Record<string, string>> = { newline: "\n", space: " ", tab: "\t", return: "\r" };
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  '"': '"',
  b: "\b",
  f: "\f",
};

export type EdnReader = {
  /** The next value of the text with the line it begins on; null at the end. Throws an EdnFault. */
  next(): { readonly value: unknown; readonly line: number } | null;
};

function atom(token: string): unknown {
  if (token === "nil") return null;
  if (token === "true") return true;
  if (token === "false") return false;
  if (/^[+-]?\d+N?$/.test(token)) {
    const text = token.replace("N", "");
    return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  }
  if (/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?M?$/.test(token)) return Number(token.replace("M", ""));
  if (token.startsWith("\\")) return CHARACTERS[token.slice(1)] ?? token.slice(1);
  return token.startsWith(":") ? Symbol.for(token) : token;
}

const DISCARDED = Symbol("discarded");

/** "ok" of :ok; null of anything else. */
export const keywordText = (value: unknown): string | null =>
  typeof value === "symbol" ? (value.description?.replace(/^:/, "") ?? null) : null;

export function readEdn(text: string): EdnReader {
  let at = 0;
  let line = 1;
  const fault = (what: string): never => {
    const problem: EdnFault = { line, what };
    throw problem;
  };
  const skip = () => {
    for (; at < text.length; at += 1) {
      const character = text[at] as string;
      if (character === "\n") line += 1;
      if (character === ";") {
        while (at + 1 < text.length && text[at + 1] !== "\n") at += 1;
      } else if (!SPACE.test(character)) return;
    }
  };
  const string = (): string => {
    let result = "";
    for (at += 1; at < text.length; at += 1) {
      const character = text[at] as string;
      if (character === '"') {
        at += 1;
        return result;
      }
      if (character === "\n") line += 1;
      if (character === "\\") {
        at += 1;
        const escape = text[at] ?? "";
        if (escape === "u") {
          result += String.fromCharCode(Number.parseInt(text.slice(at + 1, at + 5), 16));
          at += 4;
        } else result += ESCAPES[escape] ?? fault(`unknown escape \\${escape}`);
      } else result += character;
    }
    return fault("a string without an end");
  };
  const items = (close: string, depth: number): unknown[] => {
    const list: unknown[] = [];
    at += 1;
    for (;;) {
      skip();
      if (at >= text.length) fault(`"${close}" is missing`);
      if (text[at] === close) {
        at += 1;
        return list;
      }
      const item = value(depth + 1);
      if (item !== DISCARDED) list.push(item);
    }
  };
  const map = (depth: number): Record<string, unknown> => {
    const list = items("}", depth);
    if (list.length % 2 === 1) fault("a map with a key and no value");
    const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (let index = 0; index < list.length; index += 2) {
      const key = list[index];
      const name = typeof key === "string" ? key : (keywordText(key) ?? JSON.stringify(key) ?? "nil");
      result[name] = list[index + 1];
    }
    return { ...result };
  };
  const value = (depth: number): unknown => {
    if (depth > DEPTH_MAX) fault(`nested deeper than ${DEPTH_MAX}`);
    skip();
    const character = text[at] ?? fault("the text ends where a value is expected");
    if (character === '"') return string();
    if (character === "[") return items("]", depth);
    if (character === "(") return items(")", depth);
    if (character === "{") return map(depth);
    if (character === "#") {
      at += 1;
      if (text[at] === "{") return items("}", depth);
      if (text[at] === "_") {
        at += 1;
        value(depth + 1);
        return DISCARDED;
      }
      while (at < text.length && !END.test(text[at] as string)) at += 1;
      return value(depth + 1);
    }
    if (")]}".includes(character)) fault(`"${character}" without its beginning`);
    const from = at;
    at += 1;
    while (at < text.length && !END.test(text[at] as string)) at += 1;
    return atom(text.slice(from, at));
  };
  return {
    next() {
      for (;;) {
        skip();
        if (at >= text.length) return null;
        const begins = line;
        const found = value(0);
        if (found !== DISCARDED) return { value: found, line: begins };
      }
    },
  };
}

const NAME = /^[a-z][a-z0-9*!_?<>=.-]*$/i;
const isNumber = (text: string): boolean =>
  String(Number(text)) === text && Number.isSafeInteger(Number(text));
const keyOf = (name: string): string =>
  isNumber(name) ? name : NAME.test(name) ? `:${name}` : JSON.stringify(name);

/** A JSON value as EDN; symbols are keywords. */
export function writeEdn(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (typeof value === "symbol") return value.description ?? "nil";
  if (Array.isArray(value)) return `[${value.map(writeEdn).join(" ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([name, inner]) => `${keyOf(name)} ${writeEdn(inner)}`)
      .join(", ")}}`;
  return JSON.stringify(value) ?? "nil";
}
