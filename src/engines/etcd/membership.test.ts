import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../domain/outcome.ts";
import { type ListedMember, nextReplaceStep, passes, standingOf } from "./membership.ts";

const lost = { name: "paris", peerUrl: "http://10.77.1.1:2380" };
const old: ListedMember = { id: 1n, name: "paris", peerUrls: [lost.peerUrl], clientUrls: ["c"] };
const other: ListedMember = {
  id: 2n,
  name: "london",
  peerUrls: ["http://10.77.3.1:2380"],
  clientUrls: ["c"],
};

test("a lost member is removed, then added, then there is nothing more to do", () => {
  assert.deepEqual(nextReplaceStep([old, other], lost, null), { kind: "remove", id: 1n });
  assert.deepEqual(nextReplaceStep([other], lost, null), { kind: "add" });
  const added = { id: 3n, name: "", peerUrls: [lost.peerUrl], clientUrls: [] };
  assert.equal(nextReplaceStep([added, other], lost, null).kind, "nothing");
});

test("a member that answers under its listed identity is never removed", () => {
  assert.equal(nextReplaceStep([old, other], lost, 1n).kind, "nothing");
  assert.equal(nextReplaceStep([old, other], lost, 9n).kind, "remove");
});

test("only what passes by itself is waited for", () => {
  const failure = (what: string, definite = true): Failure => ({
    code: "X",
    definite,
    what,
    where: "",
    next: "",
  });
  assert.ok(passes(failure("etcdserver: unhealthy cluster")));
  assert.ok(passes(failure("etcdserver: re-configuration failed due to not enough started members")));
  assert.ok(!passes(failure("etcdserver: Peer URLs already exists")));
  assert.ok(!passes(failure("etcdserver: unhealthy cluster", false)));
});

test("standing tells a founder that never started from a member that had data", () => {
  const standing = (listed: ListedMember[]) => standingOf(listed, lost.name, lost.peerUrl);
  assert.equal(standing([other]), "absent");
  assert.equal(standing([old, other]), "started");
  assert.equal(standing([{ ...old, clientUrls: [] }, other]), "founder");
  assert.equal(standing([{ ...old, name: "", clientUrls: [] }, other]), "added");
});
