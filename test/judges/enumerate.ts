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
