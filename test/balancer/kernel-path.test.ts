// The kernel path, for real: network namespaces inside a user namespace that dies with its first process. Works as root and
// as an ordinary user. What happens inside is kernel-rig.ts.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Ended, type Rig, runKernelRig } from "./run-kernel-rig.ts";

/** Ended within the bar; a machine that is late itself gets that on top, several waits in a row long. */
function assertWithin({ worstMs, never }: Ended, barMs: number, { latenessMs }: Rig, what: string): void {
  assert.equal(never, 0, what);
  const allowedMs = barMs + 5 * latenessMs;
  assert.ok(
    worstMs !== null && worstMs <= allowedMs,
    `${what}: ${worstMs} ms, bar ${barMs} ms, timers up to ${latenessMs} ms late`,
  );
}

let rig: Rig;
before(async () => {
  rig = await runKernelRig("10000");
});

for (const kind of ["idle", "pending", "unacknowledged"] as const)
  test(`a connection to a lost site (${kind}) is reset, among 10 000 others within 2 s`, () => {
    assert.deepEqual(rig[kind].errors, ["ECONNRESET"]);
    assertWithin(rig[kind], 2_000, rig, kind);
  });

test("a connection that was opening when its site was lost opens to the new site", () => {
  assert.deepEqual(rig.opening.sites, ["frankfurt"]);
  assert.deepEqual(rig.opening.errors, [""]);
  assert.equal(rig.opening.never, 0);
});

test("a client that takes the port of a connection that was reset reaches the new site", () => {
  assert.deepEqual(rig.reused.sites, ["frankfurt"]);
  assert.equal(rig.reused.open, 3);
});

test("10 000 connections of a lost site are reset within 2 s, and counted", () => {
  assert.equal(rig.many.count, 10_000);
  assertWithin(rig.many, 2_000, rig, "many");
  assert.ok(rig.events.some(({ event, count }) => event === "connections-reset" && (count ?? 0) >= 10_000));
});

test("few connections of a lost site end within 100 ms of the change", async () => {
  const few = await runKernelRig("20");
  for (const kind of ["idle", "pending", "unacknowledged", "opening", "many"] as const)
    assertWithin(few[kind], 100, few, kind);
});

test("without a route new connections are refused at once", () => {
  assert.deepEqual(
    rig.early.report.map(({ error }) => error),
    ["ECONNREFUSED"],
  );
});

test("a site that returns gets new connections; one that only leaves the route keeps its own", () => {
  assert.deepEqual(rig.returned.sites, ["paris"]);
  assert.deepEqual(rig.drained, [null, null, null]);
  assert.deepEqual(rig.moved.sites, ["frankfurt"]);
});

test("two sites of equal weight both get connections", () => {
  assert.deepEqual([...rig.weighted.sites].sort(), ["frankfurt", "paris"]);
  assert.equal(rig.weighted.open, 60);
});

test("another program's flush of all rules is repaired within 1 s", () => {
  assert.ok(rig.repairedMs < 1_000, `${rig.repairedMs} ms`);
  assert.equal(rig.repaired.open, 3);
});

test("a gateway that was killed knows the connections of its earlier life by their marks", () => {
  assert.deepEqual([...new Set(rig.adopted)].sort(), ["frankfurt lives", "paris ended"]);
});

test("after its end no rule and no device is left", () => {
  assert.equal(rig.left, "");
});
