// All histories of n operations: every way their times can overlap × every kind and outcome from a list.
import type { Operation } from "../../src/domain/history.ts";

export type Kind = Pick<Operation, "op" | "input" | "output" | "outcome">;

/** For each operation its place of invocation and completion among 2n moments; invocations in order of the index. */
export function overlaps(n: number): { invoked: number; completed: number }[][] {
  const found: { invoked: number; completed: number }[][] = [];
  const go = (moment: number, begun: number, spans: { invoked: number; completed: number }[]) => {
    if (moment === 2 * n) {
      found.push(spans.map((span) => ({ ...span })));
      return;
    }
    if (begun < n) go(moment + 1, begun + 1, [...spans, { invoked: moment, completed: -1 }]);
    spans.forEach((span, index) => {
      if (span.completed >= 0) return;
      go(
        moment + 1,
        begun,
        spans.map((each, at) => (at === index ? { ...each, completed: moment } : each)),
      );
    });
  };
  go(0, 0, []);
  return found;
}

/** Calls `visit` with each history; every `step`-th when given, beginning with the `offset`-th. */
export function enumerate(
  n: number,
  kinds: readonly Kind[],
  visit: (operations: Operation[]) => void,
  step = 1,
  offset = 0,
): number {
  const spans = overlaps(n);
  const total = kinds.length ** n * spans.length;
  let visited = 0;
  for (let at = offset; at < total; at += step) {
    const span = spans[at % spans.length] ?? [];
    let rest = Math.floor(at / spans.length);
    const operations: Operation[] = [];
    for (let index = 0; index < n; index += 1) {
      const kind = kinds[rest % kinds.length] as Kind;
      rest = Math.floor(rest / kinds.length);
      const { invoked, completed } = span[index] as { invoked: number; completed: number };
      operations.push({
        process: index,
        key: "k",
        ...kind,
        invoked,
        ...(kind.outcome === "unknown" ? {} : { completed }),
      });
    }
    visit(operations);
    visited += 1;
  }
  return visited;
}

const outcomes = ["ok", "unknown", "fail"] as const;
const VALUES = [1, 2];

export const PLAIN_KINDS: readonly Kind[] = [
  ...[null, ...VALUES].map((output): Kind => ({ op: "read", outcome: "ok", output })),
  { op: "read", outcome: "unknown" },
  ...VALUES.flatMap((input) => outcomes.map((outcome): Kind => ({ op: "write", input, outcome }))),
];

export const CAS_KINDS: readonly Kind[] = [null, ...VALUES]
  .flatMap((from) =>
    VALUES.flatMap((to): Kind[] => [
      { op: "cas", input: [from, to], outcome: "ok", output: true },
      { op: "cas", input: [from, to], outcome: "ok", output: false },
      { op: "cas", input: [from, to], outcome: "unknown" },
    ]),
  )
  .concat({ op: "cas", input: [1, 2], outcome: "fail" });

/** What says something by its answer or may have had an effect; a refused cas says nothing about what it would have written. */
export const TELLING_KINDS: readonly Kind[] = [...PLAIN_KINDS, ...CAS_KINDS].filter(
  ({ op, input, output, outcome }) =>
    outcome !== "fail" &&
    !(op === "read" && outcome === "unknown") &&
    !(op === "cas" && output === false && (input as readonly unknown[])[1] !== VALUES[0]),
);

const valuesIn = ({ op, input, output }: Kind): unknown[] =>
  (op === "read" ? [output] : op === "cas" && output === false ? (input as unknown[]).slice(0, 1) : [input])
    .flat()
    .filter((value) => value !== null);

/**
 * Every history of n operations of `kinds`, once: names of values are interchangeable (the first is VALUES[0]), and an
 * operation without an answer has no end, wherever it would be. Returns how many there were.
 */
export function enumerateDistinct(
  n: number,
  kinds: readonly Kind[],
  visit: (operations: Operation[]) => void,
  step = 1,
): number {
  const spans = overlaps(n);
  /** By the set of operations without an answer: the overlaps in which their ends come last, in their order. */
  const byUnknown = Array.from({ length: 2 ** n }, (_, unknown) =>
    spans.filter((span) => {
      const ends = span.flatMap(({ completed }, index) =>
        (unknown & (1 << index)) === 0 ? [] : [completed],
      );
      return ends.every((end, place) => end === 2 * n - ends.length + place);
    }),
  );
  let seen = 0;
  let visited = 0;
  for (let code = 0; code < kinds.length ** n; code += 1) {
    const chosen: Kind[] = [];
    for (let rest = code; chosen.length < n; rest = Math.floor(rest / kinds.length))
      chosen.push(kinds[rest % kinds.length] as Kind);
    if ((chosen.flatMap(valuesIn)[0] ?? VALUES[0]) !== VALUES[0]) continue;
    const unknown = chosen.reduce(
      (set, { outcome }, index) => set + (outcome === "unknown" ? 1 << index : 0),
      0,
    );
    for (const span of byUnknown[unknown] ?? []) {
      seen += 1;
      if (seen % step !== 0) continue;
      visited += 1;
      visit(
        chosen.map((kind, index): Operation => {
          const { invoked, completed } = span[index] as { invoked: number; completed: number };
          const end = kind.outcome === "unknown" ? {} : { completed };
          return { process: index, key: "k", ...kind, invoked, ...end };
        }),
      );
    }
  }
  return visited;
}
