import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operation } from "../../src/domain/history.ts";
import { judgeCausal, judgeCausalConvergence } from "../../src/judges/causal.ts";
import { LIMITS } from "../../src/judges/limits.ts";
import { REGISTER } from "../../src/judges/models/register.ts";
import { judgeSequential } from "../../src/judges/sequential.ts";
import { judgeStrongest } from "../../src/judges/strongest.ts";
import { judgeSessions, SESSION_MODELS, SESSIONS, type SessionModel } from "../../src/judges/sessions.ts";
import { seededRandom } from "../../src/runtime/random.ts";

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));

/** Only reads and writes, ok ones, values different; null is first in every order. */
function bruteSession(models: readonly SessionModel[], operations: readonly Operation[]): boolean {
  const keys = [...new Set(operations.map(({ key }) => key))];
  return keys.every((key) => {
    const here = operations.filter((operation) => operation.key === key);
    const written = here.filter(({ op }) => op === "write").map(({ input }) => input);
    const known = (value: unknown) => value === null || written.includes(value);
    if (!here.every((each) => each.op === "write" || known(each.output))) return false;
    return permutations(written).some((order) => {
      const rank = (value: unknown) => (value === null ? -1 : order.indexOf(value));
      return here.every((b) =>
        here.every((a) => {
          if (a === b || a.session !== b.session || a.invoked >= b.invoked) return true;
          const [x, y] = [a, b].map((each) => rank(each.op === "write" ? each.input : each.output)) as [
            number,
            number,
          ];
          const kind = `${a.op} ${b.op}`;
          if (kind === "write read" && models.includes("read-your-writes")) return x <= y;
          if (kind === "read read" && models.includes("monotonic-reads")) return x <= y;
          if (kind === "write write" && models.includes("monotonic-writes")) return x < y;
          if (kind === "read write" && models.includes("writes-follow-reads")) return x < y;
          return true;
        }),
      );
    });
  });
}

/** Session order and who-read-what, transitively; null: a circle. */
function causality(operations: readonly Operation[]): ((b: number, a: number) => boolean) | null {
  const n = operations.length;
  const cause = operations.map((b) =>
    operations.map(
      (a) =>
        (a.session === b.session && a.invoked < b.invoked) ||
        (a.op === "write" && b.op === "read" && a.key === b.key && a.input === b.output),
    ),
  ); // cause[b][a]: a before b
  const at = (b: number, a: number) => (cause[b] as boolean[])[a] as boolean;
  for (let k = 0; k < n; k += 1)
    for (let b = 0; b < n; b += 1)
      for (let a = 0; a < n; a += 1) if (at(b, k) && at(k, a)) (cause[b] as boolean[])[a] = true;
  for (let a = 0; a < n; a += 1) if (at(a, a)) return null;
  return at;
}

/** CCv by its definition: one order of all writes that explains, from each read's causal past, what it saw. */
function bruteConvergence(operations: readonly Operation[]): boolean {
  const at = causality(operations);
  if (at === null) return false;
  const writes = operations.flatMap(({ op }, index) => (op === "write" ? [index] : []));
  return permutations(writes).some(
    (order) =>
      order.every((b, place) => order.slice(place + 1).every((a) => !at(b, a))) &&
      operations.every(({ op, key, output }, self) => {
        const last = order.findLast((each) => at(self, each) && operations[each]?.key === key);
        return op === "write" || (last === undefined ? null : operations[last]?.input) === output;
      }),
  );
}

/** CC by its definition: for each operation some order of its causal past that explains what it saw. */
function bruteCausal(operations: readonly Operation[]): boolean {
  const at = causality(operations);
  if (at === null) return false;
  return operations.every((operation, self) => {
    if (operation.op !== "read") return true;
    const past = operations.flatMap((each, index) =>
      at(self, index) && each.op === "write" && each.key === operation.key ? [index] : [],
    );
    return permutations(past).some(
      (order) =>
        order.every((b, place) => order.slice(place + 1).every((a) => !at(b, a))) &&
        (order.length === 0 ? null : operations[order.at(-1) as number]?.input) === operation.output,
    );
  });
}

function randomSessions(seed: number): Operation[] {
  const random = seededRandom(seed);
  const length = 3 + random.below(5);
  const keys = 1 + random.below(2);
  const writes: { key: string; value: number }[] = [];
  return Array.from({ length }, (_, index): Operation => {
    const session = random.below(3);
    const key = `k${random.below(keys)}`;
    const base = {
      process: session,
      session,
      key,
      invoked: index * 10,
      completed: index * 10 + 1,
      outcome: "ok" as const,
    };
    if (random.next() < 0.5) {
      writes.push({ key, value: index + 1 });
      return { ...base, op: "write", input: index + 1 };
    }
    const choices = writes.filter((each) => each.key === key).map(({ value }) => value);
    return {
      ...base,
      op: "read",
      output: random.next() < 0.2 ? null : (choices[random.below(choices.length + 1)] ?? null),
    };
  });
}

const promised: Record<SessionModel | typeof SESSIONS, readonly SessionModel[]> = {
  "read-your-writes": ["read-your-writes"],
  "monotonic-reads": ["monotonic-reads"],
  "monotonic-writes": ["monotonic-writes", "monotonic-reads"],
  "writes-follow-reads": ["writes-follow-reads", "monotonic-reads"],
  sessions: ["read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"],
};

test("each session model equals its definition on random histories", () => {
  for (const model of [...SESSION_MODELS, SESSIONS] as const) {
    const seen = { valid: 0, invalid: 0 };
    for (let seed = 0; seed < 1_500; seed += 1) {
      const operations = randomSessions(seed);
      const expected = bruteSession(promised[model], operations) ? "valid" : "invalid";
      const verdict = judgeSessions(model, operations);
      assert.equal(verdict.verdict, expected, `${model} ${JSON.stringify(operations)} ${verdict.reason}`);
      if (expected === "invalid")
        assert.equal(judgeSessions(model, verdict.witness).verdict, "invalid", "the witness proves nothing");
      seen[expected] += 1;
    }
    assert.ok(seen.valid > 40 && seen.invalid > 8, `${model} ${JSON.stringify(seen)}`);
  }
});

test("causal equals its definition on random histories", () => {
  const seen = { valid: 0, invalid: 0 };
  for (let seed = 0; seed < 5_000; seed += 1) {
    const operations = randomSessions(seed);
    const expected = bruteCausal(operations) ? "valid" : "invalid";
    const verdict = judgeCausal(operations);
    assert.equal(verdict.verdict, expected, `${JSON.stringify(operations)} ${verdict.reason}`);
    seen[expected] += 1;
  }
  assert.ok(seen.valid > 1_500 && seen.invalid > 750, JSON.stringify(seen));
});

test("causal convergence equals its definition, and each model implies the weaker ones", () => {
  const seen = { valid: 0, invalid: 0 };
  const strongest = new Map<string, number>();
  for (let seed = 0; seed < 2_000; seed += 1) {
    const operations = randomSessions(seed);
    const shown = () => JSON.stringify(operations);
    const expected = bruteConvergence(operations) ? "valid" : "invalid";
    const verdict = judgeCausalConvergence(operations);
    assert.equal(verdict.verdict, expected, `${shown()} ${verdict.reason}`);
    if (expected === "invalid")
      assert.equal(
        judgeCausalConvergence(verdict.witness).verdict,
        "invalid",
        `${shown()} ${verdict.reason}`,
      );
    seen[expected] += 1;
    const held = (judge: { verdict: string }) => judge.verdict === "valid";
    const sequential = held(judgeSequential(REGISTER, operations, LIMITS));
    const convergent = expected === "valid";
    assert.ok(convergent || !sequential, shown());
    assert.ok(held(judgeCausal(operations)) || !convergent, shown());
    assert.ok(held(judgeSessions(SESSIONS, operations)) || !convergent, shown());
    const told = /not refuted: (.*?)(;|$)/.exec(judgeStrongest(operations, LIMITS).reason)?.[1] ?? "none";
    strongest.set(told, (strongest.get(told) ?? 0) + 1);
    if (told === "sequential" || told === "linearizable-register") assert.ok(sequential, shown());
    if (told === "causal-convergence") assert.ok(convergent && !sequential, shown());
  }
  assert.ok(seen.valid > 500 && seen.invalid > 500, JSON.stringify(seen));
  assert.ok(strongest.size >= 6, JSON.stringify([...strongest]));
});

test("unknown writes count only when somebody saw them, and nothing has to follow them", () => {
  const write = (process: number, input: number, invoked: number, unknown = false): Operation => ({
    process,
    session: 1,
    key: "k",
    op: "write",
    input,
    invoked,
    ...(unknown ? { outcome: "unknown" } : { outcome: "ok", completed: invoked + 1 }),
  });
  const read = (output: number | null, invoked: number): Operation => ({
    process: 9,
    session: 1,
    key: "k",
    op: "read",
    output,
    invoked,
    outcome: "ok",
    completed: invoked + 1,
  });
  for (const judge of [judgeCausal, (list: readonly Operation[]) => judgeSessions(SESSIONS, list)]) {
    assert.equal(judge([write(1, 1, 0, true), read(null, 10)]).verdict, "valid");
    assert.equal(judge([write(1, 1, 0, true), write(2, 2, 5), read(1, 10)]).verdict, "valid");
    assert.equal(judge([write(1, 1, 0), write(2, 2, 5), read(1, 10)]).verdict, "invalid");
    assert.equal(judge([write(1, 1, 0), write(2, 1, 5)]).verdict, "unknown");
    assert.equal(judge([]).verdict, "unknown");
  }
});
