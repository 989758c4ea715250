// The store: one compare-and-swap after another, each at a revision of its own.
import { type RecoverySwap, type RecoveryView, revisionOf } from "../../src/recovery/view.ts";
import { siteName } from "./model.ts";
import type { Reply } from "./world.ts";

export const isRefused = (store: RecoveryView, { compare }: RecoverySwap): boolean =>
  compare.some(({ key, revision }) => revisionOf(store, key) !== revision);

/** The store after the swap; the same object when it is refused. */
export function swapAt(store: RecoveryView, swap: RecoverySwap): RecoveryView {
  if (isRefused(store, swap)) return store;
  const revision = store.revision + 1;
  const { lease, epoch, opened, seal } = swap.write;
  return {
    ...store,
    revision,
    ...(lease === undefined ? {} : { lease: { value: lease, revision } }),
    ...(epoch === undefined ? {} : { epoch: { value: epoch, revision } }),
    ...(opened === undefined ? {} : { opened: { value: opened, revision } }),
    ...(seal === undefined ? {} : { seals: { ...store.seals, [seal.site]: { value: seal, revision } } }),
  };
}

/** A refusal tells of the lease; nonces of others mean nothing to the one who asked. */
export function replyTo(store: RecoveryView, swapped: boolean, index: number): Reply {
  const { lease } = store;
  if (swapped || lease === null) return { swapped, revision: lease?.revision ?? 0, lease: null };
  const own = lease.value.holder === siteName(index);
  return { swapped, revision: 0, lease: own ? lease : { ...lease, value: { ...lease.value, nonce: 0 } } };
}
