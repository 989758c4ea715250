// A history over time, in buckets per region and client profile: what the report draws. Counts by *scheduled* time, so
// that an operation which could not even be sent shows where it should have been. Pure; one pass, bounded output.
import type { Operation } from "../domain/history.ts";

export interface Series {
  readonly region: string;
  readonly profile: string;
  /** One entry a bucket. */
  readonly ok: readonly number[];
  readonly failed: readonly number[];
  /** Latency of the succeeded, from scheduled; null: none succeeded. */
  readonly p50Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
}

export interface SeriesSet {
  readonly bucketMs: number;
  readonly buckets: number;
  readonly series: readonly Series[];
}

export const BUCKETS_MAX = 400;
const BUCKET_STEPS_MS = [100, 200, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000] as const;

export function bucketMsFor(durationMs: number): number {
  return (
    BUCKET_STEPS_MS.find((step) => durationMs / step <= BUCKETS_MAX) ?? Math.ceil(durationMs / BUCKETS_MAX)
  );
}

/** Succeeded in time: an answer after the deadline is a failure to the client that gave up. */
export function succeeded(operation: Operation, deadlineMs: number): boolean {
  const { outcome, completed } = operation;
  if (outcome !== "ok" || completed === undefined) return false;
  return completed - (operation.scheduled ?? operation.invoked) <= deadlineMs * 1e6;
}

function quantile(sorted: readonly number[], q: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
  return value === undefined ? null : Math.round(value * 100) / 100;
}

export interface SeriesSpan {
  readonly durationMs: number;
  readonly deadlineMs: number;
}

/** For histories that are read in pieces. Operations without a region and those of the read-back are not drawn. */
export function collectSeries({ durationMs, deadlineMs }: SeriesSpan): {
  add(operation: Operation): void;
  finish(): SeriesSet;
} {
  const bucketMs = bucketMsFor(durationMs);
  const buckets = Math.max(1, Math.ceil(durationMs / bucketMs));
  const rows = new Map<
    string,
    { region: string; profile: string; failed: number[]; latencies: number[][] }
  >();
  const add = (operation: Operation): void => {
    const { region, profile = "clients" } = operation;
    if (region === undefined || operation.from !== undefined) return;
    const scheduledMs = (operation.scheduled ?? operation.invoked) / 1e6;
    const bucket = Math.floor(scheduledMs / bucketMs);
    if (bucket < 0 || bucket >= buckets) return;
    const key = `${region}\u0000${profile}`;
    let row = rows.get(key);
    if (row === undefined) {
      row = {
        region,
        profile,
        failed: Array.from({ length: buckets }, () => 0),
        latencies: Array.from({ length: buckets }, () => []),
      };
      rows.set(key, row);
    }
    if (succeeded(operation, deadlineMs)) {
      row.latencies[bucket]?.push((operation.completed ?? 0) / 1e6 - scheduledMs);
    } else row.failed[bucket] = (row.failed[bucket] ?? 0) + 1;
  };
  const finish = (): SeriesSet => {
    const series = [...rows.values()].map(({ region, profile, failed, latencies }) => {
      for (const bucket of latencies) bucket.sort((a, b) => a - b);
      return {
        region,
        profile,
        failed,
        ok: latencies.map((bucket) => bucket.length),
        p50Ms: latencies.map((bucket) => quantile(bucket, 0.5)),
        p99Ms: latencies.map((bucket) => quantile(bucket, 0.99)),
      };
    });
    series.sort((a, b) => a.region.localeCompare(b.region, "en") || a.profile.localeCompare(b.profile, "en"));
    return { bucketMs, buckets, series };
  };
  return { add, finish };
}

export function seriesOf(operations: Iterable<Operation>, span: SeriesSpan): SeriesSet {
  const { add, finish } = collectSeries(span);
  for (const operation of operations) add(operation);
  return finish();
}
