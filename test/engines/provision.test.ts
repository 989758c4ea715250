// Where an engine comes from, with a release server of our own on loopback and a program that only says its version.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { provisionEtcd } from "../../src/engines/etcd/provision.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { installWhole, STAMP } from "../../src/runtime/install.ts";
import { runOk } from "../../src/runtime/process.ts";

const machine = arch() === "x64" ? "amd64" : arch();
const nowhere = async () => null;

describe("provisioning etcd", () => {
  const version = "3.6.16";
  let root = "";
  let tarball = Buffer.alloc(0);
  let answer: "whole" | "half" | "missing" = "whole";
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    if (answer === "missing") return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": tarball.length });
    if (answer === "whole") return void response.end(tarball);
    response.write(tarball.subarray(0, tarball.length / 2), () => response.destroy());
  });
  const lines: string[] = [];
  const options = (cache: string, sha256 = createHash("sha256").update(tarball).digest("hex")) => ({
    cacheFolder: join(root, cache),
    progress: (line: string) => void lines.push(line),
    find: nowhere,
    release: {
      base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      checksums: { [version]: { [machine]: sha256 } },
    },
  });
  const provide = (cache: string, sha256?: string) =>
    provisionEtcd(version, AbortSignal.timeout(30_000), options(cache, sha256));

  const fakeEtcd = async (folder: string, says: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "etcd"), `#!/bin/sh\necho "etcd Version: ${says}"\n`);
    await chmod(join(folder, "etcd"), 0o755);
  };

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "outlast-provision-"));
    await fakeEtcd(join(root, `etcd-v${version}-linux-${machine}`), version);
    const file = join(root, "release.tar.gz");
    await runOk(["tar", "-czf", file, "-C", root, `etcd-v${version}-linux-${machine}`]);
    tarball = await readFile(file);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await removeTree(root);
  });
  const left = async (cache: string) =>
    (await readdir(join(root, cache, "engines")).catch(() => [])).filter((name) => !name.endsWith(".lock"));

  test("a release with the pinned checksum is unpacked, and found in the cache the second time", async () => {
    answer = "whole";
    const first = await provide("good");
    assert.ok(first.kind === "done", JSON.stringify(first));
    assert.equal(first.value.source, "release");
    const askedOnce = asked;
    const second = await provide("good");
    assert.ok(second.kind === "done" && second.value.source === "cache (release)");
    assert.equal(asked, askedOnce);
    assert.deepEqual(await left("good"), ["etcd-3.6.16"]);
  });

  test("another checksum, half a download and a missing file are refused, and nothing is left", async () => {
    for (const [kind, sha256, words] of [
      ["whole", "0".repeat(64), /SHA-256 is .* is the pinned one/],
      ["half", undefined, /release:/],
      ["missing", undefined, /404/],
    ] as const) {
      answer = kind;
      const outcome = await provide("bad", sha256);
      assert.ok(outcome.kind === "failed", kind);
      assert.equal(outcome.failure.code, "ENGINE_NOT_AVAILABLE");
      assert.match(outcome.failure.what, words);
      assert.deepEqual(await left("bad"), [], kind);
    }
  });

  test("without a pinned checksum nothing is downloaded, and that is said", async () => {
    const before = asked;
    const outcome = await provisionEtcd("3.6.15", AbortSignal.timeout(5_000), options("unpinned"));
    assert.ok(outcome.kind === "failed");
    assert.match(outcome.failure.what, /no checksum is pinned for 3\.6\.15/);
    assert.ok(lines.some((line) => line.includes("release skipped: no checksum is pinned for 3.6.15")));
    assert.equal(asked, before);
  });

  test("an etcd on PATH serves only when it is exactly the version", async () => {
    await fakeEtcd(join(root, "path"), "3.5.35");
    const find = async (name: string) => (name === "etcd" ? join(root, "path/etcd") : null);
    const any = await provisionEtcd("3.5.35", AbortSignal.timeout(5_000), { ...options("p"), find });
    assert.ok(any.kind === "done" && any.value.source === "PATH");
    const other = await provisionEtcd("3.5.34", AbortSignal.timeout(5_000), { ...options("p"), find });
    assert.equal(other.kind, "failed");
  });

  test("a program that says another version than its archive is refused", async () => {
    answer = "whole";
    const checksums = { "3.6.17": { [machine]: createHash("sha256").update(tarball).digest("hex") } };
    const release = { ...options("wrong").release, checksums };
    const outcome = await provisionEtcd("3.6.17", AbortSignal.timeout(5_000), {
      ...options("wrong"),
      release,
    });
    assert.equal(outcome.kind, "failed");
    assert.deepEqual(await left("wrong"), []);
  });

  test("what is no version at all is a clear error", async () => {
    const outcome = await provisionEtcd("newest", AbortSignal.timeout(5_000), options("none"));
    assert.ok(outcome.kind === "failed" && outcome.failure.code === "ENGINE_VERSION_UNKNOWN");
  });

  test("two set-ups at once build once, and an earlier crash's leftovers are removed", async () => {
    const folder = join(root, "shared", "thing");
    await mkdir(join(root, "shared", ".thing.new-crashed"), { recursive: true });
    let builds = 0;
    const install = () =>
      installWhole({
        folder,
        signal: AbortSignal.timeout(20_000),
        progress: () => undefined,
        build: async (work) => {
          builds += 1;
          await runOk(["sleep", "0.2"]); // long enough that the other one has to wait
          await writeFile(join(work, STAMP), "whole");
          return { kind: "done", value: undefined };
        },
      });
    const both = await Promise.all([install(), install()]);
    assert.deepEqual(both, [
      { kind: "done", value: "whole" },
      { kind: "done", value: "whole" },
    ]);
    assert.equal(builds, 1);
    assert.deepEqual((await readdir(join(root, "shared"))).sort(), [".thing.lock", "thing"]);
  });

  test("a full disk is called by its name, and nothing is left", async () => {
    const folder = join(root, "full", "thing");
    const outcome = await installWhole({
      folder,
      signal: AbortSignal.timeout(5_000),
      progress: () => undefined,
      build: async () => {
        await writeFile("/dev/full", "x");
        return { kind: "done", value: undefined };
      },
    });
    assert.ok(outcome.kind === "failed" && outcome.failure.code === "DISK_FULL", JSON.stringify(outcome));
    assert.deepEqual(await readdir(join(root, "full")), [".thing.lock"]);
  });
});
