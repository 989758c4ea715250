import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Plan } from "../domain/plan.ts";
import { findingLine } from "./finding.ts";
import { formatPlan } from "./format.ts";
import { parsePlan } from "./parse.ts";

const example = readFileSync("examples/etcd.yaml", "utf8");

function planOf(text: string): Plan {
  const parsed = parsePlan(text, "plan.yaml");
  if (!("plan" in parsed)) assert.fail(parsed.errors.map(findingLine).join("\n"));
  return parsed.plan;
}

/** The errors of the example after each `[from, to]` has been put in. */
function errorsAfter(...changes: readonly (readonly [string, string])[]): string[] {
  let text = example;
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), `the example has no ${from}`);
    text = text.replace(from, to);
  }
  const parsed = parsePlan(text, "plan.yaml");
  return "errors" in parsed ? parsed.errors.map(findingLine) : [];
}

test("the example plans are read whole, without a remark", () => {
  for (const file of ["examples/etcd.yaml", "bench/plans/three-sites-10ms.yaml"]) {
    const parsed = parsePlan(readFileSync(file, "utf8"), file);
    assert.ok("plan" in parsed);
    assert.deepEqual(parsed.findings, []);
  }
  const plan = planOf(example);
  assert.equal(plan.links[2]?.roundTripMs, 14);
  assert.deepEqual(
    plan.regions.map((region) => region.name),
    ["eu-west", "eu-central", "eu-north"],
  );
  assert.deepEqual(plan.balancer, {
    hostname: "ledger.example.test",
    policy: { kind: "latency" },
    dnsTtlSeconds: 1,
    check: { kind: "http", path: "/health/ready" },
    timing: { intervalMs: 250, timeoutMs: 200, fall: 2, rise: 3 },
    virtualAddress: "10.79.0.1",
    port: 8080,
  });
});

test("a wrong value is named with file, line, column and path", () => {
  assert.deepEqual(errorsAfter(["[paris, london], roundTrip: 10ms", '[paris, london], roundTrip: "10"']), [
    'plan.yaml:13:46 spec.links[1].roundTrip: expected a duration such as "10ms", got "10"',
  ]);
});

test("all errors come at once, in the order of the file", () => {
  const errors = errorsAfter(
    ["kind: RecoveryPlan", "kind: RecoverPlan"],
    ["name: frankfurt, region", "name: frankfurt, regoin"],
    ["between: [paris, frankfurt]", "between: [pairs, frankfurt]"],
    ["fall: 2", "fall: 0"],
  );
  assert.deepEqual(errors, [
    'plan.yaml:3:7 kind: expected "RecoveryPlan", got "RecoverPlan"',
    'plan.yaml:9:7 spec.sites[1]: "region" is missing: expected a region\'s name: lower-case letters, digits and "-", at most 32, a letter first',
    'plan.yaml:9:26 spec.sites[1].regoin: unknown key, did you mean "region"?',
    'plan.yaml:12:19 spec.links[0].between[0]: no site is named "pairs", did you mean "paris"?',
    "plan.yaml:28:85 spec.balancer.health.fall: expected a whole number from 1 to 100, got 0",
  ]);
});

test("each rule refuses what it is for", () => {
  const cases: [change: [string, string][], pattern: RegExp][] = [
    [[["replicas: 3", "replicas: 3\n    replicas: 5"]], /this key stands in the map twice/],
    [[["name: london", "name: paris"]], /spec\.sites\[2\]\.name: site "paris" stands here twice/],
    [
      [["between: [frankfurt, london]", "between: [london, paris]"]],
      /spec\.links\[2\]\.between: the link london–paris is already spec\.links\[1\]/,
    ],
    [
      [["    - { between: [frankfurt, london], roundTrip: 14ms }\n", ""]],
      /spec\.links: every pair of sites needs a link; missing: \{ between: \[frankfurt, london\]/,
    ],
    [[["replicas: 3", "replicas: 5"]], /5 replicas do not fit 3 sites/],
    [[["replicas: 3", "replicas: 1"]], /replicas is 1: write 3/],
    [[["policy: latency", "policy: { primarySecondary: [paris, lndon] }"]], /did you mean "london"/],
    [[["policy: latency", "policy: { weighted: { paris: 0 } }"]], /at least one site needs a weight over 0/],
    [[["policy: latency", "policy: { weighted: { paris: -1 } }"]], /expected a weight from 0/],
    [[["policy: latency", "policy: nearest"]], /expected latency, \{ primarySecondary/],
    [[["http: { path: /health/ready }", "http: {}, tcp: {}"]], /http and tcp exclude each other/],
    [[["timeout: 200ms", "timeout: 12ms"]], /the farthest site answers after 16ms/],
    [[["timeout: 200ms", "timeout: 2s"]], /longer than fall × interval \(2 × 250ms = 500ms\)/],
    [[["ttl: 1s", "ttl: 1500ms"]], /whole seconds, got "1500ms"/],
    [
      [["recoveryTime: 5s", "recoveryTime: 100ms"]],
      /100ms can't be reached: a new leader is elected after 140ms .*ten round trips of 14ms/,
    ],
    [[["recoveryTime: 5s", "recoveryTime: 400ms"]], /seen after 450ms at the earliest .*1 × 250ms \+ 200ms/],
    [[["replicas: 3", "replicas: 3\n    electionTimeout: 300ms"]], /5 × the heartbeat \(5 × 100ms = 500ms\)/],
    [
      [
        ["region: eu-central", "region: eu-west"],
        ["survive: site", "survive: region"],
      ],
      /the loss of region eu-west leaves 1 of 3 members/,
    ],
    [[["hostname: ledger.example.test", "hostname: ledger"]], /a host name of at least two labels/],
    [[["engine: etcd", "engine: etdc"]], /expected one of "etcd", "postgresql", "mariadb", got "etdc"/],
    [
      [["    replicas: 3", "    version: 3.6"]],
      /expected a version such as "3\.6\.16", as a string, got 3\.6/,
    ],
    [[["region: eu-west }", "region: eu-west, address: 10.0.0.300 }"]], /expected an IPv4 address/],
    [
      [
        ["region: eu-west }", "region: eu-west, address: 10.79.0.1 }"],
        ["policy: latency", "virtualAddress: 10.79.0.1"],
      ],
      /address "10\.79\.0\.1" stands here twice/,
    ],
    [
      [["objectives:\n    - { survive: site, recoveryTime: 5s, recoveryPoint: 0s }", "objectives: []"]],
      /at least one objective/,
    ],
  ];
  for (const [changes, pattern] of cases) {
    const errors = errorsAfter(...changes).join("\n");
    assert.match(errors, pattern);
  }
});

test("two sites can't survive the loss of one, and the numbers say why", () => {
  const two = example
    .replace("    - { name: london, region: eu-north }\n", "")
    .replace("    - { between: [paris, london], roundTrip: 10ms }\n", "")
    .replace("    - { between: [frankfurt, london], roundTrip: 14ms }\n", "")
    .replace("replicas: 3", "replicas: 2");
  const parsed = parsePlan(two, "p");
  assert.ok("errors" in parsed);
  assert.deepEqual(
    parsed.errors.map((finding) => finding.message),
    [
      "the loss of one site leaves 1 of 2 members, and a majority is 2: it can't be survived; use at least 3 sites",
    ],
  );
});

test("a long time to live is a warning, not an error", () => {
  const parsed = parsePlan(example.replace("ttl: 1s", "ttl: 30s"), "p");
  assert.ok("plan" in parsed);
  assert.match(parsed.findings.map(findingLine).join("\n"), /clients that follow DNS may need 30\.7/);
});

test("text that is no plan is refused with a place and without a crash", () => {
  for (const text of [
    "",
    "- 1",
    "null",
    "a: [",
    "{}",
    "\u0000",
    "a: &x [*x]",
    "kind: RecoveryPlan\nspec: 3",
    "? [a]\n: 1",
    "--- 1\n--- 2",
  ]) {
    const parsed = parsePlan(text, "p");
    assert.ok("errors" in parsed && parsed.errors.length > 0, JSON.stringify(text));
    for (const error of parsed.errors) assert.ok(error.line >= 1 && error.column >= 1);
  }
  fc.assert(
    fc.property(fc.nat(example.length), fc.nat(20), fc.string({ maxLength: 6 }), (at, cut, put) => {
      const text = example.slice(0, at) + put + example.slice(at + cut);
      const parsed = parsePlan(text, "p");
      if ("errors" in parsed) assert.ok(parsed.errors.length > 0);
    }),
    { numRuns: 100 },
  );
});

const ms = (most: number) => fc.integer({ min: 1, max: most * 1000 }).map((us) => us / 1000);

test("a plan written out reads back as the same plan", () => {
  const base = planOf(example);
  const arbitrary = fc.record({
    roundTrip: ms(150),
    jitter: ms(5),
    loss: fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 1_000_000),
    bandwidth: fc.option(fc.integer({ min: 1, max: 999_999_999 })),
    addressed: fc.boolean(),
    policy: fc.constantFrom(
      { kind: "latency" } as const,
      { kind: "primary-secondary", order: ["london", "paris"] } as const,
      { kind: "weighted", weights: { paris: 2, london: 0.5 } } as const,
    ),
    tcp: fc.boolean(),
    version: fc.option(fc.constant("3.6.16")),
    election: fc.option(fc.integer({ min: 1_500, max: 4_000 })),
    point: ms(100_000),
    zones: fc.constantFrom(
      [],
      [
        { name: "a", nodes: ["n1", "n2"] },
        { name: "b", nodes: [] },
      ],
    ),
  });
  fc.assert(
    fc.property(arbitrary, (given) => {
      const plan: Plan = {
        ...base,
        sites: base.sites.map((site, index) => ({
          ...site,
          zones: given.zones,
          address: given.addressed ? `10.77.${index + 1}.1` : null,
        })),
        regions: base.regions.map((region, index) => ({
          ...region,
          gateway: given.addressed ? `10.77.${index + 101}.1` : null,
          prefixes: given.addressed ? [`10.78.${index + 1}.0/24`] : [],
        })),
        links: base.links.map((link) => ({
          ...link,
          roundTripMs: given.roundTrip,
          jitterMs: given.jitter,
          lossRatio: given.loss,
          bandwidthBitsPerSecond: given.bandwidth,
        })),
        workload: { ...base.workload, version: given.version, electionTimeoutMs: given.election },
        objectives: base.objectives.map((objective) => ({ ...objective, recoveryPointMs: given.point })),
        balancer: {
          ...base.balancer,
          policy: given.policy,
          check: given.tcp ? { kind: "tcp" } : base.balancer.check,
        },
      };
      assert.deepEqual(planOf(formatPlan(plan)), plan);
    }),
    { numRuns: 60 },
  );
});
