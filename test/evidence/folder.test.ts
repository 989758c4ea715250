// Evidence folders on a real file system, with writers that die.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { DrillSpec } from "../../src/domain/drill.ts";
import { OutlastError } from "../../src/domain/outcome.ts";
import { blankStatus } from "../../src/evidence/blank-status.ts";
import { predictionDigest } from "../../src/evidence/digest.ts";
import { createEvidence, type NewEvidence } from "../../src/evidence/folder.ts";
import { listEvidence, loadEvidence } from "../../src/evidence/load.ts";
import { prepareEvidenceRoot } from "../../src/evidence/prepare-root.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { run } from "../../src/runtime/process.ts";

const SPEC: DrillSpec = {
  scenario: "lose-site",
  site: "paris",
  load: { ratePerSecond: 100, deadlineMs: 200, profiles: ["kernel"] },
  seed: 7,
};
const drill = (id: string, start = "2026-11-22T10:00:00Z"): NewEvidence => ({
  id,
  planName: "ledger",
  planText: "kind: RecoveryPlan\n",
  start,
  spec: SPEC,
  series: null,
});

async function inRoot(body: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "outlast-evidence-"));
  try {
    await body(root);
  } finally {
    await removeTree(root);
  }
}

test("a drill is running, then complete, and its files are all there", () =>
  inRoot(async (root) => {
    const evidence = await createEvidence(root, drill("one"));
    assert.equal((await loadEvidence(root, "one")).result.status.phase, "running");
    const prediction = await evidence.writePrediction(
      { recoveryTimeMs: 900, terms: [{ name: "election", ms: 900, because: "timeout" }] },
      "2026-11-22T10:00:01Z",
    );
    assert.equal(prediction.digest, predictionDigest(prediction));
    await assert.rejects(evidence.writePrediction({ recoveryTimeMs: 1, terms: [] }, "later"));
    await writeFile(evidence.historyPath, '{"history":"outlast/v1"}\n');
    const event = { at: "5000000", wall: "", component: "agent", place: "paris", event: "stopping" };
    await writeFile(join(evidence.logsFolder, "paris-agent.jsonl"), `${JSON.stringify(event)}\nhalf a li`);
    const timeline = await evidence.mergeEvents(1_000_000n);
    assert.deepEqual([timeline.events[0]?.atMs, timeline.brokenLines], [4, 1]);
    const { metadata } = evidence;
    const status = { ...blankStatus("complete", []), predicted: prediction, conclusive: true };
    await evidence.complete(
      { apiVersion: "outlast.dev/v1alpha1", kind: "DrillResult", metadata, spec: SPEC, status },
      "<p>",
    );
    const names = (await readdir(evidence.folder)).sort();
    assert.deepEqual(names, [
      "events.jsonl",
      "history.jsonl.gz",
      "logs",
      "plan.yaml",
      "prediction.json",
      "report.html",
      "result.json",
      "seed",
    ]);
    const loaded = await loadEvidence(root, "one");
    assert.equal(loaded.result.status.phase, "complete");
    assert.equal(loaded.events.length, 1);
    assert.match(gunzipSync(await readFile(loaded.historyPath ?? "")).toString(), /outlast\/v1/);
  }));

test("a drill whose writer was killed is aborted, and says so", () =>
  inRoot(async (root) => {
    const module = new URL("../../src/evidence/folder.ts", import.meta.url).href;
    const script = `const { createEvidence } = await import(${JSON.stringify(module)});
      await createEvidence(${JSON.stringify(root)}, ${JSON.stringify(drill("dead"))});
      process.kill(process.pid, "SIGKILL");`;
    const finished = await run([process.execPath, "--input-type=module", "-e", script]);
    assert.equal(finished.signal, "SIGKILL");
    assert.match(await readFile(join(root, "dead", "result.json"), "utf8"), /"running"/);
    const { result } = await loadEvidence(root, "dead");
    assert.equal(result.status.phase, "aborted");
    assert.match(result.status.reasons.join(), /ended before the drill did/);
  }));

test("an aborted drill keeps what was known, with its reasons", () =>
  inRoot(async (root) => {
    const evidence = await createEvidence(root, drill("stopped"));
    await evidence.writePrediction({ recoveryTimeMs: 5, terms: [] }, "2026-11-22T10:00:01Z");
    await evidence.abort(["interrupted"]);
    const { status } = (await loadEvidence(root, "stopped")).result;
    assert.deepEqual(
      [status.phase, status.reasons, status.predicted?.recoveryTimeMs],
      ["aborted", ["interrupted"], 5],
    );
  }));

test("folders that can't be read are listed as such beside the others", () =>
  inRoot(async (root) => {
    await (await createEvidence(root, drill("old", "2026-11-20T10:00:00Z"))).abort(["x"]);
    await (await createEvidence(root, drill("new"))).abort(["x"]);
    for (const [name, text] of [
      ["half", '{"apiVersion":"outlast.dev/v1alpha1","kind":"Dri'],
      ["other", '{"apiVersion":"outlast.dev/v1alpha1","kind":"DrillResult","metadata":{}}'],
      ["binary", "\u0000\u0001"],
    ] as const) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, "result.json"), text);
    }
    await mkdir(join(root, "empty"));
    await mkdir(join(root, "folder", "result.json"), { recursive: true });
    await writeFile(join(root, "stray-file"), "");
    const found = await listEvidence(root);
    assert.deepEqual(
      found.map(({ id, kind }) => `${id} ${kind}`),
      [
        "new drill",
        "old drill",
        "binary unreadable",
        "empty unreadable",
        "folder unreadable",
        "half unreadable",
        "other unreadable",
      ],
    );
    await assert.rejects(loadEvidence(root, "half"), (error) => {
      assert.ok(error instanceof OutlastError);
      assert.equal(error.failure.code, "EVIDENCE_UNREADABLE");
      return true;
    });
  }));

test("an unknown drill, also one outside of the root, is not found", () =>
  inRoot(async (root) => {
    for (const id of ["nothing", "../etc", ".", ""])
      await assert.rejects(loadEvidence(root, id), (error) => {
        assert.ok(error instanceof OutlastError);
        assert.deepEqual([error.failure.code, error.exitCode], ["EVIDENCE_NOT_FOUND", 2]);
        return true;
      });
    assert.deepEqual(await listEvidence(join(root, "nowhere")), []);
  }));

test("an id that is taken is refused and its evidence untouched", () =>
  inRoot(async (root) => {
    await (await createEvidence(root, drill("one"))).abort(["first"]);
    await assert.rejects(createEvidence(root, drill("one")), /EVIDENCE_EXISTS/);
    assert.deepEqual((await loadEvidence(root, "one")).result.status.reasons, ["first"]);
  }));

test("a place that can't hold evidence is refused before anything is started", () =>
  inRoot(async (root) => {
    await prepareEvidenceRoot(join(root, "not", "yet"));
    assert.deepEqual(await readdir(join(root, "not", "yet")), []);
    await writeFile(join(root, "file"), "");
    for (const path of [join(root, "file", "below"), "/proc/nowhere/at/all"])
      await assert.rejects(prepareEvidenceRoot(path), /EVIDENCE_NOT_WRITABLE/);
  }));
