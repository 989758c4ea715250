import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveLinks, type LabChange } from "./changes.ts";
import { defaultLink, type LinkSetting } from "./link.ts";

const PLACES = ["paris", "frankfurt", "gateway/eu-west"];
const BASE: LinkSetting[] = PLACES.flatMap((from) =>
  PLACES.filter((to) => to !== from).map((to) => ({ ...defaultLink, from, to, delayMs: 5 })),
);
const cuts = (active: readonly (readonly LabChange[])[]) =>
  effectiveLinks(BASE, active)
    .filter((link) => link.cut)
    .map(({ from, to }) => `${from} → ${to}`);

test("without changes the links are the plan's", () => {
  assert.deepEqual(effectiveLinks(BASE, []), BASE);
});

test("a lost place is silent in both directions, towards everyone", () => {
  assert.deepEqual(cuts([[{ kind: "lose-place", place: "paris", wipeDisks: false }]]), [
    "paris → frankfurt",
    "paris → gateway/eu-west",
    "frankfurt → paris",
    "gateway/eu-west → paris",
  ]);
});

test("one direction can be cut alone, and a star stands for every other end", () => {
  const cut = (from: string, to: string): LabChange => ({
    kind: "links",
    ends: [{ from, to }],
    set: { cut: true },
  });
  assert.deepEqual(cuts([[cut("paris", "frankfurt")]]), ["paris → frankfurt"]);
  assert.deepEqual(cuts([[cut("*", "frankfurt")]]), ["paris → frankfurt", "gateway/eu-west → frankfurt"]);
});

test("of two changes of one link each keeps its own part, and healing one leaves the other", () => {
  const slow: LabChange = { kind: "links", ends: [{ from: "paris", to: "*" }], set: { delayMs: 50 } };
  const lossy: LabChange = {
    kind: "links",
    ends: [{ from: "paris", to: "frankfurt" }],
    set: { lossRatio: 0.1 },
  };
  const link = (active: readonly (readonly LabChange[])[]) => effectiveLinks(BASE, active)[0];
  assert.deepEqual(link([[slow], [lossy]]), { ...BASE[0], delayMs: 50, lossRatio: 0.1 });
  assert.deepEqual(link([[lossy]]), { ...BASE[0], lossRatio: 0.1 });
});

test("places without power are silent towards everyone, and each other", () => {
  const cut = cuts([[{ kind: "power-off", places: ["paris", "frankfurt"] }]]);
  assert.equal(cut.length, BASE.length);
  assert.equal(cuts([[{ kind: "power-off", places: ["frankfurt"] }]]).length, BASE.length - 2);
});
