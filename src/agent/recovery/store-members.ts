// The store as an agent asks it: through its own site's member first, through the others when that one is slow or can't. Reads
// may be asked of several at once; a swap is sent to one, and an uncertain one is settled by its token (store/settle.ts).
import type { Failure, Outcome } from "../../domain/outcome.ts";
import type { Clock } from "../../runtime/clock.ts";
import {
  type Cell,
  cellKey,
  type Store,
  type StoreEntry,
  type StoreView,
  type WatchItem,
} from "../../store/contract.ts";
import { settle } from "../../store/settle.ts";
import { STATE, type StateSwap } from "./store-view.ts";

export interface StoreMembersOptions {
  /** The own site's first. */
  readonly stores: readonly Store[];
  /** Whose swaps these are; one cell each. */
  readonly authors: readonly string[];
  /** Without an answer for this long the next member is asked. */
  readonly retryMs: number;
  readonly clock: Clock;
}

export type Swapped =
  | { readonly kind: "swapped"; readonly revision: number }
  /** `found`: the compared keys; null: it certainly was not carried out, and nothing else was learnt. */
  | { readonly kind: "refused"; readonly found: readonly StoreEntry[] | null }
  | { readonly kind: "nothing" };

export interface StoreMembers extends AsyncDisposable {
  /** All of the workload's state, linearizable. */
  read(signal: AbortSignal): Promise<Outcome<StoreView>>;
  readKeys(
    asked: { readonly keys?: readonly string[]; readonly prefixes?: readonly string[] },
    signal: AbortSignal,
  ): Promise<Outcome<StoreView>>;
  /** Sent once, to the member with this number (modulo). */
  attempt(
    author: string,
    token: string,
    swap: StateSwap,
    member: number,
    signal: AbortSignal,
  ): Promise<Swapped>;
  /** To one member after the other until one takes it; then its outcome, settled if need be. Bounded by the signal. */
  swap(author: string, token: string, swap: StateSwap, signal: AbortSignal): Promise<Swapped>;
  watch(member: number, after: number, signal: AbortSignal): AsyncIterable<WatchItem>;
}

export function startStoreMembers({ stores, authors, retryMs, clock }: StoreMembersOptions): StoreMembers {
  const cells = new Map<string, number>();
  const learn = (author: string, cell: Pick<Cell, "revision"> | null) =>
    void cells.set(author, Math.max(cells.get(author) ?? 0, cell?.revision ?? 0));
  const storeAt = (number: number): Store => {
    const store = stores[number % stores.length];
    if (store === undefined) throw new RangeError("no store");
    return store;
  };

  /** The first that answers; the next is asked beside it after `retryMs`, or at once when one has failed. */
  async function first<T>(
    ask: (store: Store, signal: AbortSignal) => Promise<Outcome<T>>,
    signal: AbortSignal,
  ): Promise<Outcome<T>> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const failed = stores.map(() => Promise.withResolvers<void>());
    let last: Outcome<T> = { kind: "unknown", failure: NOT_IN_TIME };
    const asked = stores.map(async (store, nth) => {
      const before = failed[nth - 1];
      if (before !== undefined) await Promise.race([clock.sleep(nth * retryMs, either), before.promise]);
      if (either.aborted) throw new RangeError("somebody else has answered");
      const outcome = await ask(store, either);
      if (outcome.kind === "done") return outcome;
      last = outcome;
      failed[nth]?.resolve();
      throw new RangeError("not answered");
    });
    try {
      return await Promise.any(asked);
    } catch {
      return last; // none has answered: the last one's reason
    } finally {
      over.abort();
    }
  }

  async function readKeys(
    asked: { readonly keys?: readonly string[]; readonly prefixes?: readonly string[] },
    signal: AbortSignal,
  ): Promise<Outcome<StoreView>> {
    const keys = [...(asked.keys ?? []), ...authors.map(cellKey)];
    const outcome = await first((store, each) => store.read({ ...asked, keys }, each), signal);
    if (outcome.kind === "done")
      for (const author of authors)
        learn(author, outcome.value.entries.find(({ key }) => key === cellKey(author)) ?? null);
    return outcome;
  }

  async function send(
    store: Store,
    author: string,
    token: string,
    { compare, write }: StateSwap,
    signal: AbortSignal,
  ) {
    const cellRevision = cells.get(author) ?? 0;
    const outcome = await store.swap({ author, token, cellRevision, compare, write }, signal);
    if (outcome.kind !== "done") return { outcome, cellRevision };
    const result = outcome.value;
    if (result.kind === "swapped") {
      learn(author, result);
      return { outcome, cellRevision, swapped: { kind: "swapped", revision: result.revision } as const };
    }
    learn(author, result.cell);
    // Its own, whose answer was lost on the way: sent once, so only an earlier life of the connection can have done it.
    if (result.cell?.token === token)
      return { outcome, cellRevision, swapped: { kind: "swapped", revision: result.cell.revision } as const };
    return { outcome, cellRevision, swapped: { kind: "refused", found: result.found } as const };
  }

  return {
    read: (signal) => readKeys({ prefixes: [STATE] }, signal),
    readKeys,
    async attempt(author, token, swap, member, signal) {
      const { outcome, swapped } = await send(storeAt(member), author, token, swap, signal);
      if (swapped !== undefined) return swapped;
      return outcome.kind === "failed" ? { kind: "refused", found: null } : { kind: "nothing" };
    },
    async swap(author, token, swap, signal) {
      for (const store of stores) {
        const bounded = AbortSignal.any([signal, AbortSignal.timeout(SWAP_MAX_MS)]);
        const { outcome, cellRevision, swapped } = await send(store, author, token, swap, bounded);
        if (swapped !== undefined) return swapped;
        if (outcome.kind === "failed") continue; // it never can happen any more: the next member
        let tries = 0;
        while (!signal.aborted) {
          tries += 1;
          const uncertain = { author, token, cellRevision };
          const settled = await settle(
            storeAt(tries),
            uncertain,
            `${token}?${tries}`,
            AbortSignal.any([signal, AbortSignal.timeout(SWAP_MAX_MS)]),
          );
          if (settled.kind !== "done") {
            await clock.sleep(retryMs, signal);
            continue;
          }
          learn(author, settled.value.cell);
          if (settled.value.kind === "swapped") return { kind: "swapped", revision: settled.value.revision };
          return { kind: "refused", found: null };
        }
        return { kind: "nothing" };
      }
      return { kind: "refused", found: null };
    },
    watch: (member, after, signal) => storeAt(member).watch(STATE, after, signal),
    async [Symbol.asyncDispose]() {
      await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
    },
  };
}

/** Longer than a quorum takes over the longest links; a member that is cut off does not answer at all. */
const SWAP_MAX_MS = 250;

const NOT_IN_TIME: Failure = {
  code: "STORE_NOT_ANSWERING",
  definite: true,
  what: "no member of the store answered in time",
  where: "store",
  next: "look at the members of the store: a majority of them has to run",
};
