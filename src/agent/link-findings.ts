// Measured round trips against the plan's. Pure.

/** Heartbeats, elections and leases follow from the plan's links: further off than this, they are not right any more. */
export const DEVIATION_MAX = 0.2;
/** Fewer say nothing yet. */
export const SAMPLES_MIN = 10;

export interface LinkMeasured {
  readonly plannedMs: number;
  readonly measuredMs: number;
  readonly deviates: boolean;
}

/** By the lower quartile: what the link takes; above it lies what busy machines at its ends add. null: too few samples. */
export function judgeLink(plannedMs: number, samplesMs: readonly number[]): LinkMeasured | null {
  if (samplesMs.length < SAMPLES_MIN) return null;
  const measuredMs = samplesMs.toSorted((a, b) => a - b)[Math.floor(samplesMs.length / 4)] ?? 0;
  return { plannedMs, measuredMs, deviates: Math.abs(measuredMs - plannedMs) > plannedMs * DEVIATION_MAX };
}
