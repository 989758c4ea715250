import assert from "node:assert/strict";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { preflight } from "../../src/linux/preflight.ts";
import { provideTools } from "../../src/linux/tools.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { cacheFolder } from "../../src/cli/folders.ts";

const soon = () => AbortSignal.timeout(120_000);
const quiet = () => undefined;

test("tools on PATH are used as they are, and nothing is written", async () => {
  const cache = join(tmpdir(), "outlast-tools-never-made");
  const outcome = await provideTools(
    ["ip", "nft"],
    cache,
    soon(),
    quiet,
    async (name) => `/somewhere/${name}`,
  );
  assert.deepEqual(outcome, {
    kind: "done",
    value: {
      paths: { ip: "/somewhere/ip", nft: "/somewhere/nft" },
      sources: { ip: "PATH", nft: "PATH" },
    },
  });
  await assert.rejects(readdir(cache));
});

test("without a package source every missing tool is named at once, with ways out", async () => {
  const cache = await mkdtemp(join(tmpdir(), "outlast-tools-"));
  try {
    const outcome = await provideTools(["ip", "nft", "conntrack"], cache, soon(), quiet, async () => null);
    assert.ok(outcome.kind === "failed" && outcome.failure.code === "TOOLS_MISSING");
    assert.match(outcome.failure.what, /ip, nft, conntrack are missing/);
    assert.match(
      outcome.failure.next,
      /apt-get install conntrack iproute2 nftables.*dnf install conntrack-tools/,
    );
    const left = (await readdir(join(cache, "tools"))).filter((name) => !name.endsWith(".lock"));
    assert.deepEqual(left, []);
  } finally {
    await removeTree(cache);
  }
});

test("the preflight of a machine that runs these tests finds nothing missing", async () => {
  const { works, missing } = await preflight(cacheFolder(), soon());
  assert.deepEqual(missing, []);
  assert.ok(works.includes("a vxlan device"));
});

test("a cache that can't be written is told, together with everything else", async () => {
  const { works, missing } = await preflight("/dev/null/outlast", soon());
  assert.equal(missing.length, 1);
  assert.match(missing[0]?.next ?? "", /OUTLAST_CACHE/);
  assert.ok(works.includes("a veth pair"));
});
