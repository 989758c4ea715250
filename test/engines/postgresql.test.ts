// What is PostgreSQL's own, on real members: acknowledgements that are none, settings that others weaken, data of another
// cluster, and where its programs come from.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cacheFolder } from "../../src/cli/folders.ts";
import type { Acknowledgement, EngineClient, Observation } from "../../src/engines/contract.ts";
import type { Connections } from "../../src/engines/postgresql/connections.ts";
import { postgresqlEngine } from "../../src/engines/postgresql/engine.ts";
import { startAgentConnections } from "../../src/engines/postgresql/member.ts";
import { provisionPostgresql } from "../../src/engines/postgresql/provision.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { did, promoted, startCluster, type TestCluster, type TestMember, until } from "./cluster.ts";
import { NET } from "../loopback.ts";

const within = (ms: number) => AbortSignal.timeout(ms);
const engine = postgresqlEngine({
  cacheFolder: cacheFolder(),
  progress: (line) => process.stderr.write(`${line}\n`),
});

describe("a PostgreSQL primary with one standby", () => {
  let cluster: TestCluster;
  let primary: TestMember;
  let standby: TestMember;
  let client: EngineClient;
  let agent: Connections;
  const sql = async (text: string) => did(await agent.query({ name: null, text }, within(5_000)));
  const seen = (holds: (value: Observation) => boolean) =>
    until("it is seen", 5_000, async () => {
      const reading = await primary.view.observe(within(1_000));
      return reading.kind === "known" && holds(reading.value) ? reading.value : null;
    });

  before(async () => {
    const installed = did(await engine.provision(null, within(120_000)));
    cluster = await startCluster(engine, installed, [`127.${NET}.8.1`, `127.${NET}.8.2`]);
    [primary, standby] = cluster.members as [TestMember, TestMember];
    client = primary.client;
    agent = startAgentConnections(primary.spec);
    await seen((value) => value.quorum);
  });
  after(async () => {
    await agent[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  /** The standby streams from nobody while the body runs. */
  const sealed = async (body: () => Promise<void>) => {
    did(await standby.perform({ kind: "follow", source: null }));
    await seen((value) => !value.quorum);
    await body();
    did(await standby.perform({ kind: "follow", source: primary.spec }));
    await seen((value) => value.quorum);
  };
  const waiting = () =>
    until("a commit waits", 5_000, async () => {
      const [row] = await sql("SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      return Number(row?.["n"]) > 0 ? true : null;
    });

  test("a cancelled wait reads as committed, and is told as unknown", () =>
    sealed(async () => {
      const asked = client.write("cancelled", "1", within(5_000));
      await waiting();
      await sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      const outcome = await asked;
      assert.ok(outcome.kind === "unknown" && outcome.failure.code === "SYNCHRONOUS_WAIT_ENDED");
    }));

  test("a session that is ended while its commit waits has an unknown outcome", () =>
    sealed(async () => {
      const asked = client.write("terminated", "1", within(5_000));
      await waiting();
      await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      assert.equal((await asked).kind, "unknown");
    }));

  test("a role for which commits don't wait is named, and does not weaken the ledger's", async () => {
    await sql("ALTER ROLE ledger SET synchronous_commit = off");
    const { alarms } = await seen((value) => value.alarms.length > 0);
    assert.deepEqual(alarms, ["SYNCHRONOUS_COMMIT_WEAKENED ledger"]);
    await sealed(async () => {
      await using fresh = engine.client(primary.spec);
      assert.equal((await fresh.write("weak", "1", within(300))).kind, "unknown");
    });
    await sql("ALTER ROLE ledger RESET ALL");
    await seen((value) => value.alarms.length === 0);
  });

  test("names that somebody set by ALTER SYSTEM are noticed", async () => {
    await sql("ALTER SYSTEM SET synchronous_standby_names = ''");
    await sql("SELECT pg_reload_conf()");
    const { alarms } = await seen((value) => value.alarms.length > 0);
    assert.deepEqual(alarms, ["SETTING_OVERRIDDEN synchronous_standby_names"]);
    const acknowledgement = { count: 1, members: [standby.spec.name] };
    const outcome = await primary.perform({ kind: "acknowledge", acknowledgement }, 1_000);
    assert.equal(outcome.kind, "unknown", "it never says that names are set which are not");
    await sql("ALTER SYSTEM RESET synchronous_standby_names");
    await sql("SELECT pg_reload_conf()");
    await seen((value) => value.alarms.length === 0 && value.quorum);
  });

  test("of many that compare and set the same value exactly one succeeds, over a bounded number of connections", async () => {
    assert.equal((await client.write("race", "0", within(2_000))).kind, "done");
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        client.compareAndSet([{ key: "race", from: "0", to: String(at + 1) }], within(10_000)),
      ),
    );
    const won = outcomes.filter((outcome) => outcome.kind === "done" && outcome.value.value);
    assert.equal(won.length, 1);
    assert.ok(outcomes.every(({ kind }) => kind === "done"));
    const [row] = await sql("SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'ledger'");
    assert.ok(Number(row?.["n"]) <= 48);
  });

  test("a member that stood still comes back to the connections that it had, not to as many new ones as there were calls", async () => {
    const [began] = await sql("SELECT clock_timestamp()::text AS at");
    await using busy = engine.client(primary.spec);
    const backends = async () => {
      const [row] = await sql(
        `SELECT count(*)::int AS n, max(pid)::int AS newest FROM pg_stat_activity
WHERE usename = 'ledger' AND backend_start > '${String(began?.["at"])}'`,
      );
      return { count: Number(row?.["n"]), newest: Number(row?.["newest"]) };
    };
    await Promise.all(Array.from({ length: 60 }, (_, at) => busy.write(`still/${at}`, "0", within(5_000))));
    // As many as it may have were dialled for these, and some are not there yet when all have been answered.
    const before = await until("all connections are there", 5_000, async () => {
      const now = await backends();
      return now.count === 48 ? now : null;
    });
    primary.freeze();
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, (_, at) => busy.write(`still/${at % 60}`, String(at), within(20 + at))),
    );
    primary.thaw();
    assert.ok(outcomes.every(({ kind }) => kind !== "done"));
    const unknown = outcomes.filter(({ kind }) => kind === "unknown");
    assert.ok(unknown.length <= 48, `${unknown.length}: the others were never sent, which is definite`);
    assert.equal((await busy.write("still/here", "1", within(2_000))).kind, "done");
    assert.deepEqual(await backends(), before);
  });

  test("two switchovers later nobody's old mark holds back the log", async () => {
    did(await primary.perform({ kind: "mark" }));
    const handOver = async (from: TestMember, to: TestMember, acknowledgement: Acknowledgement) => {
      did(await from.perform({ kind: "stop" }));
      await promoted(to, acknowledgement);
      did(await from.perform({ kind: "follow", source: to.spec }));
      await from.start("existing");
      await until(`${from.spec.name} follows`, 10_000, async () => {
        const reading = await from.view.observe(within(1_000));
        return reading.kind === "known" && reading.value.leader === to.spec.name ? true : null;
      });
    };
    await handOver(primary, standby, { count: 0, members: [] });
    const [row] = await sql("SELECT count(*)::int AS n FROM pg_replication_slots");
    assert.equal(row?.["n"], 0);
    await handOver(standby, primary, { count: 1, members: [standby.spec.name] });
    await seen((value) => value.quorum);
  });

  test("what an interrupted rewind left is no data, and is seeded", async () => {
    await standby.stop();
    await writeFile(join(standby.spec.dataFolder, "rewinding"), "");
    assert.equal(await engine.hasData(standby.spec.dataFolder), false);
    const divergentFile = `${standby.spec.dataFolder}.divergent.txt`;
    const again = await standby.perform({ kind: "rewind", source: primary.spec, divergentFile });
    assert.ok(again.kind === "failed" && again.failure.code === "NO_DATA");
    did(await standby.perform({ kind: "reseed", source: primary.spec }));
    assert.equal(await engine.hasData(standby.spec.dataFolder), true);
    await standby.start("existing");
    await seen((value) => value.quorum);
  });

  test("data of another cluster is never rewound to this one", async () => {
    await standby.stop();
    await standby.empty();
    did(await standby.perform({ kind: "found" }));
    assert.equal((await standby.perform({ kind: "found" })).kind, "failed");
    const divergentFile = `${standby.spec.dataFolder}.divergent.txt`;
    const outcome = await standby.perform({ kind: "rewind", source: primary.spec, divergentFile });
    assert.ok(outcome.kind === "failed" && outcome.failure.code === "OTHER_CLUSTER", JSON.stringify(outcome));
  });
});

describe("provisioning PostgreSQL", () => {
  let root = "";
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "outlast-postgresql-"));
  });
  after(() => removeTree(root));
  const fake = async (folder: string, version: string, programs: readonly string[]) => {
    await mkdir(folder, { recursive: true });
    for (const name of programs) {
      await writeFile(join(folder, name), `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`);
      await chmod(join(folder, name), 0o755);
    }
  };
  const WHOLE = ["postgres", "initdb", "pg_basebackup", "pg_rewind", "pg_waldump", "pg_controldata"];
  const provide = (version: string, folder: string) =>
    provisionPostgresql(version, within(5_000), {
      cacheFolder: join(root, "cache"),
      progress: () => undefined,
      find: async () => null,
      installed: () => [join(root, folder)],
      packages: false,
    });

  test("an installed one serves when it is the version and has all tools", async () => {
    await fake(join(root, "whole"), "17.6", WHOLE);
    const major = await provide("17", "whole");
    assert.ok(major.kind === "done" && major.value.version === "17.6", JSON.stringify(major));
    assert.equal((await provide("17.6", "whole")).kind, "done");
    const other = await provide("17.5", "whole");
    assert.ok(other.kind === "failed" && other.failure.code === "ENGINE_NOT_AVAILABLE");
  });

  test("one without pg_rewind and pg_basebackup, as packed for embedding, is refused by name", async () => {
    await fake(join(root, "embedded"), "18.4", ["postgres", "initdb"]);
    const outcome = await provide("18", "embedded");
    assert.ok(outcome.kind === "failed");
    assert.match(outcome.failure.what, /lacks pg_basebackup, pg_rewind, pg_waldump, pg_controldata/);
  });

  test("a version that is not supported is a clear error", async () => {
    for (const version of ["14", "19", "newest", "15.1.2"]) {
      const outcome = await provide(version, "none");
      assert.ok(outcome.kind === "failed" && outcome.failure.code === "ENGINE_VERSION_UNKNOWN", version);
    }
  });
});
