// The rules that safety rests on, each one small function in one table, so that the exploration (bench/explore) can replace
// any single one by a wrong one and show that it finds the harm. Production uses RULES as it is.
import type { EpochRecord, LeaseRecord, LogHistory, OpenedSet, Seal } from "../domain/primaryship.ts";
import type { KeyName, SwapPurpose } from "./view.ts";

export interface Sighting {
  readonly leaseRevision: number;
  /** On this agent's own monotonic clock: when it first knew of this revision. */
  readonly atMs: number;
}

export interface Rules {
  /** What each swap compares, beside its author's cell. The observed lease revision makes the wait count from it. */
  readonly compared: (purpose: SwapPurpose, site: string) => readonly KeyName[];
  /** From when this agent may count the wait for the lease that `after` names: only a renewal that it saw itself counts. */
  readonly waitsFrom: (
    after: NonNullable<EpochRecord["after"]>,
    sighting: Sighting | null,
    nowMs: number,
  ) => number;
  readonly waitIsOver: (after: NonNullable<EpochRecord["after"]>, sinceMs: number, nowMs: number) => boolean;
  /** Whether a fence may be opened for this record at all, at this site. */
  readonly mayServe: (record: EpochRecord, site: string) => boolean;
  /** Which lease has to run out before the epoch after this one may open. */
  readonly runsOut: (
    record: EpochRecord,
    lease: { readonly value: LeaseRecord; readonly revision: number },
    taker: string,
  ) => EpochRecord["after"];
  /** Before sending a renewal, and after it succeeded: proof and opening are separated by the kernel's own clock only. */
  readonly ticketed: "before sending" | "after success";
  /** The lease that refused a renewal was written by one of these attempts: its own success, whose answer was lost. */
  readonly ownSuccess: (
    lease: LeaseRecord,
    site: string,
    epoch: number,
    nonces: readonly number[],
  ) => number | null;
  /** How far a log counts on the branch that the store records; null: it is not on it. */
  readonly countsUpTo: (history: LogHistory, branch: number) => number | null;
  /** Whether the seals must hold every write that was acknowledged under the opened set. */
  readonly enough: (opened: OpenedSet, sealed: readonly Seal[]) => boolean;
  readonly higher: (a: number, b: number) => boolean;
  /** A site follows only sources of an epoch at least as new as its own seal. */
  readonly mayFollow: (sealedEpoch: number, sourceEpoch: number) => boolean;
  /** One more loss must be survived before the first write is acknowledged. */
  readonly isProtected: (
    names: readonly string[],
    flushedBy: readonly string[],
    acknowledgements: number,
  ) => boolean;
}

const COMPARED: Readonly<Record<Exclude<SwapPurpose, "seal">, readonly KeyName[]>> = {
  take: ["epoch", "lease", "opened", "control"],
  retarget: ["epoch", "lease", "control"],
  // Not the lease: the leader of a takeover renews it all the time, and every other leader changes the epoch.
  name: ["epoch"],
  open: ["epoch", "opened"],
  release: ["epoch", "lease"],
};

/** Positions in order of branches; the first end of the branch is where a later one forked from it. */
function countsUpTo(history: LogHistory, branch: number): number | null {
  return history.find((part) => part.branch === branch)?.upTo ?? null;
}

export const RULES: Rules = {
  compared: (purpose, site) => (purpose === "seal" ? ["epoch", `seal/${site}`] : COMPARED[purpose]),
  waitsFrom: (after, sighting, nowMs) =>
    sighting !== null && sighting.leaseRevision === after.leaseRevision ? sighting.atMs : nowMs,
  waitIsOver: (after, sinceMs, nowMs) => nowMs - sinceMs >= after.waitMs,
  mayServe: (record, site) => record.phase === "opened" && record.primary === site,
  runsOut: (record, { value, revision }, taker) => {
    if (record.phase !== "opened") return record.after;
    if (value.releasedTo === taker) return null;
    const ownMs = value.ticketMs + value.fenceMs + value.marginMs;
    return { leaseRevision: revision, waitMs: Math.max(ownMs, record.after?.waitMs ?? 0) };
  },
  ticketed: "before sending",
  ownSuccess: (lease, site, epoch, nonces) =>
    lease.holder === site && lease.epoch === epoch && nonces.includes(lease.nonce) ? lease.nonce : null,
  countsUpTo,
  enough: ({ epoch, primary, standbys, acknowledgements }, sealed) => {
    const counted = sealed.filter(({ history }) => countsUpTo(history, epoch) !== null);
    if (counted.some(({ site }) => site === primary)) return true;
    const voters = counted.filter(({ site }) => standbys.includes(site)).length;
    return acknowledgements > 0 && voters + acknowledgements > standbys.length;
  },
  higher: (a, b) => a > b,
  mayFollow: (sealedEpoch, sourceEpoch) => sourceEpoch >= sealedEpoch,
  isProtected: (names, flushedBy, acknowledgements) =>
    names.length >= acknowledgements && names.every((site) => flushedBy.includes(site)),
};
