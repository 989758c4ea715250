// Counts and latencies of a run: for the whole of it and for each progress window.
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Outcome3 } from "../domain/history.ts";

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** null: nothing recorded. In milliseconds. */
function percentiles(histogram: RecordableHistogram): Percentiles | null {
  if (histogram.count === 0) return null;
  const ms = (ns: number) => Math.round(ns / 1e3) / 1e3;
  return {
    p50: ms(histogram.percentile(50)),
    p99: ms(histogram.percentile(99)),
    p999: ms(histogram.percentile(99.9)),
    max: ms(histogram.max),
  };
}

/** A histogram of nanoseconds; it has no 0. */
export function durations(): {
  record(ns: number): void;
  reset(): void;
  percentiles(): Percentiles | null;
} {
  const histogram = createHistogram();
  return {
    record: (ns) => histogram.record(Math.max(1, Math.round(ns))),
    reset: () => histogram.reset(),
    percentiles: () => percentiles(histogram),
  };
}

export interface Counts {
  ok: number;
  fail: number;
  unknown: number;
}

export interface ProfileTally {
  readonly total: Counts & { notSent: number };
  /** Latency of what succeeded, from `scheduled`. */
  readonly latency: ReturnType<typeof durations>;
  add(outcome: Outcome3, latencyNs: number): void;
  /** Counts and latency since the last call. */
  window(): Counts & { readonly p50Ms: number | null; readonly p99Ms: number | null };
}

export function profileTally(): ProfileTally {
  const total = { ok: 0, fail: 0, unknown: 0, notSent: 0 };
  const latency = durations();
  const recent = durations();
  let since: Counts = { ok: 0, fail: 0, unknown: 0 };
  return {
    total,
    latency,
    add: (outcome, latencyNs) => {
      total[outcome] += 1;
      since[outcome] += 1;
      if (outcome !== "ok") return;
      latency.record(latencyNs);
      recent.record(latencyNs);
    },
    window: () => {
      const found = recent.percentiles();
      const counts = since;
      since = { ok: 0, fail: 0, unknown: 0 };
      recent.reset();
      return { ...counts, p50Ms: found?.p50 ?? null, p99Ms: found?.p99 ?? null };
    },
  };
}
