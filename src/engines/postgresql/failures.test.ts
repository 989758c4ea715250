import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, readsAsCommitted } from "./failures.ts";

const definite = (cause: unknown, aborted = false) => failureOf(cause, aborted, "here").definite;

test("an error rolls its one statement back; the end of a session does not", () => {
  assert.equal(definite({ severity: "ERROR", code: "40001", message: "" }), true);
  assert.equal(definite({ severity: "FATAL", code: "57P01", message: "" }), false);
  assert.equal(definite({ severity: "PANIC", code: "53100", message: "" }), false);
  assert.equal(definite(new Error("Connection terminated unexpectedly")), false);
  assert.equal(definite({ severity: "ERROR", code: "40001", message: "" }, true), false);
});

test("a standby's refusals have one code", () => {
  for (const cause of [
    { severity: "ERROR", code: "25006", message: "cannot execute INSERT in a read-only transaction" },
    { severity: "ERROR", code: "XX000", message: "cannot assign TransactionIds during recovery" },
    { severity: "ERROR", code: "55000", message: "recovery is in progress" },
  ])
    assert.equal(failureOf(cause, false, "here").code, "NOT_PRIMARY");
});

test("a primary without an epoch refuses, definitely", () => {
  const refused = failureOf({ severity: "ERROR", code: "OL002", message: "" }, false, "here");
  assert.deepEqual([refused.code, refused.definite], ["EPOCH_NOT_RECORDED", true]);
});

test("a wait for a standby that was ended is noticed, whoever ended it", () => {
  for (const words of [
    "canceling wait for synchronous replication due to user request",
    "canceling the wait for synchronous replication and terminating connection due to administrator command",
  ])
    assert.equal(readsAsCommitted(["something else", words]), words);
  assert.equal(readsAsCommitted(["relation exists, skipping"]), null);
});
