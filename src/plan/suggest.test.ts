import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearest } from "./suggest.ts";

test("edit distance counts a swap of neighbours as one", () => {
  assert.equal(editDistance("pairs", "paris"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("abc", "abc"), 0);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

test("only a near word is suggested", () => {
  assert.equal(nearest("roundTirp", ["roundTrip", "jitter"]), "roundTrip");
  assert.equal(nearest("rtt", ["roundTrip", "jitter"]), null);
  assert.equal(nearest("x".repeat(10_000), ["jitter"]), null);
});
