import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, leavesConnectionUsable } from "./failures.ts";

const error = (errno: number, fatal = false) => Object.assign(new Error("words"), { errno, fatal });

test("only what is known to be said before a commit is definite", () => {
  for (const errno of [1290, 1205, 1213, 1062, 1114]) {
    assert.equal(failureOf(error(errno), false, "here").definite, true, String(errno));
    assert.equal(leavesConnectionUsable(error(errno)), true);
  }
  // killed, killed with its session, out of time, server stopping, error while writing the binary log, anything new
  for (const errno of [1317, 1927, 1969, 1053, 1026, 9999]) {
    assert.equal(failureOf(error(errno), false, "here").definite, false, String(errno));
    assert.equal(leavesConnectionUsable(error(errno)), false);
  }
});

test("a lost connection, and a call that was given up, may have happened", () => {
  const lost = Object.assign(new Error("read ECONNRESET"), { errno: -104, code: "ECONNRESET", fatal: true });
  assert.equal(failureOf(lost, false, "here").code, "CONNECTION_LOST");
  assert.equal(failureOf(lost, false, "here").definite, false);
  assert.equal(failureOf(error(1290), true, "here").definite, false);
  assert.equal(failureOf(error(1290, true), false, "here").definite, false);
});

test("a standby's refusal has its code", () => {
  assert.equal(failureOf(error(1290), false, "here").code, "NOT_PRIMARY");
});
