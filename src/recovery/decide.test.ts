import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpochRecord, LeaseRecord, OpenedSet } from "../domain/primaryship.ts";
import { decide, mayOpen } from "./decide.ts";
import { LEASE_TIMINGS } from "./lease-timings.ts";
import { RULES } from "./rules.ts";
import { type MemberReport, newSite, type SiteAction, type SiteEvent, type SiteState } from "./site-state.ts";
import type { RecoveryView } from "./view.ts";

const SITES = ["paris", "frankfurt", "london"];
const standby: MemberReport = {
  role: "standby",
  sealedEpoch: 1,
  promotedEpoch: null,
  history: [{ branch: 1, upTo: 100 }],
  flushedBy: [],
  names: [],
  following: 1,
};
const site = (name: string, member: MemberReport = standby, more = {}): SiteState =>
  newSite(
    name,
    {
      timings: LEASE_TIMINGS,
      sites: SITES,
      acknowledgements: 1,
      whenReplicaLost: "block",
      trigger: "automatic",
      ...more,
    },
    member,
    1,
  );
const lease: LeaseRecord = {
  epoch: 1,
  holder: "paris",
  nonce: 9,
  ticketMs: 400,
  fenceMs: 600,
  marginMs: 50,
  syncAgeMs: null,
  releasedTo: null,
};
const epoch: EpochRecord = {
  epoch: 1,
  phase: "opened",
  coordinator: "paris",
  primary: "paris",
  after: null,
  acceptedLoss: null,
};
const opened: OpenedSet = {
  epoch: 1,
  primary: "paris",
  standbys: ["frankfurt", "london"],
  acknowledgements: 1,
};
interface Parts {
  readonly revision?: number;
  readonly lease?: Partial<LeaseRecord>;
  readonly leaseRevision?: number;
  readonly epoch?: Partial<EpochRecord>;
  readonly paused?: boolean;
  readonly storeId?: string;
  readonly seals?: RecoveryView["seals"];
}
const view = (parts: Parts = {}): SiteEvent => ({
  kind: "view",
  floor: 0,
  view: {
    storeId: parts.storeId ?? "one",
    revision: parts.revision ?? 10,
    lease: { value: { ...lease, ...parts.lease }, revision: parts.leaseRevision ?? 10 },
    epoch: { value: { ...epoch, ...parts.epoch }, revision: 5 },
    opened: { value: opened, revision: 5 },
    control: parts.paused === true ? { value: { paused: true, workflow: null }, revision: 3 } : null,
    seals: parts.seals ?? {},
  },
});

/** Tells one event after the other; what each made it do. */
function told(start: SiteState, events: readonly (readonly [number, SiteEvent])[]) {
  let state = start;
  const actions: SiteAction[][] = [];
  for (const [nowMs, event] of events) {
    const decision = decide(state, event, nowMs);
    state = decision.state;
    actions.push([...decision.actions]);
  }
  return { state, actions };
}
const reads = (from: number, to: number, parts: Parts = {}): (readonly [number, SiteEvent])[] =>
  Array.from({ length: Math.floor((to - from) / 50) + 1 }, (_, at) => [from + at * 50, view(parts)] as const);
const swaps = (actions: readonly SiteAction[][]) =>
  actions.flat().flatMap((action) => (action.do === "swap" ? [action.swap] : []));

test("after a silence of D the epoch is swapped: epoch, observed lease, set and pause are compared", () => {
  const { actions } = told(site("london"), reads(0, 850));
  const [take, ...others] = swaps(actions);
  assert.ok(take !== undefined && others.length === 0);
  assert.deepEqual(
    take.compare.map(({ key, revision }) => [key, revision]),
    [
      ["epoch", 5],
      ["lease", 10],
      ["opened", 5],
      ["control", 0],
    ],
  );
  assert.deepEqual(take.write.epoch?.after, { leaseRevision: 10, waitMs: 1_050 });
  assert.equal(take.write.epoch?.primary, null, "the swap names a coordinator, no primary");
  assert.equal(swaps(told(site("london"), reads(0, 800)).actions).length, 0);
});

test("silence runs only while the store answers; after a gap the holder has a renewal and 100 ms", () => {
  const gap = told(site("london"), [...reads(0, 400), ...reads(2_000, 2_200)]);
  assert.equal(swaps(gap.actions).length, 0);
  assert.equal(swaps(told(gap.state, reads(2_250, 2_250)).actions).length, 1);
  // Ticks alone never take over.
  const ticks = told(site("london"), [
    [0, view()],
    ...[1_000, 2_000, 9_000].map((at) => [at, { kind: "tick" }] as const),
  ]);
  assert.equal(swaps(ticks.actions).length, 0);
});

test("paused or left to a human: no new takeover, but one that has begun is carried on", () => {
  assert.equal(swaps(told(site("london"), reads(0, 3_000, { paused: true })).actions).length, 0);
  const human = site("london", standby, { trigger: "human" });
  assert.equal(swaps(told(human, reads(0, 3_000)).actions).length, 0);
  const sealing = {
    paused: true,
    epoch: { epoch: 2, phase: "sealing", coordinator: "frankfurt", primary: null },
  } as const;
  const begun = told(
    site("london", { ...standby, role: "down" }),
    reads(0, 2_000, { ...sealing, lease: { epoch: 2, holder: "frankfurt" } }),
  );
  assert.deepEqual(
    swaps(begun.actions).map(({ purpose }) => purpose),
    ["retarget"],
  );
});

test("a takeover refused because of a late renewal is tried again after a short silence, the wait from that renewal", () => {
  const first = told(site("london"), reads(0, 850));
  const [take] = swaps(first.actions);
  assert.ok(take !== undefined);
  const refused: SiteEvent = {
    kind: "swap",
    nonce: take.nonce,
    answer: { kind: "refused", lease: { value: lease, revision: 11 } },
  };
  const again = told(first.state, [
    [870, refused],
    ...reads(880, 1_430, { leaseRevision: 11, revision: 11 }),
  ]);
  const [second] = swaps(again.actions);
  assert.equal(second?.write.epoch?.after?.leaseRevision, 11);
  assert.equal(again.state.sighting?.atMs, 880);
});

test("the wait counts from the sighting of the very lease that has to run out, and else from learning of it", () => {
  const swapped = {
    epoch: { epoch: 2, phase: "opened", primary: "london", after: { leaseRevision: 10, waitMs: 1_050 } },
    lease: { epoch: 2, holder: "london", nonce: 0 },
    leaseRevision: 12,
    revision: 12,
  } as const;
  const promoted: MemberReport = { ...standby, role: "primary", sealedEpoch: 2, promotedEpoch: 2 };
  const saw = told(site("london", promoted), [
    [100, view()],
    [1_000, view(swapped)],
  ]).state;
  assert.ok(!mayOpen(RULES, saw, 1_149) && mayOpen(RULES, saw, 1_150));
  const missed = told(site("london", promoted), [
    [100, view({ leaseRevision: 9, revision: 9 })],
    [1_000, view(swapped)],
  ]).state;
  assert.ok(!mayOpen(RULES, missed, 2_049) && mayOpen(RULES, missed, 2_050));
});

test("who sees a newer epoch closes its fence before anything else, and seals its member", () => {
  const primary: MemberReport = { ...standby, role: "primary", promotedEpoch: 1, following: null };
  const holding = told(site("paris", primary), [[0, view()]]);
  assert.equal(holding.state.holder.kind, "holding");
  const taken = view({
    revision: 20,
    leaseRevision: 20,
    lease: { epoch: 2, holder: "london" },
    epoch: { epoch: 2, phase: "sealing", coordinator: "london", primary: null },
  });
  const { actions } = told(holding.state, [[100, taken]]);
  assert.deepEqual(
    actions[0]?.map((action) => action.do),
    ["close", "seal"],
  );
});

test("a released lease is taken by its target at once and without a wait", () => {
  const released = { lease: { releasedTo: "london" }, leaseRevision: 11, revision: 11 };
  const [take] = swaps(told(site("london"), [[0, view(released)]]).actions);
  assert.equal(take?.purpose, "take");
  assert.equal(take?.write.epoch?.after, null);
  assert.equal(swaps(told(site("frankfurt"), [[0, view(released)]]).actions).length, 0);
});

test("a store that went back or is another one closes the fence until a human says otherwise", () => {
  const primary: MemberReport = { ...standby, role: "primary", promotedEpoch: 1, following: null };
  const holding = told(site("paris", primary), [[0, view()]]).state;
  const other = decide(holding, view({ storeId: "two", revision: 50 }), 100);
  assert.deepEqual(other.actions, [{ do: "close", epoch: 1 }]);
  assert.match(other.state.distrust ?? "", /two/);
  const back = decide(holding, { ...view({ revision: 4 }), floor: 10 } as SiteEvent, 100);
  assert.match(back.state.distrust ?? "", /revision 4/);
  assert.deepEqual(decide(back.state, { kind: "tick" }, 5_000).actions, []);
});

test("an old read that comes late teaches nothing", () => {
  const state = told(site("london"), [[0, view({ revision: 30, leaseRevision: 30 })]]).state;
  const late = decide(state, view({ revision: 20, leaseRevision: 20 }), 10);
  assert.equal(late.state, state);
});

test("a primary whose engine was restarted does not take its primaryship up again", () => {
  const restarted: MemberReport = { ...standby, promotedEpoch: null, following: null };
  const { state } = told(site("paris", restarted), [[0, view()]]);
  assert.equal(state.holder.kind, "none");
});

test("a new primary waits for those who have followed it, and opens with exactly them", () => {
  const named = view({
    revision: 20,
    leaseRevision: 20,
    lease: { epoch: 2, holder: "london", nonce: 0 },
    epoch: { epoch: 2, phase: "named", primary: "london" },
  });
  const promoted: MemberReport = {
    ...standby,
    role: "primary",
    sealedEpoch: 2,
    promotedEpoch: 2,
    names: ["paris", "frankfurt"],
    following: null,
  };
  const { state } = told(site("london", promoted), [[0, named]]);
  const followed = decide(state, { kind: "member", member: { ...promoted, flushedBy: ["frankfurt"] } }, 100);
  assert.deepEqual(followed.actions, [{ do: "names", epoch: 2, standbys: ["frankfurt"] }]);
  const ready = decide(
    followed.state,
    { kind: "member", member: { ...promoted, flushedBy: ["frankfurt"], names: ["frankfurt"] } },
    110,
  );
  const [open] = swaps([[...ready.actions]]);
  assert.equal(open?.purpose, "open");
  assert.deepEqual(open?.write.opened, {
    epoch: 2,
    primary: "london",
    standbys: ["frankfurt"],
    acknowledgements: 1,
  });
});

test("a holder whose engine has ended closes its fence and renews no more", () => {
  const primary: MemberReport = { ...standby, role: "primary", promotedEpoch: 1, following: null };
  const { state } = told(site("paris", primary), [[0, view()]]);
  const silent = decide(state, { kind: "member", member: { ...primary, role: "down" } }, 10);
  assert.equal(silent.state.holder.kind, "holding");
  const ended = { ...primary, role: "down", promotedEpoch: null } as const;
  const closed = decide(state, { kind: "member", member: ended }, 10);
  assert.deepEqual(closed.actions, [{ do: "close", epoch: 1 }]);
  assert.equal(closed.state.holder.kind, "none");
  assert.equal(decide(closed.state, view({ revision: 11 }), 20).state.holder.kind, "none");
});

test("a person's failover waits for no silence, and for the old lease all the same", () => {
  const { state } = told(site("london"), [[0, view()]]);
  const acceptedLoss = { by: "ada", reason: "the site has burnt down" };
  const { actions } = decide(state, { kind: "take-over", acceptedLoss }, 10);
  const [take] = swaps([[...actions]]);
  assert.equal(take?.purpose, "take");
  assert.deepEqual(take?.write.epoch?.acceptedLoss, acceptedLoss);
  assert.equal(take?.write.epoch?.after?.leaseRevision, 10);
  const primary: MemberReport = { ...standby, role: "primary", promotedEpoch: 1, following: null };
  const holding = told(site("paris", primary), [[0, view()]]).state;
  assert.deepEqual(decide(holding, { kind: "take-over", acceptedLoss: null }, 10).actions, []);
});
