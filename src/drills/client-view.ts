// What the clients of each region and profile had of the drill. Recovery time is the worst of the kinds of operation
// (a site that answers reads but no writes has not recovered); failed time and outages are those of all operations
// together, where the resolution is best. Pure.
import type { DrillStatus } from "../domain/drill.ts";
import type { Operation } from "../domain/history.ts";
import { AVAILABILITY_DEFAULTS, measureAvailability, worstRecoveryTimeMs } from "../judges/availability.ts";

export interface ClientStream {
  readonly region: string;
  readonly profile: string;
  /** null: did not recover while watched. */
  readonly recoveryTimeMs: number | null;
  /** It had an outage, and what ended it was the heal: no operation scheduled since its recovery was answered before. */
  readonly onlyOnceHealed: boolean;
  readonly failedMs: number;
  readonly outages: DrillStatus["outages"];
}

const NS_PER_MS = 1e6;
export const msOf = (ns: number): number => Math.round(ns / 1e3) / 1e3;

/** Operations that clients sent: a read-back has no schedule. */
export const clientOperations = (operations: readonly Operation[]): readonly Operation[] =>
  operations.filter(
    ({ scheduled, region, profile }) =>
      scheduled !== undefined && region !== undefined && profile !== undefined,
  );

export function clientStreams(
  operations: readonly Operation[],
  faultAt: number,
  deadlineMs: number,
  /** null: the fault was over by itself. */
  healAt: number | null = null,
): ClientStream[] {
  const question = { ...AVAILABILITY_DEFAULTS, faultAt, deadlineMs };
  const byKind = measureAvailability(operations, question);
  const lastAt = operations.reduce((latest, { scheduled = 0 }) => Math.max(latest, scheduled), 0);
  return measureAvailability(operations, { ...question, perOperation: false })
    .map(({ region, profile, failedMs, outages }): ClientStream => {
      const kinds = byKind.filter((group) => group.region === region && group.profile === profile);
      const recoveryTimeMs = worstRecoveryTimeMs(kinds);
      return {
        region,
        profile,
        recoveryTimeMs,
        onlyOnceHealed:
          healAt !== null &&
          recoveryTimeMs !== null &&
          recoveryTimeMs > 0 &&
          !operations.some(
            (operation) =>
              operation.region === region &&
              operation.profile === profile &&
              operation.outcome === "ok" &&
              (operation.scheduled ?? 0) >= faultAt + recoveryTimeMs * NS_PER_MS &&
              (operation.completed ?? healAt) < healAt,
          ),
        failedMs,
        outages: outages.map(({ from, to }) => ({
          region,
          profile,
          fromAtMs: msOf(from),
          toAtMs: to >= lastAt ? null : msOf(to),
        })),
      };
    })
    .sort((a, b) => a.region.localeCompare(b.region) || a.profile.localeCompare(b.profile));
}

export interface Headline {
  readonly ms: number | null;
  readonly at: { readonly region: string; readonly profile: string } | null;
  readonly onlyOnceHealed: boolean;
}

/** The stream that recovered last; one that did not recover is later than all. */
export function worstRecovery(streams: readonly ClientStream[]): Headline {
  const [first, ...others] = streams;
  if (first === undefined) return { ms: null, at: null, onlyOnceHealed: false };
  const time = ({ recoveryTimeMs }: ClientStream) => recoveryTimeMs ?? Number.POSITIVE_INFINITY;
  const last = others.reduce((worst, stream) => (time(stream) > time(worst) ? stream : worst), first);
  const { region, profile, onlyOnceHealed } = last;
  return { ms: last.recoveryTimeMs, at: { region, profile }, onlyOnceHealed };
}

export function recoveryByRegion(
  streams: readonly ClientStream[],
): DrillStatus["recoveryTimeMs"]["byRegion"] {
  const regions: Record<string, Record<string, number | null>> = {};
  for (const { region, profile, recoveryTimeMs } of streams)
    (regions[region] ??= {})[profile] = recoveryTimeMs;
  return regions;
}

/** Latency of the successes before, during and after, from scheduled. */
export function latencyAround(
  operations: readonly Operation[],
  faultAt: number,
  healAt: number | null = null,
  deadlineMs: number,
): DrillStatus["latencyMs"] {
  const heal = healAt ?? Number.POSITIVE_INFINITY;
  const took = (fromNs: number, toNs: number): number[] =>
    operations.flatMap(({ scheduled = 0, completed, outcome }) => {
      if (outcome !== "ok" || completed === undefined || scheduled < fromNs || scheduled >= toNs) return [];
      const ms = (completed - scheduled) / NS_PER_MS;
      return ms <= deadlineMs ? [ms] : [];
    });
  const forever = Number.POSITIVE_INFINITY;
  return {
    before: percentiles(took(-forever, faultAt)),
    during: percentiles(took(faultAt, heal)),
    after: percentiles(took(heal, forever)),
  };
}

/** Nearest rank. */
function percentiles(values: readonly number[]): DrillStatus["latencyMs"]["before"] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
