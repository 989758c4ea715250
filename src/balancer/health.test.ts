import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { healthOf, isSettled, newHealth, observe, type ProbeResult } from "./health.ts";

const SITES = ["paris", "frankfurt", "london"];
const TIMING = { intervalMs: 250, timeoutMs: 200, fall: 2, rise: 3 };

const round = fc
  .array(fc.constantFrom("A", "u", "-"), { minLength: 3, maxLength: 3 })
  .map((all) => all.join(""));
const order = fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 });

/** A round as letters, one a site: A able by evidence 20 ms old, s able by stale evidence, u unable, - no answer. */
const letter = (site: string, round: number, said: string): ProbeResult => ({
  site,
  round,
  answered: said !== "-",
  able: said === "A" || said === "s",
  atMs: round * 250 + 5,
  evidenceMs: round * 250 - (said === "s" ? 400 : 20),
  because: said,
  epoch: null,
});

/** Facts after each round, as letters: A reachable and able, r reachable only, - unreachable. */
function play(rounds: readonly string[], orders: readonly (readonly number[])[] = []): string[] {
  let state = newHealth(SITES, TIMING);
  return rounds.map((said, round) => {
    for (const index of orders[round] ?? [0, 1, 2])
      ({ state } = observe(state, letter(SITES[index] ?? "", round, said[index] ?? "-")));
    return healthOf(state)
      .map(({ reachable, ableToCommit }) => (ableToCommit ? "A" : reachable ? "r" : "-"))
      .join("");
  });
}

test("a silent site is unreachable after `fall` failed probes and back after `rise` good ones", () => {
  assert.deepEqual(play(["AAA", "-AA", "-AA", "AAA", "AAA", "AAA"]), [
    "AAA",
    "AAA",
    "-AA",
    "-AA",
    "-AA",
    "AAA",
  ]);
});

test("sites that fall silent together become unreachable together, whatever the order of the answers", () => {
  fc.assert(
    fc.property(order, order, order, (first, second, third) => {
      let state = newHealth(SITES, TIMING);
      const seen = new Set<string>();
      for (const [round, turn] of [first, second, third].entries())
        for (const index of turn) {
          ({ state } = observe(state, letter(SITES[index] ?? "", round, round === 0 ? "A" : "-")));
          if (isSettled(state))
            seen.add(
              healthOf(state)
                .map(({ reachable }) => reachable)
                .join(),
            );
        }
      assert.deepEqual([...seen], ["true,true,true", "false,false,false"]);
    }),
  );
});

test("a site that can't commit is unable after `fall` rounds in which others proved that one can", () => {
  assert.deepEqual(play(["AAA", "uAA", "uAA", "uAA"]), ["AAA", "AAA", "AAA", "rAA"]);
});

test("evidence from before the site became unable proves nothing", () => {
  assert.deepEqual(play(["AAA", "uss", "uss", "uuu", "uuu", "AAA"]), Array(6).fill("AAA"));
});

test("sites that are unable together stay able", () => {
  assert.deepEqual(play(["AAA", "uuu", "uuu", "uuu", "uuu", "AAA"]), Array(6).fill("AAA"));
});

test("the way into and out of an election does not count when sites differ by one round", () => {
  assert.deepEqual(play(["AAA", "uAA", "uuu", "uuA", "AAA"]), Array(5).fill("AAA"));
});

test("a site cut off during an election counts only from when another can commit again", () => {
  assert.deepEqual(play(["AAA", "uuu", "uuu", "uAA", "uAA"]), ["AAA", "AAA", "AAA", "AAA", "rAA"]);
});

test("a site that returns is reachable first and able when it says so `rise` times", () => {
  assert.deepEqual(play(["AAA", "-AA", "-AA", "uAA", "uAA", "uAA", "AAA", "AAA", "AAA"]).slice(4), [
    "-AA",
    "rAA",
    "rAA",
    "rAA",
    "AAA",
  ]);
});

test("nothing is settled before each site answered once or failed `fall` times", () => {
  let state = newHealth(SITES, TIMING);
  for (const [round, said] of ["AA-", "AA-"].entries()) {
    assert.equal(isSettled(state), false);
    for (const [index, site] of SITES.entries())
      ({ state } = observe(state, letter(site, round, said[index] ?? "-")));
  }
  assert.equal(isSettled(state), true);
});

test("ability never turns false in a round in which no other site was able", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(round, order), { minLength: 1, maxLength: 40 }), (trace) => {
      const facts = play(
        trace.map(([said]) => said),
        trace.map(([, turn]) => turn),
      );
      for (let at = 1; at < facts.length; at += 1)
        for (const index of [0, 1, 2]) {
          const fellToUnable = facts[at - 1]?.[index] === "A" && facts[at]?.[index] === "r";
          if (!fellToUnable) continue;
          const others = [0, 1, 2].filter((other) => other !== index);
          assert.ok(others.some((other) => trace[at]?.[0][other] === "A"));
        }
    }),
  );
});

test("the facts after a round do not depend on the order of its answers", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(round, order), { minLength: 1, maxLength: 30 }), (trace) => {
      const said = trace.map(([letters]) => letters);
      assert.deepEqual(
        play(
          said,
          trace.map(([, turn]) => turn),
        ),
        play(said),
      );
    }),
  );
});

test("a site that says it can commit under a newer epoch than all others is believed at once", () => {
  const word = (site: string, round: number, able: boolean, epoch: number | null): ProbeResult => ({
    ...letter(site, round, able ? "A" : "u"),
    epoch,
  });
  const facts = (exclusive: boolean) => {
    let state = newHealth(SITES, TIMING, exclusive);
    const all = [
      word("paris", 0, true, 1),
      word("frankfurt", 0, false, null),
      word("london", 0, false, null),
      letter("paris", 1, "-"),
      word("frankfurt", 1, true, 2),
    ];
    for (const result of all) ({ state } = observe(state, result));
    return healthOf(state).map(({ ableToCommit }) => ableToCommit);
  };
  assert.deepEqual(facts(true), [true, true, false]);
  assert.deepEqual(facts(false), [true, false, false]);
});

test("an older epoch than another site's is never believed at once", () => {
  const epochs = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(epochs, (given) => {
      let state = newHealth(SITES, TIMING, true);
      for (const [index, site] of SITES.entries())
        ({ state } = observe(state, { ...letter(site, 0, "u"), epoch: given[index] ?? null }));
      for (const [index, site] of SITES.entries())
        ({ state } = observe(state, { ...letter(site, 1, "A"), epoch: given[index] ?? null }));
      const newest = Math.max(...given);
      const alone = given.filter((epoch) => epoch === newest).length === 1;
      assert.deepEqual(
        healthOf(state).map(({ ableToCommit }) => ableToCommit),
        given.map((epoch) => alone && epoch === newest),
      );
    }),
  );
});
