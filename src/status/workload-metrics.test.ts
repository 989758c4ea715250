import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { METRICS } from "../api/metric-table.ts";
import { metricsText } from "../api/metrics-text.ts";
import { planOf, silent, site, SITES } from "./answers-example.ts";
import { joinAnswers } from "./join-answers.ts";
import { lagBoundMs, workloadSamples } from "./workload-metrics.ts";

const WALL = "2026-11-22T10:00:00.000Z";
const samples = (answers: Parameters<typeof joinAnswers>[1]) =>
  workloadSamples(planOf(), joinAnswers(planOf(), answers, { wall: WALL, lastDrill: 'drill "x"' }));

test("every metric of the workload is told, each once", () => {
  const told = new Set(samples(SITES.map((name) => site(name))).map(({ name }) => name));
  const listed = Object.entries(METRICS).flatMap(([name, { by }]) => (by === "workload" ? [name] : []));
  assert.deepEqual([...told, "outlast_step_running"].toSorted(), listed.toSorted());
});

test("what nobody knows is left out, and what is unknown is told as that", () => {
  const text = metricsText(samples(SITES.map(silent)));
  assert.doesNotMatch(text, /outlast_lag_seconds/);
  assert.match(text, /outlast_condition\{type="Available",status="Unknown"\} 1/);
  assert.match(text, /outlast_as_promised\{answer="unknown"\} 1/);
  assert.match(text, /outlast_last_proof\{proof="drill \\"x\\""\} 1/);
});

test("the bound of a lag is the plan's recovery point where commits do not wait", () => {
  const objectives = [{ survive: "site" as const, recoveryTimeMs: 1, recoveryPointMs: 5_000 }];
  assert.equal(lagBoundMs(planOf({ objectives }, { acknowledgements: 0 })), 5_000);
  assert.equal(lagBoundMs(planOf()), 10_000);
});

test("docs/status.md lists exactly the metrics that there are", () => {
  const named = [...readFileSync("docs/status.md", "utf8").matchAll(/^\| `(outlast_[a-z_]+)`/gm)].map(
    (match) => match[1] ?? "",
  );
  assert.deepEqual(named.toSorted(), Object.keys(METRICS).toSorted());
});
