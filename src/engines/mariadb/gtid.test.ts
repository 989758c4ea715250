import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ancestorsOf, forkOf, gtidText, parseGtid, type Timeline, writerOf } from "./gtid.ts";

test("the newest of a state's positions is the position; other domains are refused", () => {
  assert.equal(parseGtid(""), null);
  assert.deepEqual(parseGtid("0-7-5,0-8-9,0-9-6"), { server: 8, sequence: 9 });
  assert.equal(gtidText({ server: 8, sequence: 9 }), "0-8-9");
  assert.throws(() => parseGtid("1-7-5"), /not a position of domain 0/);
});

test("a timeline ends just before the next one's first transaction", () => {
  const timelines = [
    { timeline: 1, began: 1, server: 7 },
    { timeline: 2, began: 11, server: 8 },
  ];
  assert.deepEqual(ancestorsOf(timelines), [{ timeline: 1, until: 10 }]);
  assert.equal(writerOf(timelines, 10, 20), 7);
  assert.equal(writerOf(timelines, 11, 20), 8);
  assert.equal(writerOf(timelines, 21, 20), null);
});

const promotions = fc.array(fc.record({ length: fc.integer({ min: 1, max: 9 }), server: fc.nat(3) }), {
  maxLength: 4,
});
/** Who wrote each sequence number, one after the other: the second version, from the definition. */
const writersOf = (timelines: readonly Timeline[], until: number): string[] =>
  Array.from({ length: until }, (_, at) => {
    const of = timelines.findLast(({ began }) => began <= at + 1);
    return `${of?.timeline}/${of?.began}/${of?.server}`;
  });

test("the fork of two histories is where their writers first differ", () => {
  const grown = (start: readonly Timeline[], from: number, more: { length: number; server: number }[]) => {
    const timelines = [...start];
    let next = from;
    for (const { length, server } of more) {
      timelines.push({ timeline: timelines.length + 1, began: next, server });
      next += length;
    }
    return { timelines, until: next - 1 };
  };
  fc.assert(
    fc.property(promotions, promotions, promotions, fc.nat(3), (shared, mine, theirs, cut) => {
      const common = grown([], 1, [{ length: 5, server: 0 }, ...shared]);
      const own = grown(common.timelines, common.until + 1, mine);
      const other = grown(common.timelines, common.until + 1 - Math.min(cut, 3), theirs);
      // A later promotion may begin before the end of what was common, but never before the timeline that it ends.
      fc.pre(
        other.timelines.every(({ began }, at) => at === 0 || began > (other.timelines[at - 1]?.began ?? 0)),
      );
      const [a, b] = [writersOf(own.timelines, own.until), writersOf(other.timelines, other.until)];
      let expected = 0;
      while (expected < b.length && a[expected] === b[expected]) expected += 1;
      const fork = forkOf(own.timelines, other);
      // One's own last timeline has no end that is known: beyond it the other one's end counts.
      assert.ok(fork === expected || (expected === a.length && fork >= expected), `${fork} ${expected}`);
    }),
  );
});
