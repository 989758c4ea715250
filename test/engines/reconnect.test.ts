// A silent cut between a client and its member: what calls come to meanwhile, and how soon they work after it is healed.
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cacheFolder } from "../../src/cli/folders.ts";
import { etcdEngine } from "../../src/engines/etcd/engine.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { runOk } from "../../src/runtime/process.ts";

interface Healed {
  readonly cutMs: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly codes: readonly string[];
  readonly tookMs: number;
  /** The worst lateness of a timer in that time. */
  readonly lateMs: number;
  readonly open: number;
}

test("after a silent cut the first write is acknowledged within tens of ms, whatever TCP's own timers say", async () => {
  const engine = etcdEngine({
    cacheFolder: cacheFolder(),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const installed = await engine.provision(null, AbortSignal.timeout(280_000));
  assert.ok(installed.kind === "done", JSON.stringify(installed));
  const folder = await mkdtemp(join(tmpdir(), "outlast-reconnect-"));
  try {
    const rig = join(import.meta.dirname, "reconnect-rig.ts");
    const argv = [
      "unshare",
      "--user",
      "--map-root-user",
      "--net",
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
    ].concat(
      ["--mount-proc", "--", process.execPath, rig, installed.value.programs["etcd"] ?? "", folder],
      ["700", "1500", "3000"],
    );
    const { stdout } = await runOk(argv, { timeoutMs: 60_000 });
    const healed = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Healed);
    assert.equal(healed.length, 3);
    for (const { cutMs, codes, kinds, open } of healed) {
      const seen = `cut ${cutMs} ms: ${codes.join(", ")}`;
      assert.ok(
        (kinds["unknown"] ?? 0) > 0,
        `what was sent before the silence was noticed is unknown: ${seen}`,
      );
      assert.ok(
        (kinds["failed"] ?? 0) > 0,
        `what could not be handed to a connection certainly did not happen: ${seen}`,
      );
      assert.equal(kinds["done"], undefined);
      assert.ok(open <= 2, `${open} connections`);
    }
    const over = healed.map(({ tookMs, lateMs }) => tookMs - lateMs).toSorted((a, b) => a - b);
    const words = healed.map(({ tookMs, lateMs }) => `${Math.round(tookMs)} (late ${Math.round(lateMs)})`);
    assert.ok((over[1] ?? Infinity) < 150, `after heal: ${words.join(", ")} ms`);
  } finally {
    await removeTree(folder);
  }
});
