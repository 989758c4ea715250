// Who counts as a synchronous standby while the workload is served: standbys that keep up are taken in, one without progress is
// taken out while enough are left, one step at a time as src/recovery/quorum.ts has it. Pure; the agent carries out and asks again.
import type { OpenedSet } from "../../domain/primaryship.ts";
import type { ReplicationView } from "../../engines/contract.ts";
import { nextQuorumStep, type QuorumPlan, type Voters } from "../../recovery/quorum.ts";

/** A standby's flushed position, and since when it has been there although the primary is ahead. */
export interface Progress {
  readonly flushed: number;
  readonly sinceMs: number;
}
export type ProgressOf = Readonly<Record<string, Progress>>;

/** Without progress for this long a standby no longer counts (docs/recovery.md). */
export const STALLED_MS = 2_000;
/** Further behind than this a standby is not taken in: commits would wait for it to catch up. */
export const JOIN_LAG_MAX_BYTES = 8 * 1024 * 1024;

export function progressOf(
  before: ProgressOf,
  view: ReplicationView,
  sites: readonly string[],
  nowMs: number,
): ProgressOf {
  return Object.fromEntries(
    sites.map((site) => {
      const flushed = view.standbys.find(
        ({ name, state }) => name === site && state === "streaming",
      )?.flushed;
      const known = before[site];
      const moved = flushed !== undefined && (flushed >= view.flushed || flushed !== known?.flushed);
      return [site, moved || known === undefined ? { flushed: flushed ?? -1, sinceMs: nowMs } : known];
    }),
  );
}

export interface KeeperState {
  readonly opened: OpenedSet;
  readonly view: ReplicationView;
  readonly progress: ProgressOf;
  /** k of the plan. */
  readonly acknowledgements: number;
  readonly sites: readonly string[];
  /** The primary's position when its present names were seen by all of its senders; null: they were not yet. */
  readonly namesSeenAt: number | null;
  /** A change of the store was sent, and nobody knows yet what became of it. */
  readonly unsettled: boolean;
  readonly nowMs: number;
}

/** Whom it should wait for: those who keep up; never fewer than k, for then it is better to wait than to lose. */
export function wantedVoters({
  opened,
  view,
  progress,
  acknowledgements,
  sites,
  nowMs,
}: KeeperState): readonly string[] {
  const others = sites.filter((site) => site !== opened.primary);
  const kept = others.filter((site) => {
    const standby = view.standbys.find(({ name, state }) => name === site && state === "streaming");
    const known = progress[site];
    if (opened.standbys.includes(site)) return known === undefined || nowMs - known.sinceMs < STALLED_MS;
    return standby !== undefined && view.flushed - standby.flushed <= JOIN_LAG_MAX_BYTES;
  });
  return kept.length >= acknowledgements ? kept : [...new Set([...opened.standbys, ...kept])];
}

/** All senders go by the names that are configured: PostgreSQL reads them again one process at a time. */
export function namesAreSeen({ acknowledgement, standbys }: ReplicationView): boolean {
  if (acknowledgement === null) return false;
  return standbys
    .filter(({ state }) => state === "streaming")
    .every(({ name, synchronous }) => synchronous === acknowledgement.members.includes(name));
}

export function keepQuorum(state: KeeperState): QuorumPlan {
  const { opened, view, acknowledgements, namesSeenAt } = state;
  // Somebody else's words in the names, or asynchronous by plan: nothing is kept here.
  if (view.acknowledgement === null || acknowledgements === 0) return { do: "nothing" };
  const target: Voters = { voters: wantedVoters(state), acknowledgements };
  if (target.voters.length < acknowledgements) return { do: "nothing" };
  const names = view.acknowledgement.members;
  const flushedBy = view.standbys.filter(
    ({ name, state: streaming, flushed }) =>
      namesSeenAt !== null && names.includes(name) && streaming === "streaming" && flushed >= namesSeenAt,
  );
  return nextQuorumStep(
    {
      store: { voters: opened.standbys, acknowledgements: opened.acknowledgements },
      engine: { names, acknowledgements: view.acknowledgement.count },
      unseen: namesSeenAt === null,
      flushed: flushedBy.length >= view.acknowledgement.count,
      unsettled: state.unsettled,
    },
    target,
  );
}
