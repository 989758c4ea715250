// The demonstration as a newcomer runs it, against the transcript that the README shows.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sameInEveryRun, storyOf } from "../../scripts/transcript-lines.ts";
import { listEvidence } from "../../src/evidence/load.ts";
import { outlastCommand, run } from "../../src/runtime/process.ts";

const golden = readFileSync("test/golden/demo.txt", "utf8");

test("the README shows the golden transcript", () => {
  assert.ok(readFileSync("README.md", "utf8").includes(`\`\`\`\n${golden}\`\`\``));
});

test("the demonstration tells the story that the README shows, loses nothing and keeps its evidence", async () => {
  const root = mkdtempSync(join(tmpdir(), "outlast-demo-"));
  try {
    const finished = await run(outlastCommand("demo", "--evidence", join(root, "evidence")), {
      timeoutMs: 200_000,
      env: { NO_COLOR: "1" },
    });
    // 5: a machine that was busy with something else; never 1, which would be an objective missed.
    assert.ok(
      finished.code === 0 || finished.code === 5,
      `exit ${finished.code}\n${finished.stderr.slice(-4_000)}`,
    );
    const story = storyOf(finished.stderr + finished.stdout).map(sameInEveryRun);
    assert.deepEqual(story, golden.trimEnd().split("\n").map(sameInEveryRun));
    const found = await listEvidence(join(root, "evidence"));
    assert.equal(found.length, 3);
    for (const one of found) {
      assert.ok(one.kind === "drill");
      assert.equal(one.result.status.phase, "complete");
      assert.equal(one.result.status.lostAcknowledgedWrites, 0);
      assert.ok((one.result.status.acknowledgedWrites ?? 0) > 100);
      assert.deepEqual(
        one.result.status.verdicts.map(({ verdict }) => verdict),
        ["valid", "valid", "valid"],
      );
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
