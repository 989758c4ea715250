import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatPlan } from "./format.ts";
import { parsePlan } from "./parse.ts";

const synchronous = readFileSync("examples/postgresql-synchronous.yaml", "utf8");
const mariadb = readFileSync("examples/mariadb-synchronous.yaml", "utf8");
const asynchronous = readFileSync("examples/postgresql-asynchronous.yaml", "utf8");

const messages = (text: string, ...changes: readonly (readonly [string, string])[]): string => {
  let changed = text;
  for (const [from, to] of changes) {
    assert.ok(changed.includes(from), from);
    changed = changed.replace(from, to);
  }
  const parsed = parsePlan(changed, "p");
  return ("errors" in parsed ? parsed.errors : [])
    .map(({ path, message }) => `${path}: ${message}`)
    .join("\n");
};

test("all examples are accepted without a warning and read back as they were written", () => {
  for (const [text, acknowledgements] of [
    [synchronous, 1],
    [asynchronous, 0],
    [mariadb, 1],
  ] as const) {
    const parsed = parsePlan(text, "p");
    assert.ok("plan" in parsed, JSON.stringify(parsed));
    assert.deepEqual(parsed.findings, []);
    const { strategy } = parsed.plan;
    assert.ok(strategy.kind === "transaction-replication" && strategy.acknowledgements === acknowledgements);
    const again = parsePlan(formatPlan(parsed.plan), "p");
    assert.ok("plan" in again);
    assert.deepEqual(again.plan, parsed.plan);
  }
});

test("without candidates every site is one, in the order of the plan", () => {
  const parsed = parsePlan(synchronous.replace(/ {4}candidates:.*\n/, ""), "p");
  assert.ok("plan" in parsed && parsed.plan.strategy.kind === "transaction-replication");
  assert.deepEqual(parsed.plan.strategy.candidates, ["paris", "frankfurt", "london"]);
});

test("engine, version and strategy have to fit", () => {
  const strategy = synchronous.slice(
    synchronous.indexOf("  strategy:"),
    synchronous.indexOf("  objectives:"),
  );
  const cases: [string, RegExp][] = [
    [
      messages(synchronous, [strategy, "  strategy: { kind: distributed, consistency: strong }\n"]),
      /spec\.strategy\.kind: postgresql replicates by transaction-replication, not by distributed/,
    ],
    [
      messages(synchronous, ["kind: transaction-replication", "kind: replication"]),
      /expected one of "distributed"/,
    ],
    [
      messages(synchronous, ["mode: synchronous", "mode: sync"]),
      /expected one of "synchronous", "asynchronous"/,
    ],
    [messages(synchronous, ['version: "15"', 'version: "14"']), /"15" or "15\.18", 15 to 18, got "14"/],
    [messages(synchronous, ['version: "15"', 'version: "15.1.2"']), /got "15\.1\.2"/],
    [
      messages(synchronous, ['version: "15"', 'version: "15"\n    heartbeat: 100ms']),
      /spec\.workload\.heartbeat: postgresql elects nobody/,
    ],
    [messages(synchronous, ["trigger: automatic", "triger: automatic"]), /did you mean "trigger"/],
    [messages(synchronous, ["[paris, frankfurt, london] #", "[paris, lundon] #"]), /did you mean "london"/],
    [
      messages(synchronous, ["[paris, frankfurt, london] #", "[paris, paris] #"]),
      /candidate "paris" stands here twice/,
    ],
    [
      messages(asynchronous, ["mode: asynchronous", "mode: asynchronous\n    acknowledgements: 1"]),
      /an asynchronous commit waits for none/,
    ],
  ];
  for (const [found, pattern] of cases) assert.match(found, pattern);
});

test("a commit of MariaDB waits for one other site, of the versions that there are", () => {
  assert.match(
    messages(mariadb, ["acknowledgements: 1", "acknowledgements: 2"]),
    /spec\.strategy\.acknowledgements: a commit of mariadb waits for 1 site at most/,
  );
  assert.match(
    messages(mariadb, ['version: "10.11"', 'version: "10.6"']),
    /10\.11, 11\.4 or 11\.8, got "10\.6"/,
  );
  assert.equal(
    messages(
      mariadb,
      ["mode: synchronous", "mode: asynchronous"],
      ["    acknowledgements: 1 #", "    #"],
      ["recoveryPoint: 0s", "recoveryPoint: 5s"],
    ),
    "",
  );
});

test("an objective is refused when what is left can't commit, decide or keep its recovery point", () => {
  const two = (text: string) =>
    text
      .replace("    - { name: london, region: eu-north }\n", "")
      .replace("    - { between: [paris, london], roundTrip: 10ms }\n", "")
      .replace("    - { between: [frankfurt, london], roundTrip: 14ms }\n", "")
      .replaceAll(", london]", "]")
      .replace("replicas: 3", "replicas: 2");
  assert.match(
    messages(asynchronous, ["recoveryPoint: 5s", "recoveryPoint: 0s"]),
    /its loss can't be excluded/,
  );
  assert.match(
    messages(synchronous, ["acknowledgements: 1", "acknowledgements: 3"]),
    /wait for 3 other sites: there are 2/,
  );
  assert.match(
    messages(synchronous, ["acknowledgements: 1", "acknowledgements: 2"]),
    /2 sites are left, and a commit waits for 2 besides the primary/,
  );
  assert.match(messages(synchronous, ["[paris, frankfurt, london] #", "[paris] #"]), /no candidate is left/);
  assert.match(messages(two(synchronous)), /1 site is left, and a commit waits for 1/);
  assert.match(
    messages(two(asynchronous), ["trigger: human", "trigger: automatic"]),
    /1 of 2 sites is left, and only a majority \(2\) decides by itself/,
  );
  assert.equal(messages(two(asynchronous)), "");
});
