// The store across sites: one etcd member of it. Calls go to that member and are never repeated; an agent that wants another
// member to be asked opens another store. A watch asks the member for progress all the time: one that is cut off answers
// nothing, one that has lost its leader ends it, and one whose changes were compacted says so.
import { mapped } from "../../domain/outcome.ts";
import { type EtcdClient, startEtcdClient } from "../../protocols/etcd/client.ts";
import { prefixEnd } from "../../protocols/etcd/prefix-end.ts";
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  KV,
  type RangeResponse,
  type ResponseHeader,
  Watch,
  type WatchResponse,
} from "../../protocols/etcd/generated/etcdserverpb/rpc_pb.ts";
import { Event_EventType, type KeyValue } from "../../protocols/etcd/generated/mvccpb/kv_pb.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import {
  assertSwap,
  cellKey,
  type Change,
  type Store,
  type StoreEntry,
  type SwapResult,
} from "../contract.ts";
import { watchItems } from "./watch.ts";

export interface EtcdStoreOptions {
  readonly clock?: Clock;
  /** Before every key, so that several workloads can share the members. */
  readonly root: string;
  readonly progressEveryMs?: number;
  /** No byte of a watch for this long: it ends. */
  readonly silentMs?: number;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (raw: Uint8Array): string => new TextDecoder().decode(raw);

const idOf = (header: ResponseHeader | undefined): string => (header?.clusterId ?? 0n).toString(16);
const revisionOf = (header: ResponseHeader | undefined): number => Number(header?.revision ?? 0n);

export function openEtcdStore(address: string, port: number, options: EtcdStoreOptions): Store {
  const { clock = systemClock, root, progressEveryMs = 200, silentMs = 1_000 } = options;
  const etcd: EtcdClient = startEtcdClient(address, port, { clock });
  const lifetime = new AbortController();
  const keyOf = (name: string): Uint8Array => bytes(root + name);
  const nameOf = (raw: Uint8Array): string => text(raw).slice(root.length);
  const entryOf = ({ key, value, modRevision }: KeyValue): StoreEntry => ({
    key: nameOf(key),
    value: text(value),
    revision: Number(modRevision),
  });
  const rangeOf = (response: { value?: unknown } | undefined): RangeResponse | undefined =>
    response?.value as RangeResponse | undefined;
  const revisionIs = (name: string, revision: number) => ({
    key: keyOf(name),
    target: Compare_CompareTarget.MOD,
    result: Compare_CompareResult.EQUAL,
    targetUnion: { case: "modRevision" as const, value: BigInt(revision) },
  });
  const range = (key: Uint8Array, rangeEnd?: Uint8Array) => ({
    request: { case: "requestRange" as const, value: rangeEnd === undefined ? { key } : { key, rangeEnd } },
  });

  return {
    async read({ keys = [], prefixes = [] }, signal) {
      const success = [
        ...keys.map((key) => range(keyOf(key))),
        ...prefixes.map((prefix) => range(keyOf(prefix), prefixEnd(keyOf(prefix)))),
      ];
      // A transaction of reads only is linearizable in etcd, and shows all of them at one revision.
      const outcome = await etcd.call(
        KV.method.txn,
        { success },
        { signal, readOnly: true, requireLeader: true },
      );
      return mapped(outcome, ({ header, responses }) => ({
        storeId: idOf(header),
        revision: revisionOf(header),
        entries: unique(responses.flatMap(({ response }) => (rangeOf(response)?.kvs ?? []).map(entryOf))),
      }));
    },

    async swap(swap, signal) {
      assertSwap(swap);
      const own = cellKey(swap.author);
      const compare = [
        revisionIs(own, swap.cellRevision),
        ...swap.compare.map(({ key, revision }) => revisionIs(key, revision)),
      ];
      const success = [...swap.write, { key: own, value: swap.token }].map(({ key, value }) =>
        value === null
          ? { request: { case: "requestDeleteRange" as const, value: { key: keyOf(key) } } }
          : { request: { case: "requestPut" as const, value: { key: keyOf(key), value: bytes(value) } } },
      );
      const failure = [own, ...swap.compare.map(({ key }) => key)].map((key) => range(keyOf(key)));
      const outcome = await etcd.call(
        KV.method.txn,
        { compare, success, failure },
        { signal, requireLeader: true },
      );
      return mapped(outcome, ({ header, succeeded, responses }): SwapResult => {
        const at = { storeId: idOf(header), revision: revisionOf(header) };
        if (succeeded) return { kind: "swapped", ...at };
        const [cell, ...found] = responses.map(({ response }) => rangeOf(response)?.kvs[0]);
        return {
          kind: "refused",
          ...at,
          cell: cell === undefined ? null : { token: text(cell.value), revision: Number(cell.modRevision) },
          found: found.filter((kv) => kv !== undefined).map(entryOf),
        };
      });
    },

    watch(prefix, after, signal) {
      const from = keyOf(prefix);
      return watchItems({
        after,
        clock,
        signal: AbortSignal.any([signal, lifetime.signal]),
        progressEveryMs,
        silentMs,
        // From the last revision that is known, not the next: etcd answers no progress for a start that is yet to come.
        create: { key: from, rangeEnd: prefixEnd(from), startRevision: BigInt(Math.max(1, after)) },
        open: (input, streamSignal) =>
          etcd.stream(Watch.method.watch, input, { signal: streamSignal, requireLeader: true }),
        changesOf: ({ events }: WatchResponse) =>
          events.map(
            ({ type, kv }): Change => ({
              key: nameOf(kv?.key ?? new Uint8Array()),
              value: type === Event_EventType.DELETE ? null : text(kv?.value ?? new Uint8Array()),
              revision: Number(kv?.modRevision ?? 0n),
            }),
          ),
      });
    },

    async [Symbol.asyncDispose]() {
      lifetime.abort();
      await etcd[Symbol.asyncDispose]();
    },
  };
}

const unique = (entries: readonly StoreEntry[]): StoreEntry[] => [
  ...new Map(entries.map((entry) => [entry.key, entry])).values(),
];
