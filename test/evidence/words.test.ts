// What a drill says in a sentence, in tables and to CI systems.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DrillResult, DrillStatus } from "../../src/domain/drill.ts";
import { blankStatus } from "../../src/evidence/blank-status.ts";
import { drillText, runsSummary, runsTable } from "../../src/evidence/drill-table.ts";
import { headline } from "../../src/evidence/headline.ts";
import { junitXml, xmlText } from "../../src/evidence/junit.ts";
import { count, duration, shortDuration } from "../../src/evidence/quantity.ts";
import { parseResult } from "../../src/evidence/result-schema.ts";
import { drillResultList } from "../../src/evidence/summary.ts";
import { sampleDrill } from "./sample-drill.ts";

const withStatus = (change: Partial<DrillStatus>): DrillResult => {
  const { result } = sampleDrill();
  return { ...result, status: { ...result.status, ...change } };
};
const recovered = (worst: number | null, failedMs: number | null = worst) => ({
  recoveryTimeMs: { worst, worstAt: null, byRegion: {} },
  failedMs,
});

test("a drill in one sentence", () => {
  const result = withStatus({ ...recovered(912), acknowledgedWrites: 4_812 });
  assert.equal(
    headline(result),
    "Paris lost. Clients failed for 0.9 s. 0 of 4 812 acknowledged writes lost. Linearizable.",
  );
});

test("a second outage is in the sentence", () => {
  assert.match(
    headline(withStatus(recovered(912, 3_100))),
    /failed for 0\.9 s \(3\.1 s in the whole drill\)\./,
  );
  assert.match(headline(withStatus(recovered(0, 3_100))), /failed for 3\.1 s later on\./);
  assert.match(headline(withStatus(recovered(0))), /No client failed\./);
});

test("what is not known is called unknown, never 0 and never good", () => {
  const unknown = {
    lostAcknowledgedWrites: null,
    conclusive: false,
    reasons: ["read-back of london failed"],
  };
  const text = headline(withStatus({ ...recovered(null), ...unknown, outages: [], verdicts: [] }));
  assert.equal(
    text,
    "Paris lost. Recovery time unknown. Lost acknowledged writes unknown: the read-back was not complete. No verdict on consistency. Inconclusive: read-back of london failed.",
  );
  assert.match(
    headline(
      withStatus({ ...recovered(null), outages: [{ region: "r", profile: "p", fromAtMs: 1, toAtMs: null }] }),
    ),
    /Clients did not recover while watched\./,
  );
  assert.match(
    headline({ ...sampleDrill().result, status: blankStatus("aborted", ["interrupted"]) }),
    /aborted: interrupted/,
  );
});

test("an invalid verdict is named with its witness in words", () => {
  const { result } = sampleDrill({ lost: 3 });
  assert.match(headline(result), /3 of .* lost\. Linearizable\. Journal: violated\./);
  assert.match(drillText(result), /Client \d+ \(eu-west, dns\) appended \d+ to k\d+: acknowledged/);
});

test("a table of runs counts all of them", () => {
  const bad = { ...sampleDrill().result, status: blankStatus("aborted", ["killed"]) };
  const list = drillResultList([sampleDrill({ seed: 1 }).result, sampleDrill({ seed: 2 }).result, bad]);
  assert.equal(runsTable(list).trimEnd().split("\n").length, 4);
  assert.match(runsSummary(list), /3, all counted: 2 met, 1 aborted/);
  assert.match(runsSummary(list), /worst unknown/);
  assert.match(runsSummary(list), /Lost +unknown acknowledged/);
});

test("numbers keep their size and unit", () => {
  assert.deepEqual([0, 45.2, 99.6, 912, 59_960, 125_000].map(shortDuration), [
    "0 ms",
    "45 ms",
    "0.1 s",
    "0.9 s",
    "1 min 0 s",
    "2 min 5 s",
  ]);
  assert.deepEqual([0, 0.42, 4.24, 912.4, 999.7, 1_240, 12_400, 125_000, -3].map(duration), [
    "0 ms",
    "0.42 ms",
    "4.2 ms",
    "912 ms",
    "1.00 s",
    "1.24 s",
    "12.4 s",
    "125 s",
    "-3.0 ms",
  ]);
  assert.deepEqual([0, 999, 4_812, 1_234_567].map(count), ["0", "999", "4 812", "1 234 567"]);
});

test("JUnit: inconclusive is an error, a miss a failure, and nothing breaks out of the XML", () => {
  const nasty = `<a & "b">\u0000\uD800]]>\n`;
  const { result } = sampleDrill({ lost: 2 });
  const xml = junitXml(
    drillResultList([
      { ...result, status: { ...result.status, reasons: [nasty] } },
      sampleDrill({ conclusive: false }).result,
    ]),
  );
  assert.equal(xmlText(nasty), "&lt;a &amp; &quot;b&quot;&gt;\uFFFD\uFFFD]]&gt;&#10;");
  assert.match(xml, /tests="5" failures="2" errors="0"/);
  assert.match(xml, /tests="5" failures="0" errors="3"/);
  assert.equal(xml.match(/<testcase /g)?.length, 10);
});

test("a result survives its way through the file", () => {
  const { result } = sampleDrill({ lost: 2 });
  const parsed = parseResult(JSON.stringify(result));
  assert.ok(parsed.kind === "result");
  assert.deepEqual(parsed.result, JSON.parse(JSON.stringify(result)));
});
