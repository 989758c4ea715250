import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Rule, type Standing, survivalOf } from "./survival.ts";
import type { Certain } from "./workload-status.ts";

const NAMES = ["a", "b", "c", "d", "e"];
const sites = (count: number, region = (index: number) => `r${index}`): Standing[] =>
  NAMES.slice(0, count).map((site, index) => ({ site, region: region(index), data: "yes", vote: "yes" }));
const replicated = (voters: readonly string[], acknowledgements: number): Rule => ({
  kind: "replicated",
  primary: "a",
  voters,
  acknowledgements,
});

test("five members by consensus survive two, three survive one, and two none", () => {
  const now = (count: number) => survivalOf("site", 1, sites(count), { kind: "majority" }).now;
  assert.deepEqual([now(5), now(3), now(2)], [2, 1, 0]);
});

test("sites of one region fail as one", () => {
  const standings = sites(3, (index) => (index < 2 ? "west" : "east"));
  assert.equal(survivalOf("region", 1, standings, { kind: "majority" }).now, 0);
  assert.equal(survivalOf("site", 1, standings, { kind: "majority" }).now, 1);
});

test("a voter that is gone but still counts leaves too few seals", () => {
  const standings = sites(3).map((each) => (each.site === "c" ? { ...each, data: "no" as const } : each));
  assert.equal(survivalOf("site", 1, standings, replicated(["b", "c"], 1)).data, 0);
  assert.equal(survivalOf("site", 1, standings, replicated(["b"], 1)).data, 1);
  assert.equal(survivalOf("site", 1, standings, replicated(["b"], 1)).limitedBy, "standbys to commit with");
});

test("two acknowledgements of four standbys: any two losses leave every write", () => {
  assert.equal(survivalOf("site", 1, sites(5), replicated(["b", "c", "d", "e"], 2)).now, 2);
});

const certain = fc.constantFrom<Certain[]>("yes", "no", "unknown");
const anyStandings = fc
  .array(fc.record({ data: certain, vote: certain }), { minLength: 1, maxLength: 5 })
  .map((each) => each.map((one, index) => ({ ...one, site: NAMES[index] ?? "", region: `r${index % 2}` })));

test("what is sure is never more than what is possible, and knowing more moves them only towards each other", () => {
  fc.assert(
    fc.property(anyStandings, fc.integer({ min: 0, max: 2 }), fc.nat(4), (standings, k, at) => {
      const rule = replicated(NAMES.slice(1, standings.length), k);
      const before = survivalOf("site", 1, standings, rule);
      assert.ok(before.now <= before.atMost);
      const clearer = standings.map((each, index) =>
        index === at && each.data === "unknown" ? { ...each, data: "no" as const } : each,
      );
      const after = survivalOf("site", 1, clearer, rule);
      assert.equal(after.now, before.now);
      assert.ok(after.atMost <= before.atMost);
    }),
  );
});

test("no acknowledged write is lost by as many failures as are called survived: every history of acknowledgements", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      (count, k, alive) => {
        const voters = NAMES.slice(1, count);
        if (k > voters.length) return;
        const standings = sites(count).map((each, index) =>
          alive[index] === true ? each : { ...each, data: "no" as const },
        );
        const { data } = survivalOf("site", 1, standings, replicated(voters, k));
        // A write that was acknowledged earlier by any k voters, also by some that are gone now.
        for (const holders of subsets(voters).filter((each) => each.length === k))
          for (const lost of subsets(NAMES.slice(0, count)).filter((each) => each.length <= data)) {
            if (data === 0) continue;
            const left = ["a", ...holders].filter(
              (site) =>
                !lost.includes(site) && standings.some((each) => each.site === site && each.data === "yes"),
            );
            assert.ok(left.length > 0, `k=${k} holders=${holders.join()} lost=${lost.join()}`);
          }
      },
    ),
  );
});

const subsets = (of: readonly string[]): string[][] =>
  of.reduce<string[][]>((all, one) => [...all, ...all.map((each) => [...each, one])], [[]]);
