// What the decisions are told of the site's own member, from what it says and what the agent remembers. Pure.
import type { Reading } from "../../domain/outcome.ts";
import type { LogHistory } from "../../domain/primaryship.ts";
import type { Observation, ReplicationView } from "../../engines/contract.ts";
import type { MemberReport } from "../../recovery/site-state.ts";
import type { Memory } from "./memory.ts";

export const DOWN: MemberReport = {
  role: "down",
  sealedEpoch: 0,
  promotedEpoch: null,
  history: [],
  flushedBy: [],
  names: [],
  following: null,
};

/** A log's branches by the epochs that are written in it; 0: before the first one. */
export function historyOf({ epochs, flushed }: Pick<ReplicationView, "epochs" | "flushed">): LogHistory {
  const branches = [0, ...epochs.map(({ epoch }) => epoch)];
  return branches.map((branch, at) => ({ branch, upTo: epochs[at]?.begins ?? flushed }));
}

/** `process`: the engine's as it runs now, by which a promotion is remembered. */
export function memberReport(
  observed: Reading<Observation>,
  remembered: Memory,
  process: string | null,
): MemberReport {
  const view = observed.kind === "known" ? observed.value.replication : undefined;
  const { sealedEpoch, following, promoted } = remembered;
  if (view === undefined) {
    const alive = promoted !== null && promoted.process === process;
    return { ...DOWN, sealedEpoch, promotedEpoch: alive ? promoted.epoch : null };
  }
  // What it says of its log is not the whole yet: nothing is sealed, promoted or followed from it.
  if (view.replaying) return { ...DOWN, sealedEpoch };
  const own = !view.inRecovery && promoted !== null && promoted.process === process ? promoted : null;
  return {
    role: view.inRecovery ? "standby" : "primary",
    sealedEpoch,
    promotedEpoch: own?.epoch ?? null,
    history: historyOf(view),
    flushedBy:
      own === null
        ? []
        : view.standbys
            .filter(({ state, flushed }) => state === "streaming" && flushed >= own.flushed)
            .map(({ name }) => name),
    names: view.acknowledgement?.members ?? [],
    following: view.inRecovery && view.source !== null ? (following?.epoch ?? null) : null,
  };
}

export type Attachment =
  /** Its log is a beginning of the source's. */
  | { readonly kind: "follow" }
  /** It has what the source does not have: told, then taken back to where they part. */
  | { readonly kind: "rewind" }
  | { readonly kind: "seed"; readonly because: string }
  | { readonly kind: "wait"; readonly because: string }
  | { readonly kind: "refuse"; readonly because: string };

/** How a member comes to follow a source. `own`: seen first, with its whole log replayed; null: it has no data. */
export function attachmentOf(
  own: ReplicationView | null,
  source: ReplicationView,
  epoch: number,
): Attachment {
  const promoted = !source.inRecovery && source.epochs.at(-1)?.epoch === epoch;
  const notYet = { kind: "wait", because: `the primary of epoch ${epoch} is not promoted yet` } as const;
  if (own === null) return promoted ? { kind: "seed", because: "there is no data here" } : notYet;
  if (own.system !== source.system)
    return {
      kind: "refuse",
      because: `its data is of cluster ${own.system}, the primary's of ${source.system}`,
    };
  const last = own.epochs.at(-1)?.epoch ?? 0;
  const chain = [0, ...source.epochs.map((known) => known.epoch)];
  const at = chain.indexOf(last);
  if (at >= 0) {
    const end = source.epochs[at]?.begins ?? source.flushed;
    if (own.flushed <= end) return { kind: "follow" };
  }
  if (!promoted) return notYet;
  const timelines = [...source.ancestors.map(({ timeline }) => timeline), source.timeline];
  // Two promotions from one ancestor chose the same number: PostgreSQL would take one log for the other.
  if (at < 0 && timelines.includes(own.timeline))
    return { kind: "seed", because: `its timeline ${own.timeline} is another one than the primary's` };
  return { kind: "rewind" };
}
