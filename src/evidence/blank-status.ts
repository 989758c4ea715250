// The status of a drill of which nothing is known yet: everything null, nothing a success. Pure.
import type { DrillPhase, DrillStatus } from "../domain/drill.ts";

export const blankStatus = (phase: DrillPhase, reasons: readonly string[]): DrillStatus => ({
  phase,
  objectiveMet: null,
  objectives: [],
  conclusive: false,
  reasons,
  recoveryTimeMs: { worst: null, worstAt: null, byRegion: {} },
  failedMs: null,
  outages: [],
  breakdownMs: { detect: null, decide: null, fence: null, promote: null, route: null, reconnect: null },
  acknowledgedWrites: null,
  lostAcknowledgedWrites: null,
  recoveryPointMs: null,
  restoredStateAgeMs: null,
  timeToFullRedundancyMs: null,
  verdicts: [],
  predicted: null,
  latencyMs: { before: null, during: null, after: null },
  marks: [],
  events: [],
  environment: null,
});
