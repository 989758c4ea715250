import assert from "node:assert/strict";
import { test } from "node:test";
import { valueNumbers } from "./value-numbers.ts";

test("equal values of a key have one number, others another, however many there are", () => {
  const numbers = valueNumbers();
  const known = new Map<string, number>();
  const next = new Map<number, number>();
  let state = 1;
  for (let round = 0; round < 60_000; round += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const key = (state >>> 8) % 500;
    const integer = ((state >>> 3) % 80) * (round % 7 === 0 ? 2 ** 33 : 1) - 5;
    const value = round % 3 === 0 ? `v${integer}` : integer;
    const bytes = Buffer.from(String(value));
    const name = `${key} ${typeof value} ${value}`;
    const expected = known.get(name) ?? (next.get(key) ?? 0) + 1;
    if (!known.has(name)) next.set(key, expected);
    known.set(name, expected);
    const given =
      round % 2 === 0
        ? numbers.of(key, value)
        : typeof value === "number"
          ? numbers.ofInteger(key, value)
          : numbers.ofText(key, bytes, 0, bytes.length);
    assert.equal(given, expected, name);
  }
  assert.ok(known.size > 20_000);
  const counts = numbers.counts(500);
  for (const [key, values] of next) assert.equal(counts[key], values + 1);
});
