// What every engine driver has to show on real members, on loopback addresses.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { cacheFolder } from "../../src/cli/folders.ts";
import type { Engine, Observation } from "../../src/engines/contract.ts";
import { etcdEngine } from "../../src/engines/etcd/engine.ts";
import { postgresqlEngine } from "../../src/engines/postgresql/engine.ts";
import {
  answers,
  anyOther,
  did,
  promoted,
  startCluster,
  type TestCluster,
  type TestMember,
  until,
} from "./cluster.ts";
import { measureLateness } from "../lateness.ts";
import { NET } from "../loopback.ts";

const provisioning = {
  cacheFolder: cacheFolder(),
  progress: (line: string) => void process.stderr.write(`${line}\n`),
};
// MariaDB is not among them yet: docs/engines.md says what it lacks.
const ENGINES: readonly Engine[] = [etcdEngine(provisioning), postgresqlEngine(provisioning)];

const within = (ms: number) => AbortSignal.timeout(ms);
const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index];
  assert.ok(item !== undefined);
  return item;
};

for (const [index, engine] of ENGINES.entries()) {
  describe(`conformance of ${engine.kind}`, () => {
    const addresses = [1, 2, 3].map((last) => `127.${NET}.${index}.${last}`);
    const acknowledged = new Map<string, string>();
    let cluster: TestCluster;

    const seen = async (member: TestMember): Promise<Observation | null> => {
      const reading = await member.view.observe(within(2_000));
      return reading.kind === "known" ? reading.value : null;
    };
    const write = async (member: TestMember, key: string, value: string, deadlineMs = 2_000) => {
      const outcome = await member.client.write(key, value, within(deadlineMs));
      if (outcome.kind === "done") acknowledged.set(key, value);
      return outcome;
    };
    const commits = (member: TestMember, key: string, limitMs = 5_000) =>
      until(`${member.spec.name} commits`, limitMs, async () => {
        const outcome = await write(member, key, `from ${member.spec.name}`, 500);
        return outcome.kind === "done" ? outcome.value : null;
      });
    const leader = (of: readonly TestMember[]) =>
      until("a leader that all see", 5_000, async () => {
        const all = await Promise.all(of.map(seen));
        const name = all[0]?.leader ?? null;
        const agreed = name !== null && all.every((each) => each?.leader === name && each.quorum);
        return agreed ? (of.find((member) => member.spec.name === name) ?? null) : null;
      });
    /** Consensus: any member commits; replication: only the primary. */
    const writers = async (of: readonly TestMember[]) =>
      engine.replication === undefined ? of : [await leader(of)];
    /** Where one writes when one stands at `member`. */
    const writerAt = async (member: TestMember, of: readonly TestMember[] = cluster.members) =>
      engine.replication === undefined ? member : await leader(of);
    /** After the loss of a leader: consensus elects by itself; otherwise the one that has most is promoted. */
    const nextLeader = async (others: readonly TestMember[]) => {
      if (engine.replication === undefined) return await leader(others);
      // Nobody may still receive from a primary that is only slow, so all are sealed before one is chosen.
      for (const member of others) did(await member.perform({ kind: "follow", source: null }));
      const positions = await Promise.all(others.map(seen));
      const most = Math.max(...positions.map((each) => each?.replication?.flushed ?? -1));
      const next = at(
        others,
        positions.findIndex((each) => each?.replication?.flushed === most),
      );
      await promoted(next, anyOther(next, cluster.members));
      for (const member of others)
        if (member !== next) did(await member.perform({ kind: "follow", source: next.spec }));
      return next;
    };
    /** A lost leader comes back: what only it has is taken away first. How many transactions that were. */
    const bringBack = async (lost: TestMember, now: TestMember): Promise<number | null> => {
      let divergent: number | null = null;
      if (engine.replication !== undefined) {
        const divergentFile = divergentFileOf(lost);
        const proof = did(await lost.perform({ kind: "rewind", source: now.spec, divergentFile }));
        divergent = proof.divergent ?? null;
      }
      await lost.start("existing");
      return divergent;
    };
    const divergentFileOf = (member: TestMember) => `${member.spec.dataFolder}.divergent.txt`;
    const caughtUp = (member: TestMember) =>
      until(`${member.spec.name} has caught up`, 10_000, async () => {
        const all = await Promise.all(cluster.members.map(seen));
        const own = await seen(member);
        if (own === null || !own.quorum) return null;
        // A member that gave no answer may be ahead of all that did.
        return all.every((each) => each !== null && own.position >= each.position) ? own : null;
      });

    before(async () => {
      const installed = await engine.provision(null, within(280_000));
      assert.equal(installed.kind, "done", JSON.stringify(installed));
      if (installed.kind === "done") cluster = await startCluster(engine, installed.value, addresses);
    });
    after(() => cluster[Symbol.asyncDispose]());

    test("three members have one leader and commit under one term", async () => {
      await leader(cluster.members);
      for (const member of await writers(cluster.members)) await commits(member, `first/${member.spec.name}`);
      for (const member of cluster.members) await caughtUp(member);
      const all = await Promise.all(cluster.members.map(seen));
      assert.deepEqual(
        all.map((each) => each?.role ?? "").toSorted((a, b) => a.localeCompare(b)),
        ["follower", "follower", "leader"],
      );
      assert.equal(new Set(all.map((each) => each?.term)).size, 1);
      assert.ok(all.every((each) => each !== null && each.position > 0 && each.alarms.length === 0));
      for (const member of cluster.members) assert.ok(await engine.hasData(member.spec.dataFolder));
    });

    test("what one member acknowledged another reads; a replica reads by itself", async () => {
      const [a, b] = [at(cluster.members, 0), at(cluster.members, 1)];
      assert.equal((await write(await writerAt(a), "register", "1")).kind, "done");
      const reader = await writerAt(b);
      const read = await reader.client.read("register", "linearizable", within(2_000));
      assert.ok(read.kind === "done" && read.value.value === "1" && read.value.term > 0);
      await caughtUp(b);
      const own = await b.client.read("register", "replica", within(2_000));
      assert.ok(own.kind === "done" && own.value.value === "1" && own.value.term === read.value.term);
      const absent = await b.client.read("nothing", "replica", within(2_000));
      assert.ok(absent.kind === "done" && absent.value.value === null);
    });

    test("compare-and-set writes all or nothing, and null means absent", async () => {
      const { client } = await writerAt(at(cluster.members, 2));
      const set = async (changes: Parameters<typeof client.compareAndSet>[0]) => {
        const outcome = await client.compareAndSet(changes, within(2_000));
        assert.equal(outcome.kind, "done");
        return outcome.kind === "done" && outcome.value.value;
      };
      assert.equal(
        await set([
          { key: "cas/a", from: null, to: "1" },
          { key: "cas/b", from: null, to: "1" },
        ]),
        true,
      );
      assert.equal(
        await set([
          { key: "cas/a", from: "1", to: "2" },
          { key: "cas/b", from: "9", to: "2" },
        ]),
        false,
      );
      const left = await client.read("cas/a", "linearizable", within(2_000));
      assert.ok(left.kind === "done" && left.value.value === "1");
      assert.equal(await set([{ key: "cas/a", from: "1", to: "2" }]), true);
    });

    test("a list pages through all keys once, in order of creation", async () => {
      const member = await writerAt(at(cluster.members, 0));
      const reader = await writerAt(at(cluster.members, 1));
      const keys = ["list/9", "list/1", "list/5", "list/0", "list/7"];
      for (const key of keys) assert.equal((await write(member, key, key)).kind, "done");
      const got: string[] = [];
      let next: string | null = null;
      do {
        const page = await reader.client.list(
          "list/",
          { mode: "linearizable", limit: 2, after: next },
          within(2_000),
        );
        assert.ok(page.kind === "done", JSON.stringify(page));
        got.push(...page.value.value.entries.map(({ key }) => key));
        next = page.value.value.next;
      } while (next !== null);
      assert.deepEqual(got, keys);
    });

    test("a lost follower: the others go on, calls to it certainly did not happen", async () => {
      const lead = await leader(cluster.members);
      const lost = at(
        cluster.members.filter((member) => member !== lead),
        0,
      );
      await lost.kill();
      const others = cluster.members.filter((member) => member !== lost);
      for (const member of await writers(others))
        assert.equal((await write(member, `without/${member.spec.name}`, "1")).kind, "done");
      assert.equal((await lost.view.observe(within(2_000))).kind, "unknown");
      const refused = await write(lost, "refused", "1");
      assert.ok(refused.kind === "failed" && refused.failure.definite);
      await lost.start("existing");
      await caughtUp(lost);
      await commits(await writerAt(lost), "back");
    });

    test("a lost leader: another one leads under a higher term, and the lost one comes back", async () => {
      const lost = await leader(cluster.members);
      const before = await seen(lost);
      await lost.kill();
      const others = cluster.members.filter((member) => member !== lost);
      const next = await nextLeader(others);
      await commits(next, "after the leader");
      const now = await seen(next);
      assert.ok(before !== null && now !== null && now.term > before.term);
      if (now.replication !== undefined)
        assert.ok(
          now.replication.ancestors.some(({ timeline }) => timeline === before.replication?.timeline),
        );
      await bringBack(lost, next);
      await caughtUp(lost);
    });

    test("without its majority a member says so, refuses writes and still shows what it has", async () => {
      const left = await writerAt(at(cluster.members, 0));
      const lost = cluster.members.filter((member) => member !== left);
      for (const member of lost) await member.kill();
      await until("it knows that it is alone", 5_000, async () => {
        const own = await seen(left);
        if (own === null || own.quorum) return null;
        return engine.replication !== undefined || own.leader === null ? own : null;
      });
      const outcome = await write(left, "alone", "1", 1_000);
      assert.notEqual(outcome.kind, "done");
      const old = await left.client.read("register", "replica", within(2_000));
      assert.ok(old.kind === "done" && old.value.value === "1");
      const current = await left.client.read("register", "linearizable", within(1_000));
      assert.equal(current.kind, "failed");
      if (engine.membership !== undefined)
        assert.equal((await engine.membership.standing(left.spec, within(2_000))).kind, "unknown");
      for (const member of lost) await member.start("existing");
      for (const member of cluster.members) await caughtUp(member);
      for (const member of await writers(cluster.members)) await commits(member, `again/${member.spec.name}`);
    });

    test("a frozen member: observation ends in time, a write to it is unknown, and it comes back", async () => {
      const lead = await leader(cluster.members);
      const frozen = at(
        cluster.members.filter((member) => member !== lead),
        0,
      );
      assert.equal((await frozen.client.read("register", "replica", within(2_000))).kind, "done");
      frozen.freeze();
      const asked = performance.now();
      const lateness = measureLateness();
      assert.equal((await frozen.view.observe(within(5_000))).kind, "unknown");
      assert.ok(performance.now() - asked - lateness.end() < 1_500);
      const outcome = await frozen.client.write("frozen", "1", within(300));
      assert.equal(outcome.kind, "unknown");
      frozen.thaw();
      await caughtUp(frozen);
      await commits(await writerAt(frozen), "thawed");
    });

    if (engine.membership !== undefined) {
      const { membership } = engine;
      test("a member that lost its disk is replaced from empty through the living; asked again nothing changes", async () => {
        const lost = at(cluster.members, 1);
        await lost.kill();
        await lost.empty();
        assert.equal(await engine.hasData(lost.spec.dataFolder), false);
        // Unknown while a leader is elected: the product asks again, and so does this.
        const standing = () =>
          until("a majority says its standing", 10_000, async () => {
            const reading = await membership.standing(lost.spec, within(3_000));
            return reading.kind === "known" ? reading.value : null;
          });
        assert.equal(await standing(), "started");
        const replaced = await membership.replace(lost.spec, within(20_000));
        assert.equal(replaced.kind, "done", JSON.stringify(replaced));
        assert.equal(await standing(), "added");
        assert.equal((await membership.replace(lost.spec, within(20_000))).kind, "done");
        assert.equal(await standing(), "added");
        await lost.start("existing");
        await caughtUp(lost);
        await commits(lost, "replaced");
        assert.equal(await standing(), "started");
        assert.equal((await membership.replace(lost.spec, within(20_000))).kind, "done");
        await commits(lost, "still there");
      });
    }

    if (engine.replication !== undefined) {
      test("an empty folder is neither promoted nor followed, and is seeded from the leader", async () => {
        const lead = await leader(cluster.members);
        const lost = at(
          cluster.members.filter((member) => member !== lead),
          0,
        );
        await lost.kill();
        await lost.empty();
        assert.equal(await engine.hasData(lost.spec.dataFolder), false);
        const acknowledgement = anyOther(lost, cluster.members);
        for (const action of [
          { kind: "promote", acknowledgement },
          { kind: "follow", source: lead.spec },
          { kind: "rewind", source: lead.spec, divergentFile: divergentFileOf(lost) },
        ] as const) {
          const outcome = await lost.perform(action);
          assert.ok(outcome.kind === "failed" && outcome.failure.definite, JSON.stringify(outcome));
        }
        const proof = did(await lost.perform({ kind: "reseed", source: lead.spec }));
        assert.ok(proof.position > 0);
        assert.equal(await engine.hasData(lost.spec.dataFolder), true);
        await lost.start("existing");
        await caughtUp(lost);
        const running = await lost.perform({ kind: "reseed", source: lead.spec });
        assert.ok(running.kind === "failed" && running.failure.code === "MEMBER_RUNNING");
      });

      test("a standby refuses to write, definitely, and to be a primary's part", async () => {
        const lead = await leader(cluster.members);
        for (const member of cluster.members.filter((other) => other !== lead)) {
          const outcome = await member.client.write("refused", "1", within(2_000));
          assert.ok(outcome.kind === "failed" && outcome.failure.code === "NOT_PRIMARY");
          const acknowledgement = anyOther(member, cluster.members);
          const named = await member.perform({ kind: "acknowledge", acknowledgement });
          assert.ok(named.kind === "failed" && named.failure.code === "NOT_PRIMARY");
          const began = await member.perform({ kind: "record-epoch", epoch: 99 });
          assert.ok(began.kind === "failed" && began.failure.code === "NOT_PRIMARY");
          const role = did(
            (await member.client.role?.(within(2_000))) ?? assert.fail("a client without role"),
          );
          assert.deepEqual([role.primary, role.source], [false, lead.spec.address]);
        }
      });

      test("an epoch is in the log: recorded once, by a primary only, and known wherever the log is", async () => {
        const lead = await leader(cluster.members);
        const epoch = ((await seen(lead))?.replication?.epochs.at(-1)?.epoch ?? 0) + 1;
        for (const _ of ["first", "asked again"]) did(await lead.perform({ kind: "record-epoch", epoch }));
        for (const acknowledged of ["here", "as configured"] as const)
          did(await lead.perform({ kind: "commit", acknowledged }));
        did(await lead.perform({ kind: "checkpoint" }));
        for (const member of cluster.members) {
          await caughtUp(member);
          const epochs = (await seen(member))?.replication?.epochs.filter((known) => known.epoch === epoch);
          assert.equal(epochs?.length, 1, member.spec.name);
          if (member === lead) continue;
          const refused = await member.perform({ kind: "record-epoch", epoch: epoch + 1 });
          assert.ok(refused.kind === "failed" && refused.failure.code === "NOT_PRIMARY");
        }
      });

      test("what a primary committed alone is told in words, then taken away; nothing acknowledged is", async () => {
        const old = await leader(cluster.members);
        const others = cluster.members.filter((member) => member !== old);
        await commits(old, "before the fork");
        did(await old.perform({ kind: "mark" }));
        for (const member of others) did(await member.perform({ kind: "follow", source: null }));
        const alone = await until("it says that it is alone", 5_000, async () => {
          const own = await seen(old);
          return own !== null && !own.quorum ? own : null;
        });
        assert.equal(alone.replication?.standbys.length, 0);
        // Two transactions: an engine may hold back a third one from its log while these wait.
        const first = await old.client.write("alone/1", "only alone/1", within(300));
        assert.equal(first.kind, "unknown");
        const second = await old.client.compareAndSet(
          [
            { key: "alone/2", from: null, to: "only alone/2" },
            { key: "before the fork", from: `from ${old.spec.name}`, to: "changed alone" },
          ],
          within(300),
        );
        assert.equal(second.kind, "unknown");
        const read = await old.client.read("before the fork", "linearizable", within(300));
        assert.equal(read.kind, "failed", "no primary that was replaced may answer a linearizable read");
        await old.kill();
        const next = await nextLeader(others);
        await commits(next, "after the fork");
        assert.equal(await bringBack(old, next), 2);
        const told = await readFile(divergentFileOf(old), "utf8");
        for (const words of ["only alone/1", "only alone/2", "changed alone", "from "])
          assert.ok(told.includes(words), told);
        await caughtUp(old);
        const gone = await old.client.read("alone/1", "replica", within(2_000));
        assert.ok(gone.kind === "done" && gone.value.value === null);
      });

      test("a primary that stops in order hands over without a rewind, and comes back as a standby", async () => {
        const old = await leader(cluster.members);
        const others = cluster.members.filter((member) => member !== old);
        await commits(old, "before the hand-over");
        const stopped = did(await old.perform({ kind: "stop" }));
        assert.equal(did(await old.perform({ kind: "stop" })).position, stopped.position);
        const next = at(others, 0);
        const has = await seen(next);
        assert.ok((has?.replication?.flushed ?? 0) >= stopped.position, "its last checkpoint has arrived");
        const acknowledgement = anyOther(next, cluster.members);
        const epoch = (has?.term ?? 0) + 1;
        const proof = did(await next.perform({ kind: "promote", acknowledgement }));
        assert.ok(proof.timeline > stopped.timeline);
        assert.equal(did(await next.perform({ kind: "promote", acknowledgement })).timeline, proof.timeline);
        const early = await write(next, "before its epoch", "1");
        assert.ok(
          early.kind === "failed" && early.failure.code === "EPOCH_NOT_RECORDED",
          JSON.stringify(early),
        );
        const role = did((await next.client.role?.(within(2_000))) ?? assert.fail("a client without role"));
        assert.deepEqual(role, { primary: true, source: null, term: epoch - 1 });
        for (const _ of ["first", "asked again"]) did(await next.perform({ kind: "record-epoch", epoch }));
        const over = await next.perform({ kind: "record-epoch", epoch: epoch - 1 });
        assert.ok(over.kind === "failed" && over.failure.code === "EPOCH_IS_OVER");
        for (const member of others.slice(1))
          did(await member.perform({ kind: "follow", source: next.spec }));
        did(await old.perform({ kind: "follow", source: next.spec }));
        await old.start("existing");
        await answers(old);
        await caughtUp(old);
        assert.equal((await commits(next, "after the hand-over")).term, epoch);
      });
    }

    test("every acknowledged write is on every replica", async () => {
      for (const member of cluster.members) {
        await caughtUp(member);
        for (const [key, value] of acknowledged) {
          const read = await member.client.read(key, "replica", within(2_000));
          assert.ok(read.kind === "done" && read.value.value === value, `${member.spec.name} ${key}`);
        }
      }
    });

    test("members end in order within their grace", async () => {
      for (const member of cluster.members) assert.ok((await member.stop()) < 6_000);
      assert.ok((await cluster.observe()).every(({ kind }) => kind === "unknown"));
    });
  });
}
