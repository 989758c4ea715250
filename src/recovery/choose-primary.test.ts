import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EpochRecord, LogHistory, OpenedSet, Seal } from "../domain/primaryship.ts";
import { choosePrimary } from "./choose-primary.ts";
import { RULES } from "./rules.ts";

const SITES = ["paris", "frankfurt", "london"];
const record: EpochRecord = {
  epoch: 5,
  phase: "sealing",
  coordinator: "london",
  primary: null,
  after: null,
  acceptedLoss: null,
};
const opened: OpenedSet = {
  epoch: 4,
  primary: "paris",
  standbys: ["frankfurt", "london"],
  acknowledgements: 1,
};
const seal = (site: string, history: LogHistory): Seal => ({ site, epoch: 5, history });
const on4 = (upTo: number): LogHistory => [{ branch: 4, upTo }];
const choose = (seals: readonly Seal[], more: Partial<EpochRecord> = {}) =>
  choosePrimary(RULES, { ...record, ...more }, opened, seals, SITES);

test("one of two standbys is not enough to know every acknowledged write", () => {
  assert.equal(choose([seal("london", on4(100))]).kind, "wait");
});

test("of enough seals the highest is chosen, ties by the plan's order", () => {
  const chosen = choose([seal("london", on4(101)), seal("frankfurt", on4(100))]);
  assert.deepEqual(chosen, { kind: "chosen", primary: "london", loss: "none" });
  const tie = choose([seal("london", on4(100)), seal("frankfurt", on4(100))]);
  assert.equal(tie.kind === "chosen" && tie.primary, "frankfurt");
});

test("the recorded primary on its recorded branch suffices alone", () => {
  assert.deepEqual(choose([seal("paris", on4(100))]), { kind: "chosen", primary: "paris", loss: "none" });
  assert.equal(choose([seal("paris", [{ branch: 3, upTo: 100 }])]).kind, "wait");
});

test("a log on another branch counts only up to its fork, however long it is", () => {
  const forked: LogHistory = [
    { branch: 4, upTo: 90 },
    { branch: 5, upTo: 5_000 },
  ];
  const chosen = choose([seal("london", forked), seal("frankfurt", on4(91))]);
  assert.equal(chosen.kind === "chosen" && chosen.primary, "frankfurt");
  const stranger = choose([seal("london", [{ branch: 2, upTo: 9_000 }]), seal("frankfurt", on4(91))]);
  assert.equal(stranger.kind, "wait", "a log without the branch proves nothing");
});

test("an empty log is never a source: it has no branch", () => {
  assert.equal(choose([seal("london", []), seal("frankfurt", [])]).kind, "wait");
});

test("with too few seals only a named human goes on, and the loss is unknown", () => {
  const chosen = choose([seal("london", on4(100))], { acceptedLoss: { by: "ada", reason: "flood" } });
  assert.deepEqual(chosen, { kind: "chosen", primary: "london", loss: "unknown" });
});

test("whenever it chooses without loss, the chosen log holds every write that any k standbys acknowledged", () => {
  const sizes = fc.integer({ min: 1, max: 5 }).chain((standbys) =>
    fc.record({
      standbys: fc.constant(standbys),
      acknowledgements: fc.integer({ min: 1, max: standbys }),
      flushed: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: standbys, maxLength: standbys }),
      sealed: fc.array(fc.boolean(), { minLength: standbys, maxLength: standbys }),
    }),
  );
  fc.assert(
    fc.property(sizes, ({ standbys, acknowledgements, flushed, sealed }) => {
      const names = Array.from({ length: standbys }, (_, at) => `site${at}`);
      const set: OpenedSet = { epoch: 4, primary: "paris", standbys: names, acknowledgements };
      const seals = names.flatMap((site, at) => (sealed[at] ? [seal(site, on4(flushed[at] ?? 0))] : []));
      const choice = choosePrimary(RULES, record, set, seals, names);
      if (choice.kind === "wait") return;
      const highestAcknowledged = flushed.toSorted((a, b) => b - a)[acknowledgements - 1] ?? 0;
      const chosen = flushed[names.indexOf(choice.primary)] ?? 0;
      assert.ok(chosen >= highestAcknowledged);
    }),
  );
});
