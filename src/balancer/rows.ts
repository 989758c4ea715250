// The last row of each region, with the time it arrived. Bounded by the regions of the plan.
import type { ReachabilityRow } from "../domain/health.ts";
import type { KnownRow } from "./view.ts";

export interface Rows {
  /** false: not a region of the plan, or older than the one kept (they may overtake each other). */
  put(row: ReachabilityRow, nowMs: number): boolean;
  known(nowMs: number): ReadonlyMap<string, KnownRow>;
}

export function newRows(regions: readonly string[]): Rows {
  const kept = new Map<string, { row: ReachabilityRow; arrivedMs: number }>();
  return {
    put: (row, nowMs) => {
      if (!regions.includes(row.region)) return false;
      const last = kept.get(row.region)?.row;
      if (last !== undefined && last.startedAt === row.startedAt && row.sequence <= last.sequence)
        return false;
      if (last !== undefined && row.startedAt < last.startedAt) return false;
      kept.set(row.region, { row, arrivedMs: nowMs });
      return true;
    },
    known: (nowMs) =>
      new Map([...kept].map(([region, { row, arrivedMs }]) => [region, { row, ageMs: nowMs - arrivedMs }])),
  };
}
