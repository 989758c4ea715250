import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { prefixEnd } from "../../protocols/etcd/prefix-end.ts";
import { pageOf } from "./client.ts";

const order = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b);
const bytes = fc.uint8Array({ maxLength: 4 });

test("the end of a prefix is above every key that has it and not above the next key that has not", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 3 }), bytes, (prefix, rest) => {
      const end = prefixEnd(prefix);
      if (end.length === 1 && end[0] === 0) return prefix.every((byte) => byte === 0xff);
      return order(Uint8Array.from([...prefix, ...rest]), end) < 0 && order(prefix, end) < 0;
    }),
  );
  assert.deepEqual(prefixEnd(Uint8Array.of(0x61, 0xff)), Uint8Array.of(0x62));
});

test("pages give every key once, in order of creation, and never split a transaction", () => {
  const arbitrary = fc.array(fc.record({ created: fc.bigInt({ min: 1n, max: 9n }), at: fc.nat(1_000) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 8 }), (rows, limit) => {
      const all = rows.map(({ created, at }, index) => ({ key: `k${at}-${index}`, value: "", created }));
      const seen: string[] = [];
      let after = 0n;
      for (let turn = 0; turn <= all.length + 1; turn += 1) {
        const rest = all.filter(({ created }) => created > after);
        const { entries, next } = pageOf(rest, false, limit);
        seen.push(...entries.map(({ key }) => key));
        if (next === null) break;
        after = BigInt(next);
      }
      const wanted = all.toSorted((a, b) =>
        a.created === b.created ? (a.key < b.key ? -1 : 1) : a.created < b.created ? -1 : 1,
      );
      assert.deepEqual(
        seen,
        wanted.map(({ key }) => key),
      );
    }),
  );
});

test("the last revision of a page that the server cut is asked for again", () => {
  const rows = [1n, 1n, 2n, 2n].map((created, index) => ({ key: `k${index}`, value: "", created }));
  const { entries, next } = pageOf(rows, true, 2);
  assert.deepEqual([entries.length, next], [2, "1"]);
});
