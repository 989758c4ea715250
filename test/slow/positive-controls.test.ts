// A drill that can't fail proves nothing: each promise is broken on purpose, and the drill must say so for the right reason.
// The same drill without the break says that nothing was lost.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { DrillResult, DrillResultList } from "../../src/domain/drill.ts";
import { whyNoLoopDevices } from "../../src/linux/loop-devices.ts";
import { outlastCommand, run } from "../../src/runtime/process.ts";

const why = await whyNoLoopDevices();
const skip = why === null ? false : `DISKS_NEED_ROOT ${why.failure.what}`;
let evidence: string;
before(() => {
  evidence = mkdtempSync(join(tmpdir(), "outlast-controls-"));
});
after(() => rmSync(evidence, { recursive: true, force: true }));

async function drill(
  scenario: string,
  ...options: string[]
): Promise<{ code: number | null; status: DrillResult["status"] }> {
  const load = "-f examples/etcd.yaml --rate 20 --before 2 --hold 3 --after 2 -o json".split(" ");
  const argv = outlastCommand("drill", "run", scenario, ...load, "--evidence", evidence, ...options);
  const { code, stdout, stderr } = await run(argv, { timeoutMs: 180_000 });
  assert.notEqual(stdout, "", stderr.slice(-2_000));
  const { items } = JSON.parse(stdout) as DrillResultList;
  const [result] = items;
  assert.ok(result !== undefined);
  assert.equal(result.status.phase, "complete");
  assert.deepEqual(
    result.spec.controls ?? [],
    options
      .filter((option) => option.startsWith("--unsafe-"))
      .map((option) => option.slice("--unsafe-".length)),
  );
  return { code, status: result.status };
}

const verdictOf = (status: DrillResult["status"], model: string) => {
  const verdict = status.verdicts.find((one) => one.model === model);
  assert.ok(verdict !== undefined, `no verdict of ${model}`);
  return verdict;
};

test("all sites lose power at once: an engine that does not wait for its disks loses acknowledged writes", {
  skip,
}, async () => {
  const { code, status } = await drill("power-loss-all", "--unsafe-no-fsync");
  assert.equal(code, 1, status.reasons.join("; "));
  assert.equal(status.objectiveMet, false);
  assert.ok((status.lostAcknowledgedWrites ?? 0) > 0, "nothing was lost");
  const journal = verdictOf(status, "journal");
  assert.equal(journal.verdict, "invalid");
  assert.ok(journal.witness.length > 0);
});

test("the same loss of power: the engine as it is loses nothing", { skip }, async () => {
  const { code, status } = await drill("power-loss-all");
  assert.equal(status.lostAcknowledgedWrites, 0);
  assert.ok((status.acknowledgedWrites ?? 0) > 50);
  assert.equal(status.recoveryPointMs, 0);
  for (const { model, verdict, reason } of status.verdicts)
    assert.equal(verdict, "valid", `${model}: ${reason}`);
  assert.ok(code === 0 || code === 5, `exit code ${code}: ${status.reasons.join("; ")}`);
});

test("an acknowledged write that vanishes from the store is found missing, and it alone", async () => {
  const { code, status } = await drill("kill-member", "--unsafe-delete-acknowledged");
  assert.equal(code, 1, status.reasons.join("; "));
  assert.equal(status.lostAcknowledgedWrites, 1);
  assert.equal(verdictOf(status, "journal").verdict, "invalid");
  assert.equal(verdictOf(status, "linearizable-register").verdict, "valid");
  assert.ok(
    status.marks.some(({ mark, name }) => mark === "event" && name.startsWith("positive control: deleted ")),
  );
});

test("front-ends that read without the quorum are caught with a witness when their site is cut off", async () => {
  const { code, status } = await drill("isolate-site", "--profiles", "pinned", "--unsafe-stale-reads");
  assert.equal(code, 1, status.reasons.join("; "));
  assert.equal(status.objectiveMet, false);
  const register = verdictOf(status, "linearizable-register");
  assert.equal(register.verdict, "invalid", register.reason);
  const [read] = register.witness.filter(({ op }) => op === "read");
  assert.ok(read !== undefined, "a witness without the read that was stale");
  assert.equal(status.lostAcknowledgedWrites, 0); // reading what is old loses nothing
});
