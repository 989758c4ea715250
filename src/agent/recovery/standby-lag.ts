// How far each standby is behind the primary, in time: the primary's own positions of the last while, and where the standby
// stands among them. So it is known of a standby that is gone, too, and of every engine that has positions. Pure.
import type { ReplicationView } from "../../engines/contract.ts";

export interface LagHistory {
  /** The primary's positions, the oldest first; of equal ones only the last. */
  readonly samples: readonly { readonly atMs: number; readonly position: number }[];
  /** Where each standby was last seen. */
  readonly standbys: Readonly<
    Record<string, { readonly flushed: number; readonly measuredMs: number | null }>
  >;
}

export interface StandbyLag {
  readonly site: string;
  readonly lagBytes: number;
  readonly lagMs: number | null;
  readonly caughtUpAgeMs: number | null;
}

export const NO_LAGS: LagHistory = { samples: [], standbys: {} };
const SAMPLES_MAX = 512;

/** `view` of now; a member that is no primary has no standbys to tell of. */
export function noteLag(history: LagHistory, view: ReplicationView | undefined, nowMs: number): LagHistory {
  if (view === undefined || view.inRecovery) return NO_LAGS;
  const last = history.samples.at(-1);
  const older = last?.position === view.flushed ? history.samples.slice(0, -1) : history.samples;
  const standbys = Object.fromEntries(
    Object.entries(history.standbys).map(([site, { flushed }]) => [site, { flushed, measuredMs: null }]),
  );
  for (const { name, state, flushed, lagMs } of view.standbys)
    if (state === "streaming") Object.assign(standbys, { [name]: { flushed, measuredMs: lagMs ?? null } });
  return { samples: thinned([...older, { atMs: nowMs, position: view.flushed }]), standbys };
}

/** Of the older half every second one goes: the longer ago, the coarser. */
const thinned = (samples: LagHistory["samples"]): LagHistory["samples"] =>
  samples.length <= SAMPLES_MAX
    ? samples
    : samples.filter((_, index) => index >= SAMPLES_MAX / 2 || index % 2 === 0);

export const lagsOf = ({ samples, standbys }: LagHistory, nowMs: number): StandbyLag[] =>
  Object.entries(standbys).map(([site, { flushed, measuredMs }]) => {
    const own = samples.at(-1)?.position ?? flushed;
    if (flushed >= own) return { site, lagBytes: 0, lagMs: 0, caughtUpAgeMs: 0 };
    // What it lacks was written after the last position that it has all of.
    const had = samples.findLast(({ position }) => position <= flushed);
    const caughtUpAgeMs = had === undefined ? null : Math.round(nowMs - had.atMs);
    return { site, lagBytes: own - flushed, lagMs: measuredMs ?? caughtUpAgeMs, caughtUpAgeMs };
  });
