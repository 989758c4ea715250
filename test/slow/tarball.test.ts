// Done means done from the packed tarball, by an ordinary user, without Node 24 on PATH.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { cacheFolder } from "../../src/cli/folders.ts";
import { type Finished, run, runOk } from "../../src/runtime/process.ts";

const ORDINARY_ID = "23456";
const isRoot = process.getuid?.() === 0;
let home: string;
let prefix: string;

/** The system's own Node (20 or newer), never the one of this clone. */
const systemPath = (process.env.PATH ?? "")
  .split(":")
  .filter((folder) => !folder.includes("node_modules"))
  .join(":");

function asUser(argv: readonly string[], timeoutMs = 300_000): Promise<Finished> {
  const drop = isRoot
    ? ["setpriv", `--reuid=${ORDINARY_ID}`, `--regid=${ORDINARY_ID}`, "--clear-groups", "--"]
    : [];
  const env = {
    HOME: home,
    PATH: systemPath,
    OUTLAST_CACHE: join(home, "cache"),
    OUTLAST_EVIDENCE: join(home, "evidence"),
    // npm hands its own configuration on to what it runs; the user has another home.
    npm_config_cache: join(home, ".npm"),
    npm_config_userconfig: join(home, ".npmrc"),
  };
  return run([...drop, ...argv], { cwd: home, env, timeoutMs });
}

before(async () => {
  home = mkdtempSync(join(tmpdir(), "outlast-tarball-"));
  prefix = join(home, "installed");
  const packed = await runOk(["npm", "pack", "--silent", "--pack-destination", home], { timeoutMs: 120_000 });
  const tarball = join(home, packed.stdout.trim().split("\n").at(-1) ?? "");
  cpSync(cacheFolder(), join(home, "cache"), { recursive: true }); // engines and tools were provisioned by npm test
  if (isRoot) await runOk(["chown", "-R", `${ORDINARY_ID}:${ORDINARY_ID}`, home]);
  const installed = await asUser([
    "npm",
    "install",
    "--prefix",
    prefix,
    "--no-fund",
    "--no-audit",
    "--loglevel=error",
    tarball,
  ]);
  assert.equal(installed.code, 0, installed.stderr);
});
after(() => rmSync(home, { recursive: true, force: true }));

const outlast = (...args: string[]) => asUser([join(prefix, "node_modules/.bin/outlast"), ...args]);

test("the package carries JavaScript, its examples and a Node of its own", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const said = await outlast("--version");
  assert.equal(said.stdout.trim(), version, said.stderr);
  assert.equal((await outlast("--help")).code, 0);
  assert.ok(dirname(homedir()) !== "");
});

test("an ordinary user loses a site from the installed package and nothing is lost", async () => {
  const example = join(prefix, "node_modules/outlast/examples/etcd.yaml");
  const drill = await outlast(
    "drill",
    "run",
    "lose-site",
    "-f",
    example,
    "--before",
    "3",
    "--hold",
    "4",
    "--after",
    "3",
    "-o",
    "json",
  );
  assert.ok([0, 5].includes(drill.code ?? 9), drill.stderr);
  const list = JSON.parse(drill.stdout) as {
    items: { status: { phase: string; lostAcknowledgedWrites: number | null } }[];
  };
  assert.equal(list.items[0]?.status.phase, "complete");
  assert.equal(list.items[0]?.status.lostAcknowledgedWrites, 0);
  const listed = await outlast("drill", "list");
  assert.match(listed.stdout, /lose-site/);
});

test("a wrong plan and an unknown site end with their own codes", async () => {
  assert.equal((await outlast("drill", "run", "lose-site", "-f", "nowhere.yaml")).code, 2);
  const example = join(prefix, "node_modules/outlast/examples/etcd.yaml");
  const unknown = await outlast("drill", "run", "lose-site", "-f", example, "--site", "atlantis");
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /outlast: UNKNOWN_SITE/);
});
