import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Plan } from "../domain/plan.ts";
import { decide, learn, nothingKnown, probeDue, readinessTiming, type WriteNews } from "./readiness.ts";

const timing = { intervalMs: 250, patienceMs: 200, expiryMs: 700, probeGapMs: 62 };
const learned = (news: readonly WriteNews[]) =>
  news.reduce((state, entry) => learn(state, entry, timing), nothingKnown);
const fold = (...news: readonly WriteNews[]) => learned(news);
const sent = (id: number, atMs: number): WriteNews => ({ kind: "sent", id, atMs });
const acknowledged = (id: number, sentMs: number, atMs: number): WriteNews => ({
  kind: "acknowledged",
  id,
  sentMs,
  atMs,
  term: 3,
  by: "client",
});
const able = (nowMs: number, ...news: readonly WriteNews[]) => decide(fold(...news), nowMs, timing).able;

test("nothing known is unable, and asks for a probe at once", () => {
  assert.equal(able(0), false);
  assert.equal(probeDue(nothingKnown, 0, null, timing), true);
  assert.equal(probeDue(nothingKnown, 61, 0, timing), false);
  assert.equal(probeDue(nothingKnown, 62, 0, timing), true);
});

test("an acknowledged write is evidence until it expires, counted from its sending", () => {
  const news = [sent(1, 0), acknowledged(1, 0, 20)];
  assert.equal(able(700, ...news), true);
  assert.equal(able(701, ...news), false);
  assert.equal(probeDue(fold(...news), 269, null, timing), false);
  assert.equal(probeDue(fold(...news), 270, null, timing), true);
});

test("a front-end that was frozen for ten seconds wakes up unable", () => {
  const news = [sent(1, 0), acknowledged(1, 0, 20), sent(2, 270)];
  assert.equal(able(10_000, ...news), false);
  // its socket's buffer held the answer to a write that it sent before it froze
  assert.equal(able(10_001, ...news, acknowledged(2, 270, 10_000)), false);
});

test("a write unanswered for the patience makes unable, the next acknowledgement able", () => {
  const news = [sent(1, 0), acknowledged(1, 0, 20), sent(2, 100)];
  assert.equal(able(299, ...news), true);
  assert.equal(able(300, ...news), false);
  assert.equal(able(301, ...news, { kind: "silent", id: 2, atMs: 301 }), false);
  assert.equal(
    able(330, ...news, { kind: "silent", id: 2, atMs: 301 }, sent(3, 310), acknowledged(3, 310, 325)),
    true,
  );
});

test("clients that give up just before the patience do not hide that nothing is acknowledged", () => {
  const news: WriteNews[] = [sent(0, 0), acknowledged(0, 0, 20)];
  for (let id = 1; id <= 60; id += 1) news.push(sent(id, 10 + id * 10));
  const upTo = (ms: number) => {
    const all = [
      ...news,
      ...Array.from(
        { length: 60 },
        (_, i): WriteNews => ({ kind: "abandoned", id: i + 1, atMs: 10 + (i + 1) * 10 + 190 }),
      ),
    ];
    return all.filter((entry) => entry.atMs <= ms).sort((a, b) => a.atMs - b.atMs);
  };
  assert.equal(able(215, ...upTo(215)), true);
  assert.equal(able(221, ...upTo(221)), false);
});

test("a single client that gives up early proves nothing", () => {
  const news = [
    sent(1, 0),
    acknowledged(1, 0, 20),
    sent(2, 30),
    { kind: "abandoned", id: 2, atMs: 40 } as const,
  ];
  assert.equal(able(260, ...news), true);
});

test("a write caught by a leader's death and outlived by a later one does not make unable", () => {
  const news = [sent(1, 0), sent(2, 300), acknowledged(2, 300, 320)];
  assert.equal(able(560, ...news), true);
  assert.equal(able(560, ...news, { kind: "silent", id: 1, atMs: 550 }), true);
});

test("a refused probe makes unable at once; a refused client write only asks for a probe", () => {
  const before = [sent(1, 0), acknowledged(1, 0, 20), sent(2, 30)];
  const refused = (by: "client" | "probe"): WriteNews => ({
    kind: "refused",
    id: 2,
    atMs: 31,
    by,
    code: "NO_SPACE",
    what: "full",
  });
  const byProbe = decide(fold(...before, refused("probe")), 32, timing);
  assert.equal(byProbe.able, false);
  assert.match(byProbe.because, /NO_SPACE/);
  assert.equal(able(32, ...before, refused("client")), true);
  assert.equal(probeDue(fold(...before, refused("client")), 32, null, timing), true);
});

const anyNews = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 150 }),
      wait: fc.integer({ min: 0, max: 600 }),
      end: fc.constantFrom(
        "acknowledged" as const,
        "refused" as const,
        "silent" as const,
        "abandoned" as const,
      ),
      by: fc.constantFrom("client" as const, "probe" as const),
    }),
    { maxLength: 30 },
  )
  .map((writes) => {
    let at = 0;
    const news: WriteNews[] = [];
    writes.forEach(({ gap, wait, end, by }, id) => {
      at += gap;
      news.push({ kind: "sent", id, atMs: at });
      const ended = at + wait;
      if (end === "acknowledged") news.push({ kind: end, id, sentMs: at, atMs: ended, term: 1, by });
      else if (end === "refused") news.push({ kind: end, id, atMs: ended, by, code: "X", what: "x" });
      else news.push({ kind: end, id, atMs: ended });
    });
    return news.toSorted((a, b) => a.atMs - b.atMs || Number(a.kind !== "sent") - Number(b.kind !== "sent"));
  });

test("able always rests on a write acknowledged and sent within the expiry", () => {
  fc.assert(
    fc.property(anyNews, fc.integer({ min: 0, max: 2000 }), (news, later) => {
      const nowMs = (news.at(-1)?.atMs ?? 0) + later;
      if (!decide(learned(news), nowMs, timing).able) return;
      assert.ok(
        news.some((entry) => entry.kind === "acknowledged" && nowMs - entry.sentMs <= timing.expiryMs),
      );
    }),
  );
});

test("only an acknowledgement turns unable into able", () => {
  fc.assert(
    fc.property(anyNews, (news) => {
      news.forEach((entry, i) => {
        const before = learned(news.slice(0, i));
        if (entry.kind === "acknowledged" || decide(before, entry.atMs, timing).able) return;
        assert.equal(decide(learn(before, entry, timing), entry.atMs, timing).able, false);
      });
    }),
  );
});

test("without news able turns to unable once and stays so", () => {
  fc.assert(
    fc.property(anyNews, (news) => {
      const state = learned(news);
      const from = news.at(-1)?.atMs ?? 0;
      const seen = Array.from({ length: 100 }, (_, i) => decide(state, from + i * 20, timing).able);
      assert.equal(seen.lastIndexOf(true) + 1, seen.filter(Boolean).length);
      assert.equal(seen.at(-1), false);
    }),
  );
});

test("after an acknowledgement nothing sent before it is waited for", () => {
  fc.assert(
    fc.property(anyNews, (news) => {
      const at = (news.at(-1)?.atMs ?? 0) + 1;
      const state = learned([...news, sent(999, at), acknowledged(999, at, at + 10)]);
      assert.equal(state.open.size, 0);
      assert.equal(decide(state, at + 11, timing).able, true);
    }),
  );
});

test("the patience leaves room for a commit over the longest link", () => {
  const plan = (roundTripMs: number) =>
    ({
      links: [{ roundTripMs, jitterMs: 0 }],
      balancer: { timing: { intervalMs: 250, timeoutMs: 200, fall: 2, rise: 3 } },
    }) as unknown as Plan;
  assert.equal(readinessTiming(plan(10)).patienceMs, 200);
  assert.equal(readinessTiming(plan(150)).patienceMs, 550);
});
