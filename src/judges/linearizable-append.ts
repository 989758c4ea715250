// Linearizability of lists and strings that only grow: `append` adds an element (or text), a `read` gives everything.
// null is empty. Per key. Where every element is different the longest read tells the order of all appends, and one
// pass decides; else, or where somebody also writes, the bounded search does.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Limits } from "./limits.ts";
import { type Move, search } from "./search.ts";
import { inOrder, operationWords, valueWords } from "./words.ts";

export const LINEARIZABLE_STRING_APPEND = "linearizable-string-append";
export const LINEARIZABLE_LIST_APPEND = "linearizable-list-append";

type Kind = "string" | "list";
const never = Number.POSITIVE_INFINITY;

interface KeyVerdict {
  readonly verdict: Verdict["verdict"];
  readonly reason: string;
  readonly witness: readonly Operation[];
  readonly steps: number;
}

const invalid = (reason: string, ...witness: readonly Operation[]): KeyVerdict => ({
  verdict: "invalid",
  reason,
  witness: inOrder(witness),
  steps: 0,
});

const end = (operation: Operation): number => operation.completed ?? never;

/** The elements of a read in order, or why they can't be told; `texts` are all that may have been appended. */
type Split = (output: unknown) => readonly string[] | "foreign" | "ambiguous";

const nameOf = (value: unknown): string => JSON.stringify(value);

const splitList: Split = (output) => (Array.isArray(output) ? output.map(nameOf) : "foreign");

/** A string into the texts it was put together from; ambiguous when there is more than one way. */
function splitString(texts: ReadonlySet<string>): Split {
  const lengths = [...new Set([...texts].map((text) => text.length))].filter((length) => length > 0);
  return (output) => {
    if (typeof output !== "string") return "foreign";
    // ways[i]: how many ways (0, 1 or 2 = several) lead to position i; from[i]: where the last text begins.
    const ways = new Uint8Array(output.length + 1);
    const from = new Int32Array(output.length + 1);
    ways[0] = 1;
    for (let position = 1; position <= output.length; position += 1)
      for (const length of lengths) {
        const start = position - length;
        if (start < 0 || ways[start] === 0 || !texts.has(output.slice(start, position))) continue;
        ways[position] = Math.min(2, (ways[position] as number) + (ways[start] as number));
        from[position] = start;
      }
    if (ways[output.length] === 0) return "foreign";
    if (ways[output.length] === 2) return "ambiguous";
    const parts: string[] = [];
    for (let position = output.length; position > 0; position = from[position] as number)
      parts.push(nameOf(output.slice(from[position] as number, position)));
    return parts.reverse();
  };
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === "" || (Array.isArray(value) && value.length === 0);

interface Key {
  readonly appends: readonly Operation[];
  readonly reads: readonly Operation[];
  /** Appends that certainly failed, by element: for words only. */
  readonly failed: ReadonlyMap<string, Operation>;
}

function toKey(kind: Kind, operations: readonly Operation[]): Key {
  const appends: Operation[] = [];
  const reads: Operation[] = [];
  const failed = new Map<string, Operation>();
  for (const operation of operations) {
    if (operation.op === "read") {
      if (operation.outcome === "ok" && operation.output !== undefined) reads.push(operation);
    } else if (operation.outcome === "fail") failed.set(nameOf(operation.input), operation);
    else if (!(kind === "string" && operation.input === "")) appends.push(operation);
  }
  return { appends, reads, failed };
}

/** null: values are not different, or a string can be split in several ways. */
function byLongestRead(kind: Kind, { appends, reads, failed }: Key): KeyVerdict | null {
  const appendOf = new Map<string, Operation>();
  for (const append of appends) {
    const name = nameOf(append.input);
    if (appendOf.has(name) || append.op !== "append") return null;
    appendOf.set(name, append);
  }
  const texts = new Set(appends.flatMap(({ input }) => (typeof input === "string" ? [input] : [])));
  const split = kind === "list" ? splitList : splitString(texts);
  let longest: readonly string[] = [];
  let longestRead: Operation | null = null;
  const lengths = new Map<Operation, number>();
  for (const read of reads) {
    const parts = isEmpty(read.output) ? [] : split(read.output);
    if (parts === "ambiguous") return null;
    if (parts === "foreign") return invalid(`${operationWords(read)} holds what nobody appended`, read);
    lengths.set(read, parts.length);
    if (parts.length <= longest.length && longestRead !== null) continue;
    longest = parts;
    longestRead = read;
  }
  const place = new Map<string, number>();
  for (const [index, name] of longest.entries()) {
    const words = longestRead === null ? "" : operationWords(longestRead);
    const lost = failed.get(name);
    if (!appendOf.has(name))
      return invalid(
        lost === undefined
          ? `${words} holds ${name}, which nobody appended`
          : `${words} holds ${name}, whose ${operationWords(lost)} certainly failed`,
        ...(longestRead === null ? [] : [longestRead]),
      );
    if (place.has(name))
      return invalid(
        `${words} holds ${name} twice, which was appended once`,
        ...(longestRead === null ? [] : [longestRead]),
      );
    place.set(name, index);
  }
  for (const read of reads) {
    const parts = isEmpty(read.output) ? [] : (split(read.output) as readonly string[]);
    const differs = parts.findIndex((name, index) => name !== longest[index]);
    if (differs >= 0 && longestRead !== null)
      return invalid(
        `${operationWords(read)} and ${operationWords(longestRead)} disagree at element ${differs + 1}: ${parts[differs]} and ${longest[differs]}`,
        read,
        longestRead,
      );
  }
  return inStages({ appends, reads, failed }, place, lengths, longest.length, longestRead);
}

/**
 * The one order that the longest read leaves: append 1, reads of length 1, append 2, ... and at the end the certain
 * appends that no read holds. Within a stage real time decides.
 */
function inStages(
  { appends, reads }: Key,
  place: ReadonlyMap<string, number>,
  lengths: ReadonlyMap<Operation, number>,
  observed: number,
  longestRead: Operation | null,
): KeyVerdict {
  const stages: { stage: number; operation: Operation }[] = [];
  for (const operation of appends) {
    const index = place.get(nameOf(operation.input));
    if (index !== undefined) stages.push({ stage: 2 * index + 1, operation });
    else if (operation.outcome === "ok") stages.push({ stage: 2 * observed + 1, operation });
  }
  for (const operation of reads) stages.push({ stage: 2 * (lengths.get(operation) ?? 0), operation });
  stages.sort((a, b) => a.stage - b.stage);
  let earlier: Operation | null = null;
  let pending: Operation | null = null;
  let current = -1;
  for (const { stage, operation } of stages) {
    if (stage !== current) {
      if (pending !== null && (earlier === null || pending.invoked > earlier.invoked)) earlier = pending;
      pending = null;
      current = stage;
    }
    if (earlier !== null && end(operation) < earlier.invoked)
      return invalid(
        `${operationWords(operation)} was over before ${operationWords(earlier)} began, but must come after it${longestRead === null ? "" : ` by the order that ${operationWords(longestRead)} shows`}`,
        operation,
        earlier,
        ...(longestRead === null ? [] : [longestRead]),
      );
    if (pending === null || operation.invoked > pending.invoked) pending = operation;
  }
  return { verdict: "valid", reason: "linearizable", witness: [], steps: 0 };
}

function bySearch(kind: Kind, operations: readonly Operation[], limits: Limits): KeyVerdict {
  const states: unknown[] = [];
  const numbers = new Map<string, number>();
  const number = (state: unknown): number => {
    const name = JSON.stringify(state);
    const found = numbers.get(name);
    if (found !== undefined) return found;
    numbers.set(name, states.length);
    states.push(state);
    return states.length - 1;
  };
  const empty = kind === "string" ? "" : [];
  const initial = number(empty);
  const used = operations.filter(
    (operation) =>
      operation.outcome !== "fail" &&
      (operation.op !== "read" || (operation.outcome === "ok" && operation.output !== undefined)),
  );
  const classes = new Map<string, number>();
  const moves = used.map((operation): Move => {
    const name = JSON.stringify([
      operation.op,
      operation.input,
      operation.op === "read" ? operation.output : null,
    ]);
    const same = classes.get(name) ?? classes.size;
    classes.set(name, same);
    return { invoked: operation.invoked, completed: end(operation), readOnly: operation.op === "read", same };
  });
  const seen = used.map((operation) =>
    operation.op === "read" ? number(isEmpty(operation.output) ? empty : operation.output) : -1,
  );
  const step = (state: number, index: number): number => {
    const { op, input } = used[index] as Operation;
    if (op === "read") return seen[index] === state ? state : -1;
    if (op === "write") return number(isEmpty(input) ? empty : input);
    const before = states[state];
    return number(
      Array.isArray(before) ? [...(before as unknown[]), input] : `${before as string}${input as string}`,
    );
  };
  const { verdict, steps, stuckAt } = search(moves, step, limits.steps, initial);
  const stuck = stuckAt === null ? undefined : used[stuckAt];
  if (verdict === "valid") return { verdict, reason: "linearizable", witness: [], steps };
  if (stuck === undefined)
    return {
      verdict: "unknown",
      reason: `the search ended at its limit of ${limits.steps} steps`,
      witness: [],
      steps,
    };
  // Reads other than the one that can't be explained may be left out where the rest still can't explain it.
  const before = used.filter(
    (operation) => operation.invoked <= end(stuck) && (operation.op !== "read" || operation === stuck),
  );
  return {
    verdict: "invalid",
    reason: `no order of the operations before it explains ${operationWords(stuck)}`,
    witness: inOrder(before.length <= 100 ? before : [stuck]),
    steps,
  };
}

function judgeAppends(kind: Kind, operations: readonly Operation[], limits: Limits): KeyVerdict {
  const wrong = operations.find(
    ({ op, input, outcome }) =>
      kind === "string" && op !== "read" && outcome !== "fail" && typeof input !== "string" && input !== null,
  );
  if (wrong !== undefined)
    return {
      verdict: "unknown",
      reason: `the text of ${operationWords(wrong)} is no string: ${valueWords(wrong.input)}`,
      witness: [],
      steps: 0,
    };
  const onlyAppends = operations.every(({ op }) => op === "append" || op === "read");
  const fast = onlyAppends ? byLongestRead(kind, toKey(kind, operations)) : null;
  return fast ?? bySearch(kind, operations, limits);
}

const MOVES: ReadonlySet<string> = new Set(["append", "read", "write"]);

export function judgeLinearizableAppend(
  kind: Kind,
  operations: readonly Operation[],
  limits: Limits,
): Verdict {
  const keys = new Map<string, Operation[]>();
  const foreign = new Set<string>();
  for (const operation of operations) {
    if (operation.from !== undefined) continue;
    const key = operation.key ?? "";
    if (!MOVES.has(operation.op)) foreign.add(key);
    const list = keys.get(key);
    if (list === undefined) keys.set(key, [operation]);
    else list.push(operation);
  }
  for (const key of foreign) keys.delete(key);
  const count = { keys: keys.size, operations: 0, keysBySearch: 0, steps: 0 };
  const model = kind === "string" ? LINEARIZABLE_STRING_APPEND : LINEARIZABLE_LIST_APPEND;
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({
    model,
    verdict,
    reason,
    witness,
    statistics: { ...count, leftOut: operations.length - count.operations },
  });
  for (const list of keys.values()) count.operations += list.length;
  let open: string | null = null;
  for (const [key, list] of keys) {
    const found = judgeAppends(kind, list, limits);
    count.steps += found.steps;
    if (found.steps > 0) count.keysBySearch += 1;
    if (found.verdict === "invalid")
      return give("invalid", `key ${JSON.stringify(key)}: ${found.reason}`, found.witness);
    if (found.verdict === "unknown") open ??= `key ${JSON.stringify(key)}: ${found.reason}`;
  }
  if (open !== null) return give("unknown", open);
  if (count.operations === 0) return give("unknown", "the history holds no appends and reads");
  return give("valid", `linearizable: ${count.operations} operations on ${keys.size} keys`);
}
