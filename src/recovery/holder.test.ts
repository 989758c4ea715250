import assert from "node:assert/strict";
import { test } from "node:test";
import type { LeaseRecord } from "../domain/primaryship.ts";
import { type Holder, holderAnswered, type HolderSurroundings, holderTick, startHolding } from "./holder.ts";
import { LEASE_TIMINGS } from "./lease-timings.ts";
import { RULES } from "./rules.ts";

const around = (nowMs: number, nonce: number, mayOpen = true): HolderSurroundings => ({
  site: "paris",
  timings: LEASE_TIMINGS,
  rules: RULES,
  nowMs,
  mayOpen,
  nonce,
});
const doing = (actions: readonly { readonly do: string }[]) => actions.map((action) => action.do);
const leaseOf = (more: Partial<LeaseRecord>): LeaseRecord => ({
  epoch: 4,
  holder: "paris",
  nonce: 0,
  ticketMs: 400,
  fenceMs: 600,
  marginMs: 50,
  syncAgeMs: null,
  releasedTo: null,
  ...more,
});
/** One attempt is under way, sent at 1000 with nonce 7. */
const renewing = (): Holder => holderTick(startHolding(4, 20, 1_000), around(1_000, 7)).holder;

test("the ticket goes into the kernel before the renewal is sent, the confirm after it succeeded", () => {
  const sent = holderTick(startHolding(4, 20, 1_000), around(1_000, 7));
  assert.deepEqual(doing(sent.actions), ["ticket", "renew"]);
  assert.ok(sent.usedNonce);
  const confirmed = holderAnswered(sent.holder, 7, { kind: "swapped", revision: 21 }, around(1_020, 8));
  assert.deepEqual(confirmed.actions, [{ do: "confirm", nonce: 7, epoch: 4, lifeMs: 600 }]);
});

test("the next renewal counts from when the last success was sent, not from its answer", () => {
  const { holder } = holderAnswered(renewing(), 7, { kind: "swapped", revision: 21 }, around(1_090, 8));
  assert.deepEqual(holderTick(holder, around(1_149, 8)).actions, []);
  assert.deepEqual(doing(holderTick(holder, around(1_150, 8)).actions), ["ticket", "renew"]);
});

test("an attempt without an answer is followed by another with a fresh ticket", () => {
  const second = holderTick(renewing(), around(1_060, 8));
  assert.deepEqual(doing(second.actions), ["ticket", "renew"]);
  const { holder } = second;
  assert.equal(holder.kind === "holding" && holder.attempts.length, 2);
});

test("a refusal that shows one's own token is the success of that very attempt", () => {
  const second = holderTick(renewing(), around(1_060, 8)).holder;
  const found = { value: leaseOf({ nonce: 7 }), revision: 21 };
  const answered = holderAnswered(second, 8, { kind: "refused", lease: found }, around(1_080, 9));
  assert.deepEqual(answered.actions, [{ do: "confirm", nonce: 7, epoch: 4, lifeMs: 600 }]);
  // Late: the answer to attempt 7 opens nothing again.
  const late = holderAnswered(answered.holder, 7, { kind: "swapped", revision: 21 }, around(1_090, 9));
  assert.deepEqual(late.actions, []);
});

test("a lease of its own that it does not know opens nothing, and is gone on from", () => {
  const found = { value: leaseOf({ nonce: 999 }), revision: 25 };
  const { holder, actions } = holderAnswered(
    renewing(),
    7,
    { kind: "refused", lease: found },
    around(1_020, 8),
  );
  assert.deepEqual(actions, []);
  assert.equal(holder.kind === "holding" && holder.leaseRevision, 25);
});

test("no answer, however often, changes nothing: the kernel closes by itself and the next success opens again", () => {
  let holder: Holder = renewing();
  for (let at = 0; at < 40; at += 1) {
    const tick = holderTick(holder, around(1_060 + at * 60, 8 + at));
    holder = holderAnswered(tick.holder, 8 + at, { kind: "nothing" }, around(1_070 + at * 60, 9 + at)).holder;
  }
  assert.ok(holder.kind === "holding" && holder.attempts.length <= 8, "attempts are bounded");
  const last = holderTick(holder, around(5_000, 100));
  const success = holderAnswered(last.holder, 100, { kind: "swapped", revision: 21 }, around(5_020, 101));
  assert.deepEqual(doing(success.actions), ["confirm"]);
});

test("a newer epoch, another holder or no lease at all closes for good", () => {
  for (const lease of [
    { value: leaseOf({ epoch: 5, holder: "london" }), revision: 30 },
    { value: leaseOf({ holder: "london" }), revision: 30 },
    null,
  ]) {
    const { holder, actions } = holderAnswered(renewing(), 7, { kind: "refused", lease }, around(1_020, 8));
    assert.deepEqual(holder, { kind: "none" });
    assert.deepEqual(actions, [{ do: "close", epoch: 4 }]);
  }
});

test("until the fence may be opened renewals succeed without a confirm; then the last one is confirmed at once", () => {
  const sent = holderTick(startHolding(4, 20, 1_000), around(1_000, 7, false));
  const won = holderAnswered(sent.holder, 7, { kind: "swapped", revision: 21 }, around(1_020, 8, false));
  assert.deepEqual(won.actions, []);
  const opened = holderTick(won.holder, around(1_030, 8, true));
  assert.deepEqual(opened.actions, [{ do: "confirm", nonce: 7, epoch: 4, lifeMs: 600 }]);
});

test("an engine that has not committed for three seconds is no longer renewed for", () => {
  const holding = { ...startHolding(4, 20, 1_000), committedAtMs: 1_000 };
  assert.deepEqual(doing(holderTick(holding, around(4_000, 7)).actions), ["ticket", "renew"]);
  assert.deepEqual(holderTick(holding, around(4_001, 7)).actions, []);
});

test("a refusal that is older than the lease that is held ends nothing", () => {
  // Of a renewal under the epoch before: it came after this site had been named, and tells of the coordinator's lease.
  const found = { value: leaseOf({ holder: "london" }), revision: 19 };
  const late = holderAnswered(renewing(), 3, { kind: "refused", lease: found }, around(1_010, 8));
  assert.deepEqual(late, { holder: renewing(), actions: [], usedNonce: false });
  const newer = { value: leaseOf({ holder: "london" }), revision: 21 };
  const lost = holderAnswered(renewing(), 7, { kind: "refused", lease: newer }, around(1_010, 8));
  assert.deepEqual(lost.actions, [{ do: "close", epoch: 4 }]);
});
