import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DesiredPaths } from "../contract.ts";
import { adopt, newMarks, nextMarks } from "./marks.ts";
import { markOf } from "./ruleset.ts";

const SITES = ["paris", "frankfurt", "london"];
const to = (weights: Record<string, number>, usable: readonly string[] | null, serial = 1): DesiredPaths => ({
  serial,
  weights,
  usable,
});

test("a site keeps its mark while it is usable, and gets a new one when it returns from the dead", () => {
  const first = nextMarks(newMarks(SITES, 0), to({ paris: 1 }, SITES));
  assert.deepEqual(first.shares, [{ mark: markOf(1, 1), weight: 1 }]);
  const away = nextMarks(first.marks, to({ london: 1 }, SITES));
  assert.deepEqual(away.killed, []);
  const back = nextMarks(away.marks, to({ paris: 1 }, SITES));
  assert.deepEqual(back.shares, first.shares);
  const lost = nextMarks(back.marks, to({ london: 1 }, ["frankfurt", "london"]));
  assert.deepEqual(lost.killed, [{ site: "paris", mark: markOf(1, 1) }]);
  const returned = nextMarks(lost.marks, to({ paris: 1 }, SITES));
  assert.deepEqual(returned.shares, [{ mark: markOf(3, 1), weight: 1 }]);
});

test("a site that lost the route earlier is still killed when it is lost", () => {
  const first = nextMarks(newMarks(SITES, 0), to({ paris: 1 }, SITES));
  const away = nextMarks(first.marks, to({ london: 1 }, SITES));
  const lost = nextMarks(away.marks, to({ london: 1 }, ["london"]));
  assert.deepEqual(
    lost.killed.map(({ site }) => site),
    ["paris"],
  );
});

test("while the route is held nothing is killed", () => {
  const first = nextMarks(newMarks(SITES, 0), to({ paris: 1 }, SITES));
  assert.deepEqual(nextMarks(first.marks, to({ paris: 1 }, null)).killed, []);
});

test("connections of an earlier life belong to their sites, and no generation is used twice", () => {
  const marks = adopt(newMarks(SITES, 4), [markOf(7, 1), markOf(5, 2), markOf(7, 1), markOf(9, 200)]);
  const next = nextMarks(marks, to({ london: 1 }, ["london"]));
  assert.deepEqual(
    next.killed.map(({ mark }) => mark),
    [markOf(5, 2), markOf(7, 1)],
  );
  assert.equal(next.marks.generation, 8);
});

test("a dead mark never takes connections again", () => {
  const sites = fc.subarray(SITES);
  const step = fc.tuple(sites, fc.option(sites, { nil: null }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let marks = newMarks(SITES, 0);
      const dead = new Set<number>();
      for (const [chosen, usable] of steps) {
        const able = usable === null ? null : [...new Set([...usable, ...chosen])];
        const next = nextMarks(marks, to(Object.fromEntries(chosen.map((site) => [site, 1])), able));
        for (const { mark } of next.killed) dead.add(mark);
        for (const { mark } of next.shares) assert.equal(dead.has(mark), false);
        marks = next.marks;
      }
    }),
  );
});
