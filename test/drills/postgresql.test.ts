// One drill on a PostgreSQL plan, with everything: lab, agents, ledger, balancers, clients, read-back, judges, evidence. It
// runs in a user namespace, as an ordinary user's does.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DrillResultList } from "../../src/domain/drill.ts";
import { outlastCommand, run } from "../../src/runtime/process.ts";

test("a standby's site is lost: the primary goes on, nothing is lost, and redundancy comes back", async () => {
  const evidence = mkdtempSync(join(tmpdir(), "outlast-postgresql-drill-"));
  try {
    const load = "--site london --rate 15 --before 1 --hold 3 --after 2 --seed 7 -o json".split(" ");
    const plan = ["-f", "examples/postgresql-synchronous.yaml", "--evidence", evidence];
    const argv = outlastCommand("drill", "run", "lose-site", ...plan, ...load);
    const { code, stdout, stderr } = await run(argv, { timeoutMs: 240_000 });
    assert.notEqual(stdout, "", stderr.slice(-2_000));
    const [result] = (JSON.parse(stdout) as DrillResultList).items;
    assert.ok(result !== undefined);
    const { status } = result;
    assert.equal(status.phase, "complete");
    // 5: the machine was busy with something else; never 1, which would be an objective missed.
    assert.ok(code === 0 || code === 5, `exit ${code}: ${status.reasons.join("; ")}`);
    assert.ok((status.acknowledgedWrites ?? 0) > 50, `${status.acknowledgedWrites} acknowledged`);
    assert.equal(status.lostAcknowledgedWrites, 0);
    for (const { model, verdict, reason } of status.verdicts)
      assert.equal(verdict, "valid", `${model}: ${reason}`);
    assert.ok((status.timeToFullRedundancyMs ?? 0) > 3_000, "it was lost for that long");
    const behind = status.events.flatMap((event) =>
      event.event === "replicas-changed" ? [event.behind] : [],
    );
    assert.ok(behind.some((names) => names.includes("london")));
    assert.deepEqual(behind.at(-1), []);
    const faultAtMs = status.marks.find(({ mark }) => mark === "fault")?.atMs ?? Number.NaN;
    const routes = status.events.filter(({ event, atMs }) => event === "route-changed" && atMs >= faultAtMs);
    assert.deepEqual(routes, [], "the primary's clients stay where they are");
  } finally {
    rmSync(evidence, { recursive: true, force: true });
  }
});
