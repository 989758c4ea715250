// The alert rules as Prometheus' own tool reads them: valid, each firing at its fault and clearing after it, quiet while all is
// well, and made of metrics that there are.
import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import { METRICS } from "../../src/api/metric-table.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { run } from "../../src/runtime/process.ts";
import { alertPrograms } from "./programs.ts";
import { OTHERS, REPLICATED, RULE_CASES, type RuleCase } from "./rule-cases.ts";

const FILE = resolve("alerts/outlast.rules.yaml");

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

const WELL_S = 10;
const AFTER_S = 20;

/** Well, then the fault, then well again: one sample a second. */
function played({ healthy, fault, firesWithinS }: RuleCase): { series: string; values: string }[] {
  const value = (of: number | null | undefined, seconds: number) =>
    of === null || of === undefined ? `stale _x${seconds - 1}` : `${of}+0x${seconds - 1}`;
  return Object.keys({ ...healthy, ...fault }).map((series) => {
    const well = healthy[series];
    const ill = series in fault ? fault[series] : well;
    return { series, values: `${value(well, WELL_S)} ${value(ill, firesWithinS)} ${value(well, AFTER_S)}` };
  });
}

const firing = (alert?: string) =>
  `count by (alertname) (ALERTS{alertstate="firing"${alert === undefined ? "" : `,alertname="${alert}"`}})`;
const nothing = (seconds: number, alert?: string) => ({
  expr: firing(alert),
  eval_time: `${seconds}s`,
  exp_samples: [],
});

function group(name: string, alert: string, one: RuleCase): object {
  const over = WELL_S + one.firesWithinS;
  return {
    name,
    interval: "1s",
    input_series: played(one),
    promql_expr_test: [
      nothing(WELL_S - 1),
      {
        expr: firing(alert),
        eval_time: `${over - 1}s`,
        exp_samples: [{ labels: `{alertname="${alert}"}`, value: 1 }],
      },
      nothing(over + AFTER_S - 1),
    ],
  };
}

describe("alert rules", () => {
  let promtool = "";
  let folder = "";
  let rules: Rules["groups"][number]["rules"] = [];
  const checkRules = async (groups: readonly object[]) => {
    const file = join(folder, "cases.yaml");
    await writeFile(file, stringify({ rule_files: [FILE], evaluation_interval: "1s", tests: groups }));
    return await run([promtool, "test", "rules", file], { timeoutMs: 120_000 });
  };
  before(async () => {
    promtool = (await alertPrograms()).promtool;
    folder = await mkdtemp(join(tmpdir(), "outlast-alerts-"));
    rules = (parse(await readFile(FILE, "utf8")) as Rules).groups.flatMap((each) => each.rules);
  });
  after(() => removeTree(folder));

  test("promtool finds no fault in them", async () => {
    const { code, stdout, stderr } = await run([promtool, "check", "rules", FILE]);
    assert.equal(code, 0, stdout + stderr);
  });

  test("each says what is so and what to do, and has a case", () => {
    assert.deepEqual(rules.map(({ alert }) => alert).toSorted(), Object.keys(RULE_CASES).toSorted());
    for (const { annotations } of rules)
      for (const name of ["summary", "next"]) assert.match(annotations[name] ?? "", /\w.{15,}/);
  });

  test("they are made of metrics that there are", () => {
    const named = rules.flatMap(({ expr }) => expr.match(/outlast_[a-z_]+/g) ?? []);
    assert.ok(named.length > 20);
    assert.deepEqual(
      named.filter((name) => !(name in METRICS)),
      [],
    );
  });

  test("docs/status.md tells of each", async () => {
    const text = await readFile("docs/status.md", "utf8");
    const told = [...text.matchAll(/^\| `(Outlast\w+)`/gm)].map((match) => match[1]);
    assert.deepEqual(new Set(told), new Set(Object.keys(RULE_CASES)));
    assert.equal(told.length, new Set(told).size);
  });

  test("each fires at its fault and clears after it, and all are quiet while all is well", async () => {
    const groups = Object.entries(RULE_CASES).flatMap(([alert, cases]) =>
      cases.map((one, index) => group(`${alert} ${index + 1}`, alert, one)),
    );
    const { code, stdout, stderr } = await checkRules(groups);
    assert.equal(code, 0, (stdout + stderr).slice(0, 4_000));
  });

  test("none takes another fault for its own", async () => {
    const groups = OTHERS.map(({ alert, why, fault }) => {
      const one: RuleCase = { healthy: REPLICATED, fault, firesWithinS: 10 };
      return {
        name: why,
        interval: "1s",
        input_series: played(one),
        promql_expr_test: [nothing(WELL_S + 9, alert)],
      };
    });
    const { code, stdout, stderr } = await checkRules(groups);
    assert.equal(code, 0, (stdout + stderr).slice(0, 4_000));
  });
});
