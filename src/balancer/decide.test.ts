import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ReachabilityRow } from "../domain/health.ts";
import type { BalancerPolicy, Plan } from "../domain/plan.ts";
import type { Route } from "../domain/route.ts";
import { decideRoute } from "./decide.ts";
import { healthOf, isSettled, newHealth, observe } from "./health.ts";
import { eligibleSites } from "./policy.ts";
import { examplePlan } from "./plan-example.ts";
import { type KnownRow, rowFreshMs, viewOf } from "./view.ts";

const withPolicy = (policy: BalancerPolicy): Plan => {
  const plan = examplePlan();
  return { ...plan, balancer: { ...plan.balancer, policy } };
};

/** Facts as letters: A able, r reachable only, - unreachable; in the order of the plan's sites. */
const rowOf = (plan: Plan, region: string, facts: string): ReachabilityRow => ({
  region,
  sequence: 1,
  startedAt: "2026-11-22T00:00:00Z",
  sites: plan.sites.map(({ name }, index) => ({
    site: name,
    reachable: facts[index] !== "-",
    ableToCommit: facts[index] === "A",
    because: facts[index] ?? "",
    epoch: null,
  })),
});

const decide = (plan: Plan, rows: Record<string, [string, number]>, before: Route | null) => {
  const known = new Map<string, KnownRow>(
    Object.entries(rows).map(([region, [facts, ageMs]]) => [
      region,
      { row: rowOf(plan, region, facts), ageMs },
    ]),
  );
  const views = plan.regions.map(({ name }) => viewOf(plan, name, known, eligibleSites(plan)));
  return decideRoute(plan, views, before);
};

const weightsOf = (route: Route, region: string) =>
  route.groups.find((group) => group.region === region)?.weights;

const fresh = (facts: string): Record<string, [string, number]> => ({
  "eu-west": [facts, 0],
  "eu-central": [facts, 0],
  "eu-north": [facts, 0],
});

test("latency: each region gets its own site, and the nearest able one when that is lost", () => {
  const plan = examplePlan();
  const all = decide(plan, fresh("AAA"), null).route;
  assert.deepEqual(weightsOf(all, "eu-west"), { paris: 1 });
  assert.deepEqual(weightsOf(all, "eu-north"), { london: 1 });
  const lost = decide(plan, fresh("AA-"), all);
  assert.deepEqual(weightsOf(lost.route, "eu-north"), { paris: 1 });
  assert.deepEqual(lost.changed, ["eu-north"]);
  assert.equal(lost.route.serial, 2);
});

test("primary-secondary: the first able one in order, for every region; a site outside the order never", () => {
  const plan = withPolicy({ kind: "primary-secondary", order: ["frankfurt", "paris"] });
  assert.deepEqual(weightsOf(decide(plan, fresh("AAA"), null).route, "eu-west"), { frankfurt: 1 });
  assert.deepEqual(weightsOf(decide(plan, fresh("ArA"), null).route, "eu-west"), { paris: 1 });
  assert.deepEqual(weightsOf(decide(plan, fresh("rrA"), null).route, "eu-west"), {});
});

test("weighted: the weights of those that can serve; weight 0 only when nothing else can", () => {
  const plan = withPolicy({ kind: "weighted", weights: { paris: 3, frankfurt: 1, london: 0 } });
  assert.deepEqual(weightsOf(decide(plan, fresh("AAA"), null).route, "eu-west"), { paris: 3, frankfurt: 1 });
  assert.deepEqual(weightsOf(decide(plan, fresh("r-A"), null).route, "eu-west"), { london: 1 });
});

test("when nothing can serve the route is held, without a change of serial, and says why", () => {
  const plan = examplePlan();
  const all = decide(plan, fresh("AAA"), null).route;
  const held = decide(plan, fresh("r-r"), all);
  assert.deepEqual(held.changed, []);
  assert.equal(held.route.held, true);
  assert.equal(held.route.serial, all.serial);
  assert.match(held.route.groups[0]?.because ?? "", /^held, nothing better: no site can serve/);
});

test("a stale row does not decide: the other regions' view does, and without any the route is held", () => {
  const plan = examplePlan();
  const old = rowFreshMs(plan) + 1;
  const all = decide(plan, fresh("AAA"), null).route;
  const others = decide(
    plan,
    { "eu-west": ["AAA", old], "eu-central": ["-AA", 0], "eu-north": ["rAA", 0] },
    all,
  );
  assert.deepEqual(weightsOf(others.route, "eu-west"), { frankfurt: 1 });
  assert.match(others.route.groups[0]?.because ?? "", /old; by what eu-central, eu-north see/);
  const none = decide(plan, { "eu-west": ["-AA", old] }, all);
  assert.deepEqual(weightsOf(none.route, "eu-west"), { paris: 1 });
  assert.equal(none.route.held, true);
});

test("a site that one region can't reach keeps the other regions' clients", () => {
  const plan = examplePlan();
  const route = decide(
    plan,
    { "eu-west": ["AAA", 0], "eu-central": ["-AA", 0], "eu-north": ["-AA", 0] },
    null,
  ).route;
  assert.deepEqual(weightsOf(route, "eu-west"), { paris: 1 });
});

const facts = fc
  .array(fc.constantFrom("A", "r", "-"), { minLength: 3, maxLength: 3 })
  .map((letters) => letters.join(""));
const age = fc.constantFrom(0, 500, 100_000);
const rows = fc.record(
  { "eu-west": fc.tuple(facts, age), "eu-central": fc.tuple(facts, age), "eu-north": fc.tuple(facts, age) },
  { requiredKeys: [] },
);
const policies = fc.constantFrom<BalancerPolicy>(
  { kind: "latency" },
  { kind: "primary-secondary", order: ["london", "paris", "frankfurt"] },
  { kind: "weighted", weights: { paris: 1, frankfurt: 2, london: 0 } },
);

test("never to nothing when something was able or routed to, and only to a site that can serve unless held", () => {
  fc.assert(
    fc.property(policies, fc.array(rows, { minLength: 1, maxLength: 12 }), (policy, steps) => {
      const plan = withPolicy(policy);
      let before: Route | null = null;
      for (const step of steps) {
        const known = Object.fromEntries(Object.entries(step).filter(([, value]) => value !== undefined));
        const { route } = decide(plan, known as Record<string, [string, number]>, before);
        for (const { region, weights, because } of route.groups) {
          const was: Readonly<Record<string, number>> = (before && weightsOf(before, region)) ?? {};
          const own = step[region as "eu-west"];
          const ownFresh = own !== undefined && own[1] <= rowFreshMs(plan);
          const empty = Object.keys(weights).length === 0;
          if (Object.keys(was).length > 0) assert.equal(empty, false);
          if (!ownFresh) continue;
          if (own[0].includes("A")) {
            assert.equal(empty, false);
            for (const site of Object.keys(weights))
              assert.equal(own[0][plan.sites.findIndex(({ name }) => name === site)], "A");
          } else if (!empty) {
            assert.deepEqual(weights, was);
            assert.match(because, /^held/);
          }
        }
        before = route;
      }
    }),
  );
});

test("50 leader elections, in which sites become unable and able again up to a round apart, change no route", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          leader: fc.nat(2),
          lasts: fc.integer({ min: 1, max: 8 }),
          early: fc.nat(2),
          late: fc.nat(2),
          quiet: fc.nat(5),
        }),
        { minLength: 50, maxLength: 50 },
      ),
      (elections) => {
        const plan = examplePlan();
        let health = newHealth(eligibleSites(plan), plan.balancer.timing);
        let route: Route | null = null;
        let changes = 0;
        let number = 0;
        const say = (letters: readonly string[]) => {
          for (const [index, { name: site }] of plan.sites.entries())
            health = observe(health, {
              site,
              round: number,
              answered: true,
              able: letters[index] !== "u",
              because: "",
              epoch: number,
              atMs: number * 250 + 5,
              evidenceMs: number * 250 - (letters[index] === "s" ? 400 : 20),
            }).state;
          number += 1;
          if (!isSettled(health)) return;
          const row = { region: "eu-west", sequence: number, startedAt: "", sites: healthOf(health) };
          const known = new Map([["eu-west", { row, ageMs: 0 }]]);
          const decision = decideRoute(plan, [viewOf(plan, "eu-west", known, eligibleSites(plan))], route);
          if (route !== null) changes += decision.changed.length;
          route = decision.route;
        };
        say(["A", "A", "A"]);
        for (const { leader, lasts, early, late, quiet } of elections) {
          // The others notice only when their evidence is old.
          for (let at = 0; at < late; at += 1) say([0, 1, 2].map((site) => (site === leader ? "u" : "s")));
          for (let at = 0; at < lasts; at += 1) say(["u", "u", "u"]);
          say([0, 1, 2].map((site) => (site === early ? "A" : "u")));
          for (let at = 0; at <= quiet; at += 1) say(["A", "A", "A"]);
        }
        assert.equal(changes, 0);
      },
    ),
    { numRuns: 30 },
  );
});

test("of two sites that say they are the primary, the newer epoch's gets the clients", () => {
  const plan: Plan = {
    ...withPolicy({ kind: "primary-secondary", order: ["paris", "frankfurt", "london"] }),
    strategy: {
      kind: "transaction-replication",
      acknowledgements: 1,
      candidates: ["paris", "frankfurt", "london"],
      trigger: "automatic",
    },
  };
  const row = rowOf(plan, "eu-west", "AAr");
  const epochs = [1, 2, null];
  const known = {
    row: { ...row, sites: row.sites.map((site, at) => ({ ...site, epoch: epochs[at] ?? null })) },
  };
  for (const region of ["eu-west", "eu-north"]) {
    const view = viewOf(plan, region, new Map([["eu-west", { ...known, ageMs: 0 }]]), eligibleSites(plan));
    assert.deepEqual([view.candidates, view.epoch], [["frankfurt"], 2]);
    assert.match(view.refused["paris"] ?? "", /^epoch 1 is over/);
  }
});
