// Several runs in one list: median and worst over all runs that were started. A run that could not say counts as worse
// than any that could. Pure.
import { API_VERSION, type DrillResult, type DrillResultList } from "../domain/drill.ts";

/** The mean of the two middle ones of an even count; a null stands for "slower than all", so it may come out as the median. */
export function median(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.map((value) => value ?? Infinity).sort((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)] ?? Infinity;
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Infinity;
  const middle = (low + high) / 2;
  return Number.isFinite(middle) ? middle : null;
}

export function worst(values: readonly (number | null)[]): number | null {
  if (values.length === 0 || values.includes(null)) return null;
  return Math.max(...values.map((value) => value ?? 0));
}

export function objectiveOverRuns(runs: readonly (boolean | null)[]): boolean | null {
  if (runs.includes(false)) return false;
  return runs.length === 0 || runs.includes(null) ? null : true;
}

export function drillResultList(items: readonly DrillResult[]): DrillResultList {
  const times = items.map(({ status }) => status.recoveryTimeMs.worst);
  const lost = items.map(({ status }) => status.lostAcknowledgedWrites);
  return {
    apiVersion: API_VERSION,
    kind: "DrillResultList",
    items,
    summary: {
      runs: items.length,
      recoveryTimeMs: { median: median(times), worst: worst(times) },
      lostAcknowledgedWrites:
        items.length === 0 || lost.includes(null)
          ? null
          : lost.reduce<number>((sum, count) => sum + (count ?? 0), 0),
      objectiveMet: objectiveOverRuns(items.map(({ status }) => status.objectiveMet)),
    },
  };
}
