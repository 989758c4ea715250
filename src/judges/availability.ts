// What clients had of it: recovery time, outages, failed time and latency, per region, profile and kind of operation.
// All of it counts from when an operation was *scheduled*, so that a client that waits in a queue waits (open loop).
//
// Recovery time: from the mark taken before the fault to the start of the first window of 2 s in which at least 99 % of
// the scheduled operations succeed within the client's deadline. A window that the history does not hold whole decides
// nothing: then it is null, which means unknown and not zero.
import type { Mark, Operation, OperationKind } from "../domain/history.ts";
import type { Verdict, VerdictTable } from "../domain/verdict.ts";
import { firstFaultAt } from "./journal.ts";

export const AVAILABILITY = "availability";

export interface AvailabilityOptions {
  /** The mark taken before the fault, ns; null: none, then nothing is measured but latency and failed time. */
  readonly faultAt: number | null;
  /** When the last operation was to be scheduled, ns; null: the latest one in the history. */
  readonly endAt: number | null;
  readonly deadlineMs: number;
  readonly windowMs: number;
  readonly successRatio: number;
  /** false: all kinds of operation of a region and profile are one group, named `op: null`. */
  readonly perOperation: boolean;
}

export const AVAILABILITY_DEFAULTS: AvailabilityOptions = {
  faultAt: null,
  endAt: null,
  deadlineMs: 1_000,
  windowMs: 2_000,
  successRatio: 0.99,
  perOperation: true,
};

export interface Outage {
  /** Scheduled time of its first failed operation, ns. */
  readonly from: number;
  /** Scheduled time of the next operation that succeeded, ns; the end of the history when none did. */
  readonly to: number;
  readonly failed: number;
}

export interface Latency {
  /** Of the operations that succeeded, late ones included, from scheduled. */
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface AvailabilityGroup {
  readonly region: string;
  readonly profile: string;
  readonly op: OperationKind | null;
  readonly scheduled: number;
  readonly succeeded: number;
  /** null: no fault, or not recovered in what the history holds. */
  readonly recoveryTimeMs: number | null;
  /** Time between a failed operation and the next that was scheduled, summed over the whole history. */
  readonly failedMs: number;
  /** The longest 100, by time. */
  readonly outages: readonly Outage[];
  /** null: none succeeded, or there is no such time. */
  readonly latency: {
    readonly before: Latency | null;
    readonly during: Latency | null;
    readonly after: Latency | null;
  };
}

const NS_PER_MS = 1e6;
const OUTAGES_MAX = 100;

interface Sample {
  readonly at: number;
  readonly ok: boolean;
  /** ns from scheduled; -1: no success. */
  readonly took: number;
}

const scheduledAt = (operation: Operation): number => operation.scheduled ?? operation.invoked;

function sampleOf(operation: Operation, deadlineNs: number): Sample {
  const at = scheduledAt(operation);
  const took =
    operation.outcome === "ok" && operation.completed !== undefined ? operation.completed - at : -1;
  return { at, ok: took >= 0 && took <= deadlineNs, took };
}

/**
 * Start of the first whole window [t, t + window) at or after `faultAt` with enough successes, ns; null when there is
 * none. `samples` by time. The ratio changes only where an operation leaves (just after it) or enters (window − 1 before
 * it), so these moments are all that need trying.
 */
export function recoveredAt(
  samples: readonly { readonly at: number; readonly ok: boolean }[],
  faultAt: number,
  endAt: number,
  windowNs: number,
  ratio: number,
): number | null {
  const starts = [
    faultAt,
    ...samples.flatMap(({ at }) => [at + 1, at - windowNs + 1]).filter((start) => start > faultAt),
  ].sort((a, b) => a - b);
  let low = 0;
  let high = 0;
  let good = 0;
  for (const start of starts) {
    if (start + windowNs > endAt + 1) return null;
    for (; high < samples.length && (samples[high]?.at ?? 0) < start + windowNs; high += 1)
      if (samples[high]?.ok) good += 1;
    for (; low < high && (samples[low]?.at ?? 0) < start; low += 1) if (samples[low]?.ok) good -= 1;
    if (high > low && good >= ratio * (high - low)) return start;
  }
  return null;
}

function outagesOf(samples: readonly Sample[], endAt: number): Outage[] {
  const outages: Outage[] = [];
  let from: number | null = null;
  let failed = 0;
  for (const { at, ok } of samples) {
    if (!ok) {
      from ??= at;
      failed += 1;
    } else if (from !== null) {
      outages.push({ from, to: at, failed });
      from = null;
      failed = 0;
    }
  }
  if (from !== null) outages.push({ from, to: Math.max(endAt, from), failed });
  return outages;
}

function latencyOf(samples: readonly Sample[], from: number, to: number): Latency | null {
  const took = Float64Array.from(
    samples.filter((sample) => sample.took >= 0 && sample.at >= from && sample.at < to),
    (sample) => sample.took / NS_PER_MS,
  ).sort();
  if (took.length === 0) return null;
  const rank = (share: number) => took[Math.max(0, Math.ceil(share * took.length) - 1)] as number;
  return { count: took.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
}

/** Operations that the load sent: a read-back has no region of its own, or names its replica. */
const isLoad = (operation: Operation): boolean =>
  operation.from === undefined && operation.profile !== "read-back";

export function measureAvailability(
  operations: readonly Operation[],
  options: AvailabilityOptions,
): AvailabilityGroup[] {
  const { faultAt, deadlineMs, windowMs, successRatio, perOperation } = options;
  const deadlineNs = deadlineMs * NS_PER_MS;
  const groups = new Map<string, { of: Operation; samples: Sample[] }>();
  let latest = Number.NEGATIVE_INFINITY;
  for (const operation of operations) {
    if (!isLoad(operation)) continue;
    const name = JSON.stringify([
      operation.region ?? "",
      operation.profile ?? "",
      perOperation ? operation.op : null,
    ]);
    const group = groups.get(name) ?? { of: operation, samples: [] };
    groups.set(name, group);
    group.samples.push(sampleOf(operation, deadlineNs));
    latest = Math.max(latest, scheduledAt(operation));
  }
  const endAt = options.endAt ?? latest;
  return [...groups.values()].map(({ of, samples }) => {
    samples.sort((a, b) => a.at - b.at);
    const outages = outagesOf(samples, endAt);
    const recovered =
      faultAt === null ? null : recoveredAt(samples, faultAt, endAt, windowMs * NS_PER_MS, successRatio);
    const forever = Number.POSITIVE_INFINITY;
    return {
      region: of.region ?? "",
      profile: of.profile ?? "",
      op: perOperation ? of.op : null,
      scheduled: samples.length,
      succeeded: samples.filter((sample) => sample.ok).length,
      recoveryTimeMs: recovered === null || faultAt === null ? null : (recovered - faultAt) / NS_PER_MS,
      failedMs: outages.reduce((sum, { from, to }) => sum + (to - from), 0) / NS_PER_MS,
      outages: outages
        .toSorted((a, b) => b.to - b.from - (a.to - a.from))
        .slice(0, OUTAGES_MAX)
        .sort((a, b) => a.from - b.from),
      latency: {
        before: latencyOf(samples, Number.NEGATIVE_INFINITY, faultAt ?? forever),
        during: faultAt === null ? null : latencyOf(samples, faultAt, recovered ?? forever),
        after: recovered === null ? null : latencyOf(samples, recovered, forever),
      },
    };
  });
}

/** The longest recovery time of these groups; null when one of them did not recover, or there are none. */
export function worstRecoveryTimeMs(groups: readonly AvailabilityGroup[]): number | null {
  if (groups.length === 0) return null;
  return groups.reduce<number | null>(
    (worst, { recoveryTimeMs }) =>
      worst === null || recoveryTimeMs === null ? null : Math.max(worst, recoveryTimeMs),
    0,
  );
}

const latencyCells = (latency: Latency | null): (number | null)[] =>
  latency === null
    ? [null, null, null]
    : [latency.p50Ms, latency.p99Ms, latency.maxMs].map((ms) => Number(ms.toFixed(3)));

/** One row for each group, and one for each of its outages. */
function tablesOf(groups: readonly AvailabilityGroup[]): VerdictTable[] {
  const nameOf = ({ region, profile, op }: AvailabilityGroup) => [region, profile, op ?? "all"];
  const names = ["region", "profile", "operation"];
  return [
    {
      title: "Recovery and failed time, ms",
      columns: [...names, "scheduled", "succeeded", "recovery time", "failed time", "outages"],
      rows: groups.map((group) => [
        ...nameOf(group),
        group.scheduled,
        group.succeeded,
        group.recoveryTimeMs,
        Number(group.failedMs.toFixed(3)),
        group.outages.length,
      ]),
    },
    {
      title: "Latency of what succeeded, from scheduled, ms",
      columns: [
        ...names,
        ...["before", "during", "after"].flatMap((when) =>
          ["p50", "p99", "most"].map((rank) => `${when} ${rank}`),
        ),
      ],
      rows: groups.map((group) => [
        ...nameOf(group),
        ...latencyCells(group.latency.before),
        ...latencyCells(group.latency.during),
        ...latencyCells(group.latency.after),
      ]),
    },
    {
      title: "Outages",
      columns: [...names, "from, ms", "to, ms", "failed operations"],
      rows: groups.flatMap((group) =>
        group.outages.map(({ from, to, failed }) => [
          ...nameOf(group),
          from / NS_PER_MS,
          to / NS_PER_MS,
          failed,
        ]),
      ),
    },
  ];
}

/** valid: every group recovered; unknown: one did not in what the history holds. The figures are the point. */
export function judgeAvailability(
  operations: readonly Operation[],
  marks: readonly Mark[],
  deadlineMs: number,
): Verdict {
  const faultAt = firstFaultAt(marks);
  const groups = measureAvailability(operations, { ...AVAILABILITY_DEFAULTS, deadlineMs, faultAt });
  const worst = worstRecoveryTimeMs(groups);
  const late = groups.filter((group) => group.recoveryTimeMs === null);
  const names = late.map(({ region, profile, op }) =>
    [region, profile, op ?? ""].filter((word) => word !== "").join("/"),
  );
  return {
    model: AVAILABILITY,
    verdict: worst === null ? "unknown" : "valid",
    reason:
      faultAt === null
        ? "the history has no mark of a fault"
        : worst === null
          ? groups.length === 0
            ? "the history holds no operations"
            : `not recovered before the history ends: ${names.join(", ")}`
          : `every group recovered; the last one ${worst} ms after the fault (deadline ${deadlineMs} ms)`,
    witness: [],
    statistics: {
      groups: groups.length,
      scheduled: groups.reduce((sum, group) => sum + group.scheduled, 0),
      succeeded: groups.reduce((sum, group) => sum + group.succeeded, 0),
      failedMs: Math.max(0, ...groups.map((group) => group.failedMs)),
      ...(worst === null ? {} : { recoveryTimeMs: worst }),
    },
    tables: tablesOf(groups),
  };
}
