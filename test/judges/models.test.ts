// Every sequential model, linearizable and sequential, against a second version that is written from the definition and
// shares no code: some of the unknown and all of the ok operations, in an order that explains every answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../../src/domain/history.ts";
import { judgeOf, LIMITS } from "../../src/judges/judge.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { CAS_KINDS, enumerate, type Kind, PLAIN_KINDS } from "./enumerate.ts";

const outcomes = ["ok", "unknown", "fail"] as const;
const each = (op: Operation["op"], inputs: readonly unknown[]): Kind[] =>
  inputs.flatMap((input) => outcomes.map((outcome): Kind => ({ op, input, outcome })));
const answers = (op: Operation["op"], outputs: readonly unknown[], input?: unknown): Kind[] =>
  outputs.map((output): Kind => ({ op, outcome: "ok", output, ...(input === undefined ? {} : { input }) }));

interface Case {
  readonly kinds: readonly Kind[];
  readonly initial: string;
  /** The state after the operation as text; null: it can't be answered so. */
  readonly apply: (operation: Operation, state: string) => string | null;
}

const asked = ({ outcome }: Operation) => outcome === "ok";
const CASES: Readonly<Record<string, Case>> = {
  counter: {
    kinds: [...each("add", [1, -2]), ...answers("read", [0, 1, -1, 2]), { op: "read", outcome: "unknown" }],
    initial: "0",
    apply: (o, state) => {
      if (o.op === "add") return String(Number(state) + (o.input as number));
      return !asked(o) || String(o.output) === state ? state : null;
    },
  },
  set: {
    kinds: [
      ...each("add", ["a", "b"]),
      ...answers("contains", [true, false], "a"),
      ...answers("contains", [true, false], "b"),
      ...answers("read", [[], ["b", "a"], ["a"]]),
    ],
    initial: "",
    apply: (o, state) => {
      const has = (name: string) => state.includes(name);
      if (o.op === "add") {
        const text = `${state}${o.input as string}`;
        return has(o.input as string) ? state : text === "ba" ? "ab" : text;
      }
      if (o.op === "contains") return has(o.input as string) === o.output ? state : null;
      return (o.output as string[]).toSorted((a, b) => (a < b ? -1 : 1)).join("") === state ? state : null;
    },
  },
  queue: {
    kinds: [
      ...each("enqueue", ["a", "b"]),
      ...answers("dequeue", ["a", "b", null]),
      { op: "dequeue", outcome: "unknown" },
      { op: "dequeue", outcome: "fail" },
    ],
    initial: "",
    apply: (o, state) => {
      if (o.op === "enqueue") return state + (o.input as string);
      const first = state === "" ? null : (state[0] as string);
      return !asked(o) || first === o.output ? state.slice(1) : null;
    },
  },
  lock: {
    kinds: [
      { op: "acquire", outcome: "ok", session: 0 } as Kind,
      { op: "acquire", outcome: "ok", session: 1 } as Kind,
      { op: "acquire", outcome: "unknown", session: 1 } as Kind,
      { op: "release", outcome: "ok", session: 0 } as Kind,
      { op: "release", outcome: "ok", session: 1 } as Kind,
      { op: "release", outcome: "fail", session: 1 } as Kind,
    ],
    initial: "free",
    apply: (o, state) => {
      const who = `held ${o.session}`;
      if (o.op === "acquire") return state === "free" ? who : null;
      return state === who ? "free" : null;
    },
  },
  "multi-register": {
    kinds: [
      ...outcomes.map(
        (outcome): Kind => ({
          op: "txn",
          outcome,
          input: [
            ["w", "x", 1],
            ["r", "y", null],
          ],
          ...(outcome === "ok"
            ? {
                output: [
                  ["w", "x", 1],
                  ["r", "y", null],
                ],
              }
            : {}),
        }),
      ),
      ...[null, 1].flatMap((x) =>
        [null, 1].map(
          (y): Kind => ({
            op: "txn",
            outcome: "ok",
            input: [],
            output: [
              ["r", "x", x],
              ["w", "y", 1],
              ["r", "y", y],
            ],
          }),
        ),
      ),
      { op: "read", outcome: "ok", output: 1 },
      { op: "write", outcome: "ok", input: 1 },
    ],
    initial: "{}",
    apply: (o, state) => {
      const values = new Map(Object.entries(JSON.parse(state) as Record<string, unknown>));
      const key = o.key ?? "";
      const steps =
        o.op === "read"
          ? [["r", key, o.output]]
          : o.op === "write"
            ? [["w", key, o.input]]
            : ((asked(o) ? o.output : o.input) as [string, string, unknown][]);
      for (const [kind, name, value] of steps as [string, string, unknown][]) {
        if (kind === "w") values.set(name, value);
        else if (asked(o) && (values.get(name) ?? null) !== value) return null;
      }
      return JSON.stringify(Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1))));
    },
  },
  register: {
    kinds: [...PLAIN_KINDS, ...CAS_KINDS.slice(0, 9)],
    initial: "null",
    apply: (o, state) => {
      if (o.op === "write") return JSON.stringify(o.input);
      if (o.op === "read") return !asked(o) || JSON.stringify(o.output) === state ? state : null;
      const [from, to] = (o.input as unknown[]).map((value) => JSON.stringify(value)) as [string, string];
      if (asked(o) && o.output !== (from === state)) return null;
      return from === state ? to : state;
    },
  },
};

type Precedes = (a: Operation, b: Operation) => boolean;

function brute(operations: readonly Operation[], { apply, initial }: Case, precedes: Precedes): boolean {
  const go = (left: readonly Operation[], state: string): boolean => {
    const owed = left.filter(asked);
    if (owed.length === 0) return true;
    return left.some((operation) => {
      if (owed.some((other) => other !== operation && precedes(other, operation))) return false;
      const next = apply(operation, state);
      return (
        next !== null &&
        go(
          left.filter((other) => other !== operation),
          next,
        )
      );
    });
  };
  return go(
    operations.filter(({ outcome }) => outcome !== "fail"),
    initial,
  );
}

const inTime: Precedes = (a, b) => (a.completed as number) < b.invoked;
const inSession: Precedes = (a, b) => (a.session ?? a.process) === (b.session ?? b.process) && inTime(a, b);

function agree(model: string, operations: readonly Operation[], expected: boolean): void {
  const verdict = judgeOf(model)?.judge(
    { header: { history: "outlast/v1", origin: "", uncertaintyNs: 0 }, operations, marks: [] },
    LIMITS,
  );
  const shown = () => operations.map((operation) => JSON.stringify(operation)).join("\n");
  if (verdict?.verdict === (expected ? "valid" : "invalid")) return;
  assert.fail(
    `${model}: by definition ${expected}, judged ${verdict?.verdict} (${verdict?.reason})\n${shown()}`,
  );
}

const hasSomething = (operations: readonly Operation[]) => operations.length > 0;

test("each model is linearizable exactly where its definition says so: all histories of up to 3 operations", () => {
  for (const [name, definition] of Object.entries(CASES)) {
    if (name === "register") continue; // test/judges/linearizable-register.test.ts
    const seen = { true: 0, false: 0 };
    for (const n of [1, 2, 3])
      enumerate(
        n,
        definition.kinds,
        (operations) => {
          const expected = brute(operations, definition, inTime);
          seen[`${expected}`] += 1;
          agree(`linearizable-${name}`, operations, expected);
        },
        n === 3 ? 3 : 1,
      );
    assert.ok(seen.true > 400 && seen.false > 400, `${name} ${JSON.stringify(seen)}`);
  }
});

/** Runs of a real object, at random times and in few sessions, where some answers are of another moment. */
function randomRun(seed: number, { kinds, apply, initial }: Case): Operation[] {
  const random = seededRandom(seed);
  let state = initial;
  const clocks = [0, 0, 0];
  const lies = random.next() < 0.6 ? 0.7 : 0;
  const operations: Operation[] = [];
  for (let index = 0; index < 4 + random.below(4); index += 1) {
    const session = random.below(3);
    const possible = kinds.filter((kind) => {
      const next = apply({ ...kind, process: session, session, key: "k", invoked: 0 }, state);
      return next !== null || random.next() < lies;
    });
    const kind = random.pick(possible.length > 0 ? possible : kinds);
    const invoked = Math.max(clocks[session] as number, index * 10 - random.below(25));
    const completed = invoked + random.below(25);
    clocks[session] = completed + 1;
    const unknown = kind.outcome === "unknown";
    const operation: Operation = {
      ...kind,
      process: unknown ? 100 + index : session,
      session,
      key: "k",
      invoked,
      ...(unknown ? {} : { completed }),
    };
    if (kind.outcome !== "fail" && !(unknown && random.next() < 0.5))
      state = apply(operation, state) ?? state;
    operations.push(operation);
  }
  return operations.sort((a, b) => a.invoked - b.invoked);
}

test("linearizable and sequential equal their definitions on random runs of every model", () => {
  for (const [name, definition] of Object.entries(CASES)) {
    const seen = { linearizable: 0, sequential: 0, neither: 0 };
    for (let seed = 0; seed < 1_500; seed += 1) {
      const operations = randomRun(seed, definition);
      if (!hasSomething(operations)) continue;
      const linearizable = brute(operations, definition, inTime);
      const sequential = brute(operations, definition, inSession);
      assert.ok(sequential || !linearizable);
      seen[linearizable ? "linearizable" : sequential ? "sequential" : "neither"] += 1;
      agree(`linearizable-${name}`, operations, linearizable);
      agree(name === "register" ? "sequential" : `sequential-${name}`, operations, sequential);
    }
    assert.ok(
      seen.linearizable > 200 && seen.sequential > 20 && seen.neither > 200,
      `${name} ${JSON.stringify(seen)}`,
    );
  }
});
