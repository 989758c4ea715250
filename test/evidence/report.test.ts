// The page as text: whole, small, and nothing of a drill can become markup or script.
import assert from "node:assert/strict";
import { mkdtemp, readFile, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildReport, rewriteReports } from "../../src/evidence/build-report.ts";
import { createEvidence } from "../../src/evidence/folder.ts";
import { loadEvidence } from "../../src/evidence/load.ts";
import { safeJson } from "../../src/evidence/report/html.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { sampleDrill } from "./sample-drill.ts";
import { writeSample } from "./sample-evidence.ts";

const SIZE_MAX = 1_500_000;

async function inRoot(body: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "outlast-report-"));
  try {
    await body(root);
  } finally {
    await removeTree(root);
  }
}

test("the page of a drill from its folder holds its facts and stays small", () =>
  inRoot(async (root) => {
    const folder = await writeSample(root, sampleDrill());
    const page = await readFile(join(folder, "report.html"), "utf8");
    assert.ok(page.length < SIZE_MAX, `${page.length}`);
    for (const fact of [
      "Paris lost",
      "Objective met",
      "0 of 9 750 acknowledged writes lost",
      "Linearizable",
      "eu-central, dns: 79 of 3500 scheduled operations failed",
      "3.6.16",
      "212 connections to paris reset",
    ])
      assert.ok(page.includes(fact), fact);
    assert.doesNotMatch(page, /(src|href)="https?:/);
    const loaded = await loadEvidence(root, sampleDrill().result.metadata.id);
    const again = await buildReport(loaded, [loaded.result]);
    assert.ok(again === page, "packing the history changes nothing");
  }));

test("words from logs, plans and judges stay words", () =>
  inRoot(async (root) => {
    const nasty = `</script><script>alert(1)</script><img src=x onerror="alert(2)">'"&`;
    const sample = sampleDrill({ lost: 2 });
    const { result } = sample;
    const [first] = sample.events;
    assert.ok(first !== undefined);
    const region = `eu-west"><svg onload=alert(3)>`;
    const status = {
      ...result.status,
      reasons: [nasty],
      marks: result.status.marks.map((mark) => ({ ...mark, name: nasty, site: nasty })),
      verdicts: result.status.verdicts.map((verdict) => ({ ...verdict, reason: nasty, model: nasty })),
      recoveryTimeMs: {
        worst: 5,
        worstAt: { region, profile: nasty },
        byRegion: { [region]: { [nasty]: 5 } },
      },
    };
    const folder = await writeSample(root, {
      ...sample,
      planText: nasty,
      operations: sample.operations.map((operation) => ({ ...operation, region, error: nasty })),
      result: {
        ...result,
        spec: { ...result.spec, scenario: nasty, site: nasty },
        status: { ...status, events: [{ ...first, place: nasty, component: nasty }] },
      },
    });
    const page = await readFile(join(folder, "report.html"), "utf8");
    assert.equal(page.match(/<script/g)?.length, 3, "the two data blocks and the page's own script");
    assert.equal(page.match(/<\/script/g)?.length, 3);
    assert.doesNotMatch(page, /<img|<svg onload/);
  }));

test("JSON in a page can't end its element", () => {
  const text = safeJson({ a: "</script><!--\u2028" });
  assert.doesNotMatch(text, /<|\u2028/);
  assert.deepEqual(JSON.parse(text), { a: "</script><!--\u2028" });
});

test("a history that is cut off costs the charts, not the report", () =>
  inRoot(async (root) => {
    const folder = await writeSample(root, sampleDrill({ ratePerSecond: 10 }));
    await truncate(join(folder, "history.jsonl.gz"), 2_000);
    await writeFile(join(folder, "events.jsonl"), "no event\n");
    const loaded = await loadEvidence(root, sampleDrill().result.metadata.id);
    const page = await buildReport(loaded, [loaded.result]);
    assert.match(page, /no charts: /);
    assert.match(page, /1 log lines could not be read/);
    assert.match(page, /Paris lost/);
  }));

test("an aborted drill has a page too, and the pages of a series show all of its runs", () =>
  inRoot(async (root) => {
    const series = (run: number) => ({ id: "series", run, of: 2 });
    const { result, planText } = sampleDrill({ id: "first", series: series(1) });
    const { planName, start } = result.metadata;
    const evidence = await createEvidence(root, {
      id: "first",
      planName,
      planText,
      start,
      spec: result.spec,
      series: series(1),
    });
    await evidence.abort(["interrupted"]);
    await writeSample(root, sampleDrill({ id: "second", series: series(2), ratePerSecond: 10 }));
    await rewriteReports(root, ["first", "second"]);
    const first = await readFile(join(root, "first", "report.html"), "utf8");
    assert.match(first, /<h1>Drill lose-site aborted<\/h1>/);
    assert.doesNotMatch(first, /Paris lost|Lost acknowledged/, "it never claims what may not have happened");
    assert.match(first, /href="\.\.\/second\/report\.html"/);
    assert.match(await readFile(join(root, "second", "report.html"), "utf8"), /2 runs were started/);
  }));
