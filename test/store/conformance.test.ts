// What every store driver has to show: the embedded one on a real file, etcd on three real members.
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cacheFolder } from "../../src/cli/folders.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import { PORTS } from "../../src/domain/plan.ts";
import { etcdEngine } from "../../src/engines/etcd/engine.ts";
import { startEtcdClient } from "../../src/protocols/etcd/client.ts";
import { KV } from "../../src/protocols/etcd/generated/etcdserverpb/rpc_pb.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { newId } from "../../src/runtime/random.ts";
import type { Store, Swap, SwapResult, WatchItem } from "../../src/store/contract.ts";
import { openEmbeddedStore } from "../../src/store/embedded/store.ts";
import { openEtcdStore } from "../../src/store/etcd/store.ts";
import { settle } from "../../src/store/settle.ts";
import { startCluster, type TestCluster, until } from "../engines/cluster.ts";
import { NET } from "../loopback.ts";

interface Rig extends AsyncDisposable {
  /** Another opening of the same store; `member` chooses whom to ask where there are several. */
  open(member?: number): Store;
  compact(revision: number): Promise<void>;
  readonly cluster: TestCluster | null;
}

async function embeddedRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), "outlast-store-"));
  const file = join(folder, "store.sqlite");
  return {
    open: () => openEmbeddedStore(file),
    compact: async (revision) => {
      await using store = openEmbeddedStore(file);
      store.compact(revision);
    },
    cluster: null,
    [Symbol.asyncDispose]: () => removeTree(folder),
  };
}

async function etcdRig(): Promise<Rig> {
  const engine = etcdEngine({
    cacheFolder: cacheFolder(),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const installed = await engine.provision(null, within(280_000));
  if (installed.kind !== "done") throw new Error(JSON.stringify(installed));
  const addresses = [1, 2, 3].map((last) => `127.${NET}.40.${last}`);
  const cluster = await startCluster(engine, installed.value, addresses);
  const open = (member = 0) =>
    openEtcdStore(addresses[member] ?? "", PORTS.engineClient, { root: "outlast/test/" });
  await using first = open();
  await until("a leader", 10_000, async () => {
    const outcome = await first.read({ keys: ["x"] }, within(500));
    return outcome.kind === "done" ? true : null;
  });
  return {
    open,
    compact: async (revision) => {
      await using etcd = startEtcdClient(addresses[0] ?? "", PORTS.engineClient);
      const outcome = await etcd.call(
        KV.method.compact,
        { revision: BigInt(revision), physical: true },
        { signal: within(2_000) },
      );
      assert.equal(outcome.kind, "done");
    },
    cluster,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

const within = (ms: number) => AbortSignal.timeout(ms);

function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind === "done") return outcome.value;
  throw new Error(`${outcome.kind}: ${outcome.failure.code} ${outcome.failure.what}`);
}

/** A swap of an author that has made none before. */
const fresh = (write: Swap["write"], compare: Swap["compare"] = []): Swap => ({
  author: newId(),
  token: newId(),
  cellRevision: 0,
  compare,
  write,
});

async function put(store: Store, key: string, text: string | null): Promise<number> {
  const result = value(await store.swap(fresh([{ key, value: text }]), within(2_000)));
  assert.equal(result.kind, "swapped");
  return result.revision;
}

async function collect(items: AsyncIterable<WatchItem>, enough: (all: WatchItem[]) => boolean) {
  const all: WatchItem[] = [];
  for await (const item of items) {
    all.push(item);
    if (enough(all)) break;
  }
  return all;
}
const changesIn = (all: readonly WatchItem[]) =>
  all.flatMap((item) => (item.kind === "changes" ? item.changes.map(({ key, value: v }) => [key, v]) : []));

for (const [name, start] of [
  ["embedded", embeddedRig],
  ["etcd", etcdRig],
] as const) {
  describe(`conformance of the ${name} store`, () => {
    let rig: Rig;
    let store: Store;
    let other: Store;
    before(async () => {
      rig = await start();
      store = rig.open(0);
      other = rig.open(1);
    });
    after(async () => {
      await store[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    });
    const read = async (from: Store, ...keys: string[]) => value(await from.read({ keys }, within(2_000)));

    test("what one wrote another reads, at one revision, of the same store", async () => {
      const revision = await put(store, "a/1", "one");
      await put(store, "a/2", "two");
      const view = await read(other, "a/1", "a/2", "a/3");
      assert.deepEqual(
        view.entries.map(({ key, value: v }) => [key, v]),
        [
          ["a/1", "one"],
          ["a/2", "two"],
        ],
      );
      assert.equal(view.entries[0]?.revision, revision);
      assert.ok(view.revision > revision);
      assert.equal(view.storeId, (await read(store, "a/1")).storeId);
      assert.notEqual(view.storeId, "");
      const all = value(await other.read({ prefixes: ["a/"] }, within(2_000)));
      assert.equal(all.entries.length, 2);
    });

    test("a swap compares every key and writes all or nothing", async () => {
      const left = await put(store, "pair/left", "0");
      const right = await put(store, "pair/right", "0");
      const both = [
        { key: "pair/left", value: "1" },
        { key: "pair/right", value: "1" },
      ];
      const stale = value(
        await store.swap(
          fresh(both, [
            { key: "pair/left", revision: left },
            { key: "pair/right", revision: right - 1 },
          ]),
          within(2_000),
        ),
      );
      assert.equal(stale.kind, "refused");
      if (stale.kind === "refused")
        assert.deepEqual(
          stale.found.map(({ key, value: v, revision }) => [key, v, revision]),
          [
            ["pair/left", "0", left],
            ["pair/right", "0", right],
          ],
        );
      const absent = value(await store.swap(fresh(both, [{ key: "pair/left", revision: 0 }]), within(2_000)));
      assert.equal(absent.kind, "refused");
      const good = value(
        await store.swap(
          fresh(both, [
            { key: "pair/left", revision: left },
            { key: "pair/right", revision: right },
            { key: "pair/none", revision: 0 },
          ]),
          within(2_000),
        ),
      );
      assert.equal(good.kind, "swapped");
      const view = await read(other, "pair/left", "pair/right");
      assert.deepEqual(
        view.entries.map(({ value: v, revision }) => [v, revision]),
        [
          ["1", good.revision],
          ["1", good.revision],
        ],
      );
    });

    test("of many swaps on one revision exactly one succeeds, and each loser sees who won", async () => {
      const revision = await put(store, "race", "nobody");
      const racers = Array.from({ length: 12 }, (_, at) => `racer ${at}`);
      const results = await Promise.all(
        racers.map(async (racer, at) => {
          const from = at % 2 === 0 ? store : other;
          const swap = fresh([{ key: "race", value: racer }], [{ key: "race", revision }]);
          return [racer, value(await from.swap(swap, within(5_000)))] as const;
        }),
      );
      const winners = results.filter(([, result]) => result.kind === "swapped");
      assert.equal(winners.length, 1);
      for (const [, result] of results)
        if (result.kind === "refused") assert.equal(result.found[0]?.value, winners[0]?.[0]);
    });

    test("an author's second swap on the same cell is refused and shows the token of the first", async () => {
      const author = newId();
      const first: Swap = { ...fresh([{ key: "cell", value: "first" }]), author };
      const done = value(await store.swap(first, within(2_000)));
      const late = value(
        await other.swap({ ...fresh([{ key: "cell", value: "late" }]), author }, within(2_000)),
      );
      assert.equal(late.kind, "refused");
      if (late.kind === "refused")
        assert.deepEqual(late.cell, { token: first.token, revision: done.revision });
      assert.equal((await read(other, "cell")).entries[0]?.value, "first");
    });

    test("the author of an uncertain swap learns of its success", async () => {
      const swap = fresh([{ key: "uncertain", value: "mine" }]);
      const carriedOut = value(await store.swap(swap, within(2_000))); // its answer is thrown away
      const settled = value(await settle(other, swap, newId(), within(2_000)));
      assert.deepEqual(settled, {
        kind: "swapped",
        revision: carriedOut.revision,
        cell: { token: swap.token, revision: carriedOut.revision },
      });
    });

    test("a swap that was settled as never done can't happen later", async () => {
      const swap = fresh([{ key: "too-late", value: "late" }]);
      const settled = value(await settle(store, swap, newId(), within(2_000)));
      assert.equal(settled.kind, "never");
      const arrives: SwapResult = value(await other.swap(swap, within(2_000)));
      assert.equal(arrives.kind, "refused");
      assert.deepEqual((await read(store, "too-late")).entries, []);
      // …and the author goes on from the cell that it was given.
      const next = { ...fresh([{ key: "too-late", value: "next" }]), author: swap.author };
      const cellRevision = settled.cell?.revision ?? 0;
      assert.equal(value(await other.swap({ ...next, cellRevision }, within(2_000))).kind, "swapped");
    });

    test("a watch says every change after a revision once, in order, removals too", async () => {
      const from = await put(store, "seen/0", "before");
      await put(other, "seen/a", "1");
      await put(store, "unseen", "x");
      const items = store.watch("seen/", from, within(5_000));
      const collected = collect(items, (all) => changesIn(all).length >= 4);
      await put(other, "seen/b", "2");
      await put(other, "seen/a", null);
      const pair = [
        { key: "seen/c", value: "3" },
        { key: "seen/d", value: "4" },
      ];
      value(await store.swap(fresh(pair), within(2_000)));
      const all = await collected;
      assert.deepEqual(changesIn(all).slice(0, 3), [
        ["seen/a", "1"],
        ["seen/b", "2"],
        ["seen/a", null],
      ]);
      const last = all.findLast((item) => item.kind === "changes");
      assert.equal(last?.kind === "changes" ? last.changes.length : 0, 2, "one revision is one item");
    });

    test("a watch with nothing to say says how far it has seen", async () => {
      const revision = await put(store, "quiet", "1");
      const all = await collect(store.watch("nothing/", revision, within(5_000)), (items) =>
        items.some((item) => item.kind === "progress" && item.revision >= revision),
      );
      assert.deepEqual(
        all.map(({ kind }) => kind),
        ["progress"],
      );
    });

    test("a watch from a compacted revision ends by saying so", async () => {
      const old = await put(store, "compacted", "1");
      await put(store, "compacted", "2");
      const newest = await put(store, "compacted", "3");
      await rig.compact(newest);
      const all = await collect(other.watch("compacted", old - 1, within(5_000)), () => false);
      assert.equal(all.length, 1, JSON.stringify(all));
      assert.equal(all[0]?.kind === "ended" && all[0].because, "compacted");
    });

    test("a stopped watch ends by saying so, and so do those of a closed store", async () => {
      const revision = await put(store, "stopping", "1");
      const stop = new AbortController();
      const stopped = collect(store.watch("stopping", revision, stop.signal), () => false);
      stop.abort();
      assert.deepEqual((await stopped).at(-1), {
        kind: "ended",
        because: "stopped",
        what: "the watch was stopped",
      });
      const closing = rig.open(0);
      const closed = collect(closing.watch("stopping", revision, within(5_000)), () => false);
      await closing[Symbol.asyncDispose]();
      const last = (await closed).at(-1);
      assert.equal(last?.kind === "ended" && last.because, "stopped");
    });

    test("a swap whose caller has gone before it began wrote nothing", async () => {
      const outcome = await store.swap(fresh([{ key: "gone", value: "1" }]), AbortSignal.abort());
      assert.equal(outcome.kind, "failed");
      assert.deepEqual((await read(store, "gone")).entries, []);
    });

    // One file has no majority to lose.
    if (name === "etcd")
      test("without a majority there are no reads and no swaps, and a watch ends instead of being silent", async () => {
        const { cluster } = rig;
        const [, second, third] = cluster?.members ?? [];
        assert.ok(second !== undefined && third !== undefined);
        const revision = await put(store, "majority", "1");
        const watched = collect(store.watch("majority", revision, within(20_000)), () => false);
        second.freeze();
        third.freeze();
        const during = await store.read({ keys: ["majority"] }, within(300));
        assert.equal(during.kind, "failed");
        const swap = fresh([{ key: "majority", value: "2" }]);
        const uncertain = await store.swap(swap, within(300));
        assert.notEqual(uncertain.kind, "done");
        const last = (await watched).at(-1);
        assert.equal(last?.kind === "ended" && last.because, "unreachable", JSON.stringify(last));
        second.thaw();
        third.thaw();
        const settled = await until("a settled swap", 10_000, async () => {
          const outcome = await settle(store, swap, newId(), within(500));
          return outcome.kind === "done" ? outcome.value : null;
        });
        const found = (await read(store, "majority")).entries[0]?.value;
        assert.equal(found, settled.kind === "swapped" ? "2" : "1");
      });
  });
}
