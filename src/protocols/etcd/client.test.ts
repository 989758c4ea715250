import assert from "node:assert/strict";
import { test } from "node:test";
import { STATUS } from "../grpc/call.ts";
import { certainlyNotDone } from "./client.ts";
import { listenedMs, pingDelayMs } from "./sessions.ts";

test("a refusal in etcd's own words is definite", () => {
  assert.ok(certainlyNotDone(STATUS.invalidArgument, "etcdserver: duplicate key given in txn request"));
  assert.ok(certainlyNotDone(STATUS.resourceExhausted, "etcdserver: mvcc: database space exceeded"));
  assert.ok(certainlyNotDone(STATUS.unavailable, "etcdserver: no leader"));
});

test("whatever may still be on its way to a majority is unknown", () => {
  for (const message of [
    "etcdserver: request timed out",
    "etcdserver: request timed out, possibly due to previous leader failure",
    "etcdserver: leader changed",
    "etcdserver: server stopped",
    "transport is closing",
  ])
    assert.ok(!certainlyNotDone(STATUS.unavailable, message), message);
  assert.ok(!certainlyNotDone(STATUS.deadlineExceeded, "the operation timed out"));
  assert.ok(!certainlyNotDone(STATUS.unknown, "etcdserver: something new"));
});

test("a refusal that is not etcd's own is unknown: it can be said after the work was done", () => {
  assert.ok(!certainlyNotDone(STATUS.resourceExhausted, "grpc: trying to send message larger than max"));
});

test("pings come quickly three times, then more slowly than etcd counts as misuse", () => {
  assert.deepEqual(
    [0, 1, 2].map((nth) => pingDelayMs(nth, 100)),
    [100, 200, 400],
  );
  assert.ok(pingDelayMs(3, 100) > 5_000);
});

test("a late turn of our own is not the member's silence", () => {
  assert.equal(listenedMs(25, 25), 25);
  assert.equal(listenedMs(900, 25), 50);
});
