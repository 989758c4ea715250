import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, type Exchange } from "./classify.ts";
import { processPool } from "./process-pool.ts";
import { resultOf } from "./profiles/direct.ts";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Exchange => ({
  kind: "answer",
  status,
  headers,
  text: typeof body === "string" ? body : JSON.stringify(body),
});
const error = (status: number, code: string, definite: boolean) =>
  answer(status, { error: { code, definite, what: "w", next: "n" } });

test("every answer has its outcome", () => {
  const table: [string, Parameters<typeof classify>[0], Exchange, string, string | undefined][] = [
    ["acknowledged", "append", answer(201, { term: 3 }), "ok", undefined],
    ["wrong body", "append", answer(201, { ok: true }), "unknown", "BAD_ANSWER"],
    ["half a body", "write", answer(200, '{"term":'), "unknown", "BAD_ANSWER"],
    ["refused", "write", error(503, "ENGINE_NO_LEADER", true), "fail", "ENGINE_NO_LEADER"],
    ["exists", "append", error(409, "JOURNAL_ENTRY_EXISTS", true), "fail", "JOURNAL_ENTRY_EXISTS"],
    ["unknown", "cas", error(504, "ENGINE_TIMED_OUT", false), "unknown", "ENGINE_TIMED_OUT"],
    ["unknown read", "read", error(504, "ENGINE_TIMED_OUT", false), "unknown", "ENGINE_TIMED_OUT"],
    ["504 that claims to be definite", "write", error(504, "X", true), "unknown", "X"],
    ["503 that is not", "write", error(503, "X", false), "unknown", "X"],
    ["a proxy's 502", "write", answer(502, "bad gateway"), "unknown", "HTTP_502"],
    ["a proxy's 403", "write", answer(403, "no"), "fail", "HTTP_403"],
    ["refused connection", "write", { kind: "not-sent", code: "ECONNREFUSED" }, "fail", "ECONNREFUSED"],
    ["reset", "write", { kind: "no-answer", code: "ECONNRESET" }, "unknown", "ECONNRESET"],
    ["deadline of a read", "read", { kind: "no-answer", code: "DEADLINE" }, "unknown", "DEADLINE"],
  ];
  for (const [name, op, exchange, outcome, code] of table) {
    const result = classify(op, exchange);
    assert.deepEqual([result.outcome, result.error], [outcome, code], name);
  }
});

test("outputs, site and epoch are taken from the answer", () => {
  const headers = { "outlast-site": "paris", "outlast-epoch": "4" };
  assert.deepEqual(classify("read", answer(200, { value: null, term: 4, position: 9 }, headers)), {
    outcome: "ok",
    output: null,
    site: "paris",
    epoch: 4,
  });
  assert.deepEqual(classify("cas", answer(200, { swapped: false, term: 4 }, headers)), {
    outcome: "ok",
    output: false,
    site: "paris",
    epoch: 4,
  });
});

test("direct: a refused write is a failure, everything without an answer unknown, reads too", () => {
  const failure = { code: "X", definite: true, what: "", where: "", next: "" };
  const failed = { kind: "failed", failure } as const;
  const unknown = { kind: "unknown", failure: { ...failure, definite: false } } as const;
  assert.equal(resultOf("write", failed, false, "a").outcome, "fail");
  assert.equal(resultOf("write", failed, true, "a").outcome, "fail"); // never sent
  assert.equal(resultOf("write", unknown, true, "a").outcome, "unknown");
  assert.equal(resultOf("read", failed, true, "a").outcome, "unknown");
  const told = { kind: "done", value: { value: false, term: 1, position: 1 } } as const;
  assert.equal(resultOf("append", told, false, "a").error, "JOURNAL_ENTRY_EXISTS");
  assert.deepEqual(resultOf("cas", told, false, "a"), { outcome: "ok", output: false, epoch: 1, site: "a" });
});

test("a process is retired after unknown, its session goes on; the pool is bounded", () => {
  const pool = processPool(2);
  const first = pool.take();
  const second = pool.take();
  assert.ok(first !== null && second !== null);
  assert.equal(pool.take(), null);
  pool.giveBack(first, true);
  const again = pool.take();
  assert.equal(again?.session, first.session);
  assert.ok(again !== null && again.process !== first.process && again.process !== second.process);
  pool.giveBack(second, false);
  assert.deepEqual(pool.take(), second);
});
