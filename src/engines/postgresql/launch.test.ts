import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../../domain/plan.ts";
import { postgresqlLaunch } from "./launch.ts";
import { PROGRAMS } from "./provision.ts";

const installed = {
  engine: "postgresql" as const,
  version: "15.18",
  programs: Object.fromEntries(PROGRAMS.map((name) => [name, `/pg/${name}`])),
  source: "test",
};
const member = {
  name: "paris",
  address: "10.77.1.1",
  dataFolder: "/data/member",
  members: [{ name: "paris", address: "10.77.1.1" }],
  cluster: "existing" as const,
};
const launch = (unsafeNoFsync: boolean) =>
  postgresqlLaunch(installed, { ...member, unsafeNoFsync }, { name: "ledger" } as Plan);
const settings = (argv: readonly string[]) => {
  const found = new Map<string, string>();
  for (const [at, word] of argv.entries()) {
    const [name = "", ...value] = (argv[at + 1] ?? "").split("=");
    if (word === "-c" && value.length > 0) found.set(name, value.join("="));
  }
  return found;
};

test("a member starts as a standby over its own folder, on its own address only, without a socket file", () => {
  const { argv, stopSignal } = launch(false);
  assert.ok(argv.includes("/data/member/data/standby.signal"));
  assert.deepEqual(argv.slice(argv.indexOf("/pg/postgres"), argv.indexOf("/pg/postgres") + 3), [
    "/pg/postgres",
    "-D",
    "/data/member/data",
  ]);
  const set = settings(argv);
  assert.equal(set.get("listen_addresses"), "10.77.1.1");
  assert.equal(set.get("unix_socket_directories"), "");
  assert.equal(set.get("config_file"), "/data/member/postgresql.conf");
  assert.equal(set.get("fsync"), "on");
  assert.equal(stopSignal, "SIGINT");
});

test("what changes while it runs is never on the command line, where a reload could not change it", () => {
  const set = settings(launch(false).argv);
  for (const name of ["primary_conninfo", "synchronous_standby_names"]) assert.equal(set.has(name), false);
});

test("without fsync only as the positive control", () => {
  assert.equal(settings(launch(true).argv).get("fsync"), "off");
});
