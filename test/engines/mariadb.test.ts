// What is MariaDB's own, on real members: acknowledgements that are none, settings that others weaken, writes that can't be
// taken back, data of another cluster, and where its programs come from.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cacheFolder } from "../../src/cli/folders.ts";
import type { EngineClient, Observation } from "../../src/engines/contract.ts";
import type { Connections } from "../../src/engines/mariadb/connections.ts";
import { mariadbEngine } from "../../src/engines/mariadb/engine.ts";
import { startAgentConnections } from "../../src/engines/mariadb/member.ts";
import { provisionMariadb } from "../../src/engines/mariadb/provision.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { answers, anyOther, did, startCluster, type TestCluster, type TestMember, until } from "./cluster.ts";
import { NET } from "../loopback.ts";

const within = (ms: number) => AbortSignal.timeout(ms);
const engine = mariadbEngine({
  cacheFolder: cacheFolder(),
  progress: (line) => process.stderr.write(`${line}\n`),
});

describe("a MariaDB primary with one standby", () => {
  let cluster: TestCluster;
  let primary: TestMember;
  let standby: TestMember;
  let client: EngineClient;
  let agent: Connections;
  const sql = async (text: string) => did(await agent.query({ text }, within(5_000)));
  const seen = (holds: (value: Observation) => boolean) =>
    until("it is seen", 10_000, async () => {
      const reading = await primary.view.observe(within(1_000));
      return reading.kind === "known" && holds(reading.value) ? reading.value : null;
    });
  /** Of commits whose wait was ended it goes on telling, until the next start. */
  const alarms = (value: Observation) =>
    value.alarms.filter((alarm) => !alarm.startsWith("COMMITTED_UNACKNOWLEDGED"));
  const divergentFile = () => `${primary.spec.dataFolder}.divergent.txt`;

  before(async () => {
    const installed = did(await engine.provision(null, within(250_000)));
    cluster = await startCluster(engine, installed, [`127.${NET}.9.1`, `127.${NET}.9.2`]);
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
      const [row] = await sql(
        "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = 'ledger' AND STATE LIKE '%semi-sync%'",
      );
      return row === undefined ? null : Number(row["id"]);
    });

  test("a session that is killed while its commit waits has an unknown outcome", () =>
    sealed(async () => {
      const asked = client.write("killed", "1", within(5_000));
      await sql(`KILL ${await waiting()}`);
      assert.equal((await asked).kind, "unknown");
    }));

  test("a wait that somebody else ends is never told as acknowledged", () =>
    sealed(async () => {
      const asked = client.write("ended", "1", within(5_000));
      await sql(`KILL QUERY ${await waiting()}`);
      assert.equal((await asked).kind, "unknown");
      const read = client.read("ended", "linearizable", within(5_000));
      await sql(`KILL QUERY ${await waiting()}`);
      assert.equal((await read).kind, "failed");
      const swapped = client.compareAndSet([{ key: "ended too", from: null, to: "1" }], within(5_000));
      await sql(`KILL QUERY ${await waiting()}`);
      assert.equal((await swapped).kind, "unknown");
      await seen((value) => value.alarms.some((alarm) => alarm.startsWith("COMMITTED_UNACKNOWLEDGED")));
    }));

  test("a limit of time for statements is an alarm, and does not end the ledger's waits", async () => {
    await sql("SET GLOBAL max_statement_time = 0.2");
    const limited = await seen((value) => alarms(value).length > 0);
    assert.deepEqual(alarms(limited), ["SYNCHRONOUS_WAIT_BOUNDED max_statement_time"]);
    await sealed(async () => {
      await using fresh = engine.client(primary.spec);
      const outcome = await fresh.write("bounded", "1", within(700));
      assert.ok(outcome.kind === "unknown" && outcome.failure.code === "NO_ANSWER_IN_TIME");
    });
    await sql("SET GLOBAL max_statement_time = 0");
    await seen((value) => alarms(value).length === 0);
  });

  test("an acknowledgement that somebody else bounded counts as none", async () => {
    await sql("SET GLOBAL rpl_semi_sync_master_timeout = 10000");
    const bounded = await seen((value) => !value.quorum);
    assert.equal(bounded.replication?.acknowledgement, null);
    assert.deepEqual(alarms(bounded), ["ACKNOWLEDGEMENT_FOREIGN semi-synchronous settings"]);
    await sql("SET GLOBAL rpl_semi_sync_master_timeout = 3153600000000");
    await seen((value) => alarms(value).length === 0 && value.quorum);
  });

  test("who is not named no longer streams, and asked for two MariaDB refuses", async () => {
    const nobody = { count: 1, members: [primary.spec.name] };
    did(await primary.perform({ kind: "acknowledge", acknowledgement: nobody }));
    assert.equal((await seen(() => true)).replication?.standbys.length, 0);
    const acknowledgement = anyOther(primary, cluster.members);
    did(await primary.perform({ kind: "acknowledge", acknowledgement }));
    await seen((value) => value.quorum);
    const two = await primary.perform({
      kind: "acknowledge",
      acknowledgement: { count: 2, members: cluster.members.map(({ spec }) => spec.name) },
    });
    assert.ok(two.kind === "failed" && two.failure.code === "ACKNOWLEDGEMENT_NOT_POSSIBLE");
  });

  test("of many that compare and set the same value exactly one succeeds, over a bounded number of connections", async () => {
    assert.equal((await client.write("race", "0", within(2_000))).kind, "done");
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        client.compareAndSet([{ key: "race", from: "0", to: String(at + 1) }], within(20_000)),
      ),
    );
    const won = outcomes.filter((outcome) => outcome.kind === "done" && outcome.value.value);
    assert.equal(won.length, 1);
    assert.deepEqual(
      outcomes.filter(({ kind }) => kind !== "done"),
      [],
    );
    const [row] = await sql("SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = 'ledger'");
    assert.ok(Number(row?.["n"]) <= 48);
  });

  test("keys and values are what was written: blanks, quotes, upper and lower case, other alphabets", async () => {
    for (const key of ["blank ", "blank", "Case", "case", "quo'te\"\\", "é→漢", "emoji 🙂"]) {
      const value = `${key} is its own`;
      assert.equal((await client.write(key, value, within(2_000))).kind, "done");
    }
    for (const key of ["blank ", "blank", "Case", "case", "quo'te\"\\", "é→漢", "emoji 🙂"]) {
      const read = await client.read(key, "linearizable", within(2_000));
      assert.ok(read.kind === "done" && read.value.value === `${key} is its own`, key);
      const set = [{ key, from: `${key} is its own`, to: key }];
      const swapped = await client.compareAndSet(set, within(2_000));
      assert.ok(swapped.kind === "done" && swapped.value.value, key);
    }
    const long = await client.write("k".repeat(701), "1", within(2_000));
    assert.ok(long.kind === "failed" && long.failure.code === "TOO_LARGE");
  });

  test("what a crash leaves is committed by a start, told later, and then seeded away", async () => {
    did(await standby.perform({ kind: "follow", source: null }));
    assert.equal((await client.write("only here", "lost", within(300))).kind, "unknown");
    await primary.kill();
    await primary.start("existing");
    await answers(primary);
    const own = await client.read("only here", "replica", within(2_000));
    assert.ok(own.kind === "done" && own.value.value === "lost", "the recorded primary has all it ever had");
    const acknowledgement = { count: 0, members: [] };
    did(await standby.perform({ kind: "promote", acknowledgement }));
    const followed = await primary.perform({ kind: "follow", source: standby.spec }, 10_000);
    assert.ok(
      followed.kind === "failed" && followed.failure.code === "REPLICATION_STOPPED",
      JSON.stringify(followed),
    );
    await primary.stop();
    const proof = did(
      await primary.perform({ kind: "rewind", source: standby.spec, divergentFile: divergentFile() }),
    );
    assert.equal(proof.divergent, 1);
    assert.match(proof.what, /can't be taken back: copied from site2/);
    assert.match(await readFile(divergentFile(), "utf8"), /INSERT: key='only here' value='lost'/);
    await primary.start("existing");
    await answers(primary);
    const gone = await client.read("only here", "replica", within(2_000));
    assert.ok(gone.kind === "done" && gone.value.value === null);
  });

  test("what an interrupted rewind left is no data, and data of another cluster is never rewound to this one", async () => {
    await primary.stop();
    await writeFile(join(primary.spec.dataFolder, "rewinding"), "");
    assert.equal(await engine.hasData(primary.spec.dataFolder), false);
    const rewind = { kind: "rewind", source: standby.spec, divergentFile: divergentFile() } as const;
    const again = await primary.perform(rewind);
    assert.ok(again.kind === "failed" && again.failure.code === "NO_DATA");
    await primary.empty();
    did(await primary.perform({ kind: "found" }));
    assert.equal((await primary.perform({ kind: "found" })).kind, "failed");
    const other = await primary.perform(rewind);
    assert.ok(other.kind === "failed" && other.failure.code === "OTHER_CLUSTER", JSON.stringify(other));
  });
});

describe("provisioning MariaDB", () => {
  let root = "";
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "outlast-mariadb-"));
  });
  after(() => removeTree(root));
  const fake = async (folder: string, version: string, programs: readonly string[]) => {
    await mkdir(folder, { recursive: true });
    for (const name of programs) {
      const says = `${name}  Ver ${version}-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64`;
      await writeFile(join(folder, name), `#!/bin/sh\necho "${says}"\n`);
      await chmod(join(folder, name), 0o755);
    }
  };
  const WHOLE = ["mariadbd", "mariadb", "mariadb-dump", "mariadb-binlog", "mariadb-install-db"];
  const provide = (version: string, folder: string) =>
    provisionMariadb(version, within(5_000), {
      cacheFolder: join(root, "cache"),
      progress: () => undefined,
      find: async () => null,
      installed: () => [join(root, folder)],
      packages: false,
    });

  test("an installed one serves when it is the version and has all tools", async () => {
    await fake(join(root, "whole"), "11.4.5", WHOLE);
    const series = await provide("11.4", "whole");
    assert.ok(series.kind === "done" && series.value.version === "11.4.5", JSON.stringify(series));
    assert.equal((await provide("11.4.5", "whole")).kind, "done");
    const other = await provide("11.4.4", "whole");
    assert.ok(other.kind === "failed" && other.failure.code === "ENGINE_NOT_AVAILABLE");
    await fake(join(root, "half"), "11.4.5", WHOLE.slice(0, 3));
    const half = await provide("11.4", "half");
    assert.ok(half.kind === "failed");
    assert.match(half.failure.what, /lacks mariadb-binlog, mariadb-install-db/);
  });

  test("one that throws unacknowledged writes away by itself is refused", async () => {
    await fake(join(root, "old"), "10.11.6", WHOLE);
    const outcome = await provide("10.11", "old");
    assert.ok(outcome.kind === "failed");
    assert.match(outcome.failure.what, /10\.11\.6 can't be told .*; 10\.11\.8 can/);
  });

  test("a version that is not supported is a clear error", async () => {
    for (const version of ["10.6", "12.0", "newest", "10"]) {
      const outcome = await provide(version, "none");
      assert.ok(outcome.kind === "failed" && outcome.failure.code === "ENGINE_VERSION_UNKNOWN", version);
    }
  });
});
