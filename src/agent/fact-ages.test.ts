import assert from "node:assert/strict";
import { test } from "node:test";
import { agesOf, noteFacts } from "./fact-ages.ts";

test("a fact's age counts from its last change, and a fact that nobody tells of any more is forgotten", () => {
  let ages = noteFacts({}, { member: true, store: true }, 100);
  ages = noteFacts(ages, { member: true, store: false }, 200);
  ages = noteFacts(ages, { member: true, store: false }, 300);
  assert.deepEqual(agesOf(ages, 350), { member: 250, store: 150 });
  assert.deepEqual(agesOf(noteFacts(ages, { member: false }, 400), 400), { member: 0 });
});
