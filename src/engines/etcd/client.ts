// EngineClient over one etcd member. Which failures are `failed` (certainly did not happen) and which are `unknown` is
// decided by protocols/etcd/client.ts; reads and lists change nothing, so their failures are always definite.
import { mapped } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import { type EtcdClient, startEtcdClient } from "../../protocols/etcd/client.ts";
import { prefixEnd } from "../../protocols/etcd/prefix-end.ts";
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  KV,
  type RangeResponse,
  RangeRequest_SortOrder,
  RangeRequest_SortTarget,
  type ResponseHeader,
} from "../../protocols/etcd/generated/etcdserverpb/rpc_pb.ts";
import type { Answer, EngineClient, MemberSpec, ReadMode } from "../contract.ts";

/** etcd's --max-txn-ops: at most so many keys share a create revision. */
const TRANSACTION_KEYS_MAX = 128;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (raw: Uint8Array): string => new TextDecoder().decode(raw);

const answer = <T>(header: ResponseHeader | undefined, value: T): Answer<T> => ({
  value,
  term: Number(header?.raftTerm ?? 0n),
  position: Number(header?.revision ?? 0n),
});

/**
 * Cuts a page at the end of a transaction: keys of one transaction share a create revision, which is the page's `next`.
 * So a page can be longer than `limit` by the rest of one transaction.
 */
export function pageOf(
  found: readonly { readonly key: string; readonly value: string; readonly created: bigint }[],
  more: boolean,
  limit: number,
): { entries: { key: string; value: string }[]; next: string | null } {
  const sorted = found.toSorted((a, b) =>
    a.created === b.created ? (a.key < b.key ? -1 : 1) : a.created < b.created ? -1 : 1,
  );
  const last = sorted[Math.min(limit, sorted.length) - 1];
  if (last === undefined) return { entries: [], next: null };
  const page = sorted.filter(({ created }) => created <= last.created);
  const rest = more || page.length < sorted.length;
  return {
    entries: page.map(({ key, value }) => ({ key, value })),
    next: rest ? last.created.toString() : null,
  };
}

export function etcdEngineClient(
  member: Pick<MemberSpec, "name" | "address">,
  etcd: EtcdClient = startEtcdClient(member.address, PORTS.engineClient),
): EngineClient {
  const reading = (mode: ReadMode, signal: AbortSignal) => ({
    signal,
    readOnly: true,
    requireLeader: mode === "linearizable",
  });
  return {
    async read(key, mode, signal) {
      const outcome = await etcd.call(
        KV.method.range,
        { key: bytes(key), serializable: mode === "replica" },
        reading(mode, signal),
      );
      return mapped(outcome, ({ header, kvs: [found] }) =>
        answer(header, found === undefined ? null : text(found.value)),
      );
    },

    async write(key, value, signal) {
      const outcome = await etcd.call(
        KV.method.put,
        { key: bytes(key), value: bytes(value) },
        { signal, requireLeader: true },
      );
      return mapped(outcome, ({ header }) => answer(header, null));
    },

    async compareAndSet(changes, signal) {
      const compare = changes.map(({ key, from }) =>
        from === null
          ? {
              key: bytes(key),
              target: Compare_CompareTarget.VERSION,
              result: Compare_CompareResult.EQUAL,
              targetUnion: { case: "version" as const, value: 0n },
            }
          : {
              key: bytes(key),
              target: Compare_CompareTarget.VALUE,
              result: Compare_CompareResult.EQUAL,
              targetUnion: { case: "value" as const, value: bytes(from) },
            },
      );
      const success = changes.map(({ key, to }) => ({
        request: { case: "requestPut" as const, value: { key: bytes(key), value: bytes(to) } },
      }));
      const outcome = await etcd.call(KV.method.txn, { compare, success }, { signal, requireLeader: true });
      return mapped(outcome, ({ header, succeeded }) => answer(header, succeeded));
    },

    async list(prefix, { mode, limit, after }, signal) {
      const start = bytes(prefix);
      const outcome = await etcd.call(
        KV.method.range,
        {
          key: start.length === 0 ? Uint8Array.of(0) : start,
          rangeEnd: prefixEnd(start),
          limit: BigInt(limit + TRANSACTION_KEYS_MAX),
          sortOrder: RangeRequest_SortOrder.ASCEND,
          sortTarget: RangeRequest_SortTarget.CREATE,
          minCreateRevision: after === null ? 0n : BigInt(after) + 1n,
          serializable: mode === "replica",
        },
        reading(mode, signal),
      );
      return mapped(outcome, (response) => answer(response.header, page(response, limit)));
    },

    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  };
}

const page = ({ kvs, more }: RangeResponse, limit: number) =>
  pageOf(
    kvs.map(({ key, value, createRevision }) => ({
      key: text(key),
      value: text(value),
      created: createRevision,
    })),
    more,
    limit,
  );
