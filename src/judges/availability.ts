// What clients could and could not do, and when: outages, recovery time, latency. Everything counts from `scheduled`
// (open loop): an operation succeeded when it was answered ok within the client's deadline after it was due. Pure.
// Definitions: docs/evidence.md.
import type { Operation } from "../domain/history.ts";

/** A 2 s window is good when at least this share of the operations scheduled in it succeeded. */
const GOOD_SHARE = 0.99;
export const WINDOW_NS = 2_000_000_000;

export interface AvailabilityQuestion {
  readonly deadlineNs: number;
  /** Taken before the fault was applied. */
  readonly faultNs: number;
  /** null: not healed while watched. */
  readonly healNs: number | null;
}

export interface Outage {
  /** When the first failed operation was scheduled. */
  readonly fromNs: number;
  /** When the first success after it was scheduled; null: failing to the end. */
  readonly toNs: number | null;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** One stream of operations: a client region, a client profile. */
export interface StreamAvailability {
  readonly region: string;
  readonly profile: string;
  readonly scheduled: number;
  readonly failed: number;
  /** From the fault to the start of the first good window; 0: the window at the fault was good. null: none was. */
  readonly recoveryNs: number | null;
  /** The time that failed operations stand for, over the whole history. */
  readonly failedNs: number;
  readonly outages: readonly Outage[];
  /** Of successes, from scheduled, in ns; null: none in that part. */
  readonly latency: {
    readonly before: Percentiles | null;
    readonly during: Percentiles | null;
    readonly after: Percentiles | null;
  };
}

interface Sent {
  readonly atNs: number;
  readonly ok: boolean;
  readonly latencyNs: number;
}

/** Operations without region, profile or scheduled time (a read-back, for example) are no client's. */
export function availability(
  operations: readonly Operation[],
  asked: AvailabilityQuestion,
): StreamAvailability[] {
  const streams = new Map<string, { region: string; profile: string; sent: Sent[] }>();
  for (const { region, profile, scheduled, outcome, completed } of operations) {
    if (region === undefined || profile === undefined || scheduled === undefined) continue;
    const key = JSON.stringify([region, profile]);
    let stream = streams.get(key);
    if (stream === undefined) {
      stream = { region, profile, sent: [] };
      streams.set(key, stream);
    }
    const latencyNs = completed === undefined ? Number.POSITIVE_INFINITY : completed - scheduled;
    stream.sent.push({ atNs: scheduled, ok: outcome === "ok" && latencyNs <= asked.deadlineNs, latencyNs });
  }
  return [...streams.values()]
    .sort((a, b) => a.region.localeCompare(b.region) || a.profile.localeCompare(b.profile))
    .map(({ region, profile, sent }) => {
      sent.sort((a, b) => a.atNs - b.atNs);
      return { region, profile, ...measure(sent, asked) };
    });
}

function measure(
  sent: readonly Sent[],
  asked: AvailabilityQuestion,
): Omit<StreamAvailability, "region" | "profile"> {
  const outages = outagesOf(sent);
  const endNs = sent.at(-1)?.atNs ?? 0;
  const part = (fromNs: number, toNs: number) =>
    percentiles(
      sent.filter(({ atNs, ok }) => ok && atNs >= fromNs && atNs < toNs).map(({ latencyNs }) => latencyNs),
    );
  const healNs = asked.healNs ?? Number.POSITIVE_INFINITY;
  return {
    scheduled: sent.length,
    failed: sent.filter(({ ok }) => !ok).length,
    recoveryNs: recovery(sent, asked.faultNs),
    failedNs: outages.reduce((sum, { fromNs, toNs }) => sum + ((toNs ?? endNs) - fromNs), 0),
    outages,
    latency: {
      before: part(Number.NEGATIVE_INFINITY, asked.faultNs),
      during: part(asked.faultNs, healNs),
      after: part(healNs, Number.POSITIVE_INFINITY),
    },
  };
}

/** Failures in a row, each until the next success was scheduled. */
function outagesOf(sent: readonly Sent[]): Outage[] {
  const outages: Outage[] = [];
  let fromNs: number | null = null;
  for (const { atNs, ok } of sent) {
    if (!ok) fromNs ??= atNs;
    else if (fromNs !== null) {
      outages.push({ fromNs, toNs: atNs });
      fromNs = null;
    }
  }
  return fromNs === null ? outages : [...outages, { fromNs, toNs: null }];
}

/**
 * Sliding window over the operations from the fault on. A good window can only start at the fault or right after a
 * failure, so only those starts are looked at. The window must lie wholly inside what was scheduled.
 */
function recovery(sent: readonly Sent[], faultNs: number): number | null {
  const after = sent.filter(({ atNs }) => atNs >= faultNs);
  const lastNs = after.at(-1)?.atNs ?? Number.NEGATIVE_INFINITY;
  const failures = [0];
  for (const { ok } of after) failures.push((failures.at(-1) ?? 0) + (ok ? 0 : 1));
  let end = 0;
  for (let start = 0; start < after.length; start += 1) {
    const previous = after[start - 1];
    if (previous !== undefined && previous.ok) continue;
    const fromNs = start === 0 ? faultNs : (after[start]?.atNs ?? 0);
    if (fromNs + WINDOW_NS > lastNs) return null;
    while ((after[end]?.atNs ?? Number.POSITIVE_INFINITY) < fromNs + WINDOW_NS) end += 1;
    const failed = (failures[end] ?? 0) - (failures[start] ?? 0);
    if (failed <= (1 - GOOD_SHARE) * (end - start) + 1e-9) return fromNs - faultNs;
  }
  return null;
}

/** Nearest rank. */
export function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
