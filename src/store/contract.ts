// What a recovery remembers, and how agents agree on it: a few keys with revisions, changed by compare-and-swap of several
// of them at once. Consensus is the driver's (SQLite's lock on one machine, etcd across sites), never ours. Promises:
//   - a read is linearizable and shows all its keys at one revision
//   - a swap writes all of its changes at one revision, or nothing
//   - an author whose swap got no answer can find out whether it was carried out, and that it never will be (settle.ts)
//   - a watch says every change in order or says why it ends ("compacted", "unreachable", …); it is never just silent
//
// The author's cell: every swap also compares and replaces one key of its author, which holds the swap's token. So of the
// swaps that an author has under way, one at most succeeds on the same cell; whichever came first left its token there.
import type { Outcome } from "../domain/outcome.ts";

export interface StoreEntry {
  readonly key: string;
  readonly value: string;
  /** At which it was last written; grows with every swap of the store. */
  readonly revision: number;
}

/** The state of the asked keys at one revision; keys that do not exist are left out. */
export interface StoreView {
  /** Tells one store from another that was restored or founded anew. */
  readonly storeId: string;
  readonly revision: number;
  readonly entries: readonly StoreEntry[];
}

export interface Swap {
  /** One for each writer with a life of its own: a site's agent, a person's command. */
  readonly author: string;
  /** Never used twice. */
  readonly token: string;
  /** Revision of the author's cell; 0: it has none yet. */
  readonly cellRevision: number;
  /** What must be so: the revision of each key; 0: absent. */
  readonly compare: readonly { readonly key: string; readonly revision: number }[];
  /** null: removed. A key at most once. */
  readonly write: readonly { readonly key: string; readonly value: string | null }[];
}

export interface Cell {
  readonly token: string;
  readonly revision: number;
}

export type SwapResult =
  | { readonly kind: "swapped"; readonly storeId: string; readonly revision: number }
  | {
      readonly kind: "refused";
      readonly storeId: string;
      readonly revision: number;
      /** The author's cell as it was found: the token of the author's own last success. */
      readonly cell: Cell | null;
      /** The compared keys as they were found. */
      readonly found: readonly StoreEntry[];
    };

export interface Change {
  readonly key: string;
  /** null: removed. */
  readonly value: string | null;
  readonly revision: number;
}

export type WatchItem =
  /** All changes of one revision under the prefix. */
  | { readonly kind: "changes"; readonly revision: number; readonly changes: readonly Change[] }
  /** Everything up to this revision has been said. */
  | { readonly kind: "progress"; readonly revision: number }
  | WatchEnd;

export interface WatchEnd {
  readonly kind: "ended";
  /**
   * compacted: changes after `after` are gone, read again; unreachable: no sign of life, or a member without a leader;
   * stopped: the caller's signal or the store's end.
   */
  readonly because: "compacted" | "unreachable" | "stopped";
  readonly what: string;
}

export interface Store extends AsyncDisposable {
  /** Keys exactly as named, and all keys under each prefix. */
  read(
    asked: { readonly keys?: readonly string[]; readonly prefixes?: readonly string[] },
    signal: AbortSignal,
  ): Promise<Outcome<StoreView>>;
  /** No answer is `unknown`; `failed` certainly wrote nothing and never will. */
  swap(swap: Swap, signal: AbortSignal): Promise<Outcome<SwapResult>>;
  /** Changes after that revision, in order; its last item is always an end. The caller takes items as they come. */
  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<WatchItem>;
}

/** Where an author's cell is. Under a prefix of its own, so that watches of the workload's keys do not see it. */
export const cellKey = (author: string): string => `cells/${author}`;

export const SWAP_KEYS_MAX = 32;

/** A programmer's error, not a refusal: said before anything is sent. */
export function assertSwap(swap: Swap): void {
  const written = new Set(swap.write.map(({ key }) => key));
  const own = cellKey(swap.author);
  if (written.size !== swap.write.length) throw new RangeError("a swap writes a key twice");
  if (written.has(own) || swap.compare.some(({ key }) => key === own))
    throw new RangeError(`a swap names ${own}, which is compared and written by itself`);
  if (swap.write.length + swap.compare.length > SWAP_KEYS_MAX)
    throw new RangeError(`a swap of more than ${SWAP_KEYS_MAX} keys`);
}
