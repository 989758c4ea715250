// `drill list | show | report` as a user runs them.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import type { DrillResultList } from "../../src/domain/drill.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { type Finished, run } from "../../src/runtime/process.ts";
import { sampleDrill } from "./sample-drill.ts";
import { writeSample } from "./sample-evidence.ts";

const MODULE = new URL("../../src/cli/commands/drill-evidence.ts", import.meta.url).href;
const COMMANDER = import.meta.resolve("commander");

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "outlast-commands-"));
  for (const number of [1, 2])
    await writeSample(
      root,
      sampleDrill({
        seed: number,
        id: `drill-${number}`,
        lost: number - 1,
        ratePerSecond: 10,
        series: { id: "series", run: number, of: 2 },
      }),
    );
  await mkdir(join(root, "broken"));
  await writeFile(join(root, "broken", "result.json"), "{");
});
after(() => removeTree(root));

const drill = (...args: readonly string[]): Promise<Finished> =>
  run([
    process.execPath,
    "--input-type=module",
    "-e",
    `import { Command } from ${JSON.stringify(COMMANDER)};
     import { evidenceCommands } from ${JSON.stringify(MODULE)};
     const drill = new Command("drill");
     for (const sub of evidenceCommands()) drill.addCommand(sub);
     await drill.parseAsync(${JSON.stringify([...args, "--evidence", root])}, { from: "user" })
       .catch((error) => { console.error(error.failure?.code, error.failure?.next); process.exitCode = error.exitCode ?? 3; });`,
  ]);

test("the list shows every drill and names what can't be read on stderr", async () => {
  const { stdout, stderr, code } = await drill("list");
  assert.equal(code, 0);
  assert.match(stdout, /drill-1 .*lose-site.* met\n/);
  assert.match(stdout, /drill-2 .*journal: violated.* missed\n/);
  assert.match(stderr, /evidence broken can't be read: result\.json is not JSON/);
});

test("JSON and YAML say the same, and JUnit has a suite for each drill", async () => {
  const json = JSON.parse((await drill("list", "-o", "json")).stdout) as DrillResultList;
  assert.equal(json.kind, "DrillResultList");
  assert.deepEqual(
    [json.summary.runs, json.summary.lostAcknowledgedWrites, json.summary.objectiveMet],
    [2, 1, false],
  );
  assert.deepEqual(parse((await drill("list", "-o", "yaml")).stdout), json);
  assert.equal((await drill("list", "-o", "junit")).stdout.match(/<testsuite /g)?.length, 2);
});

test("a drill is shown in full, a series as its runs", async () => {
  assert.match(
    (await drill("show", "drill-1")).stdout,
    /^Paris lost\. Clients failed for .*Linearizable\.\n/,
  );
  assert.match((await drill("show", "series")).stdout, /2, all counted: 1 met, 1 missed/);
});

test("a report is written again, with all runs of its series", async () => {
  const { stdout, code } = await drill("report", "drill-2");
  assert.equal(code, 0);
  assert.ok((await stat(stdout.trim())).size > 20_000);
});

test("an unknown drill is wrong usage, with the next step", async () => {
  const { stderr, code } = await drill("show", "nothing");
  assert.deepEqual([code, stderr.trim()], [2, "EVIDENCE_NOT_FOUND see what is there: outlast drill list"]);
});
