import assert from "node:assert/strict";
import { test } from "node:test";
import { keyEvents, mergeLogs, parseTimeline } from "./timeline.ts";

const line = (at: bigint, event: string, more: object = {}) =>
  JSON.stringify({
    at: at.toString(),
    wall: "2026-11-22T10:00:00Z",
    component: "agent",
    place: "paris",
    event,
    ...more,
  });

test("events of several logs come out in order of time, relative to the origin", () => {
  const base = 9_007_199_254_740_993n; // beyond 2^53: stamps are compared as integers
  const { events, brokenLines } = mergeLogs(
    [
      { file: "a", text: `${line(base + 3_000_000n, "b")}\n${line(base - 1_500_000n, "a")}\n` },
      { file: "b", text: `${line(base + 3_000_001n, "c")}\n` },
    ],
    base,
  );
  assert.deepEqual(
    events.map(({ event, atMs }) => [event, atMs]),
    [
      ["a", -1.5],
      ["b", 3],
      ["c", 3],
    ],
  );
  assert.equal(brokenLines, 0);
});

test("a line that is no event is counted with its place", () => {
  const { events, brokenLines, broken } = mergeLogs(
    [{ file: "logs/paris.jsonl", text: `${line(5n, "a")}\n{"at":"6","wa\n[]\n{"at":7}\n` }],
    0n,
  );
  assert.equal(events.length, 1);
  assert.equal(brokenLines, 3);
  assert.deepEqual(broken[0], { file: "logs/paris.jsonl", line: 2, start: '{"at":"6","wa' });
});

test("events written as lines read back the same", () => {
  const { events } = mergeLogs([{ file: "a", text: `${line(5n, "a")}\n${line(1n, "b")}\n` }], 0n);
  const text = events.map((event) => JSON.stringify(event)).join("\n");
  assert.deepEqual(parseTimeline(`${text}\nbroken`), { events, brokenLines: 1 });
});

test("chatter stays out of the result, warnings do not", () => {
  const { events } = mergeLogs(
    [
      {
        file: "a",
        text: [
          line(1n, "log", { level: "info", message: "x" }),
          line(2n, "log", { level: "warning", message: "y" }),
          line(3n, "member-started"),
        ].join("\n"),
      },
    ],
    0n,
  );
  assert.deepEqual(
    keyEvents(events).map(({ event }) => event),
    ["log", "member-started"],
  );
});
