import assert from "node:assert/strict";
import { test } from "node:test";
import { changeTable, markOf, type PathTable, wholeTable } from "./ruleset.ts";

const PARIS = markOf(1, 1);
const FRANKFURT = markOf(2, 2);
const before: PathTable = {
  table: "outlast_eu_west",
  virtualAddress: "10.79.0.1",
  port: 8080,
  shares: [{ mark: PARIS, weight: 1 }],
  targets: [{ mark: PARIS, address: "10.77.1.1" }],
  dead: [],
};

test("a lost site: new connections go to the other one, its mark is dead, all in one list of commands", () => {
  const after: PathTable = {
    ...before,
    shares: [{ mark: FRANKFURT, weight: 1 }],
    targets: [{ mark: FRANKFURT, address: "10.77.2.1" }],
    dead: [PARIS],
  };
  assert.deepEqual(changeTable(before, after), [
    "add element ip outlast_eu_west target { 0x00000202 : 10.77.2.1 }",
    "add element ip outlast_eu_west dead { 0x00000101 }",
    "flush chain ip outlast_eu_west choose",
    "add rule ip outlast_eu_west choose ct mark set 0x00000202",
    "delete element ip outlast_eu_west target { 0x00000101 : 10.77.1.1 }",
  ]);
});

test("shares become ranges of a thousandth each, and no site with a weight gets none", () => {
  const text = wholeTable({
    ...before,
    shares: [
      { mark: PARIS, weight: 3 },
      { mark: FRANKFURT, weight: 1 },
    ],
  });
  assert.match(text, /numgen random mod 1000 map { 0-749 : 0x00000101, 750-999 : 0x00000202 }/);
  const tiny = wholeTable({
    ...before,
    shares: [
      { mark: PARIS, weight: 100_000 },
      { mark: FRANKFURT, weight: 1 },
    ],
  });
  assert.match(tiny, /mod 1001 map { 0-999 : 0x00000101, 1000 : 0x00000202 }/);
});

test("what is no address, port or mark never becomes a rule", () => {
  assert.throws(() => wholeTable({ ...before, virtualAddress: "10.79.0.1; flush ruleset" }), RangeError);
  assert.throws(() => wholeTable({ ...before, port: 70_000 }), RangeError);
  assert.throws(() => markOf(0, 1), RangeError);
});
