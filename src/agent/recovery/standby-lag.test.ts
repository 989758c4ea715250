import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicationView } from "../../engines/contract.ts";
import { lagsOf, NO_LAGS, noteLag } from "./standby-lag.ts";

const view = (flushed: number, standby: number | null, lagMs?: number): ReplicationView => ({
  system: "7",
  timeline: 1,
  ancestors: [],
  epochs: [],
  inRecovery: false,
  replaying: false,
  flushed,
  replayed: flushed,
  source: null,
  acknowledgement: { count: 1, members: ["b"] },
  standbys:
    standby === null
      ? []
      : [
          {
            name: "b",
            state: "streaming",
            synchronous: true,
            flushed: standby,
            replayed: standby,
            ...(lagMs === undefined ? {} : { lagMs }),
          },
        ],
});

test("a standby that has everything is behind by nothing, however long nobody has written", () => {
  const history = noteLag(noteLag(NO_LAGS, view(100, 100), 0), view(100, 100), 60_000);
  assert.deepEqual(lagsOf(history, 60_000), [{ site: "b", lagBytes: 0, lagMs: 0, caughtUpAgeMs: 0 }]);
});

test("one that is gone falls behind from the last position that it has all of", () => {
  let history = noteLag(NO_LAGS, view(100, 100), 0);
  history = noteLag(history, view(150, null), 1_000);
  assert.deepEqual(lagsOf(history, 1_000), [{ site: "b", lagBytes: 50, lagMs: 1_000, caughtUpAgeMs: 1_000 }]);
  history = noteLag(history, view(900, null), 5_000);
  assert.equal(lagsOf(history, 5_000)[0]?.lagMs, 5_000);
  history = noteLag(history, view(900, 150), 6_000);
  assert.deepEqual(lagsOf(history, 6_000), [
    { site: "b", lagBytes: 750, lagMs: 5_000, caughtUpAgeMs: 5_000 },
  ]);
});

test("while it streams, what the engine itself measured is told", () => {
  let history = noteLag(NO_LAGS, view(100, 100), 0);
  history = noteLag(history, view(120, 100, 3.5), 250);
  assert.equal(lagsOf(history, 250)[0]?.lagMs, 3.5);
});

test("a primary that just became one does not know how old its standby's knowledge is", () => {
  assert.deepEqual(lagsOf(noteLag(NO_LAGS, view(500, 100), 0), 10), [
    { site: "b", lagBytes: 400, lagMs: null, caughtUpAgeMs: null },
  ]);
});

test("a standby tells of nobody, and the history stays bounded", () => {
  let history = NO_LAGS;
  for (let at = 0; at < 5_000; at += 1) history = noteLag(history, view(at, 0), at);
  assert.ok(history.samples.length <= 512);
  assert.equal(lagsOf(history, 5_000)[0]?.lagMs, 5_000);
  assert.deepEqual(noteLag(history, { ...view(1, 1), inRecovery: true }, 1), NO_LAGS);
});
