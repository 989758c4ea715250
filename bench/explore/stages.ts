// Bounds from small to whole. Each is explored to its end, as long as time and memory last; one that was cut off counts for
// what it reached. Time in units of P/2, one message a link and three sites everywhere.
import { type Bounds, NO_FAULTS } from "./model.ts";

export interface Stage {
  readonly name: string;
  readonly bounds: Bounds;
}

const stage = (name: string, faults: Partial<Bounds>): Stage => ({
  name,
  bounds: { ...NO_FAULTS, ...faults },
});

export const STAGES: readonly Stage[] = [
  stage("no fault", { writes: 2 }),
  stage("1 change of the voters", { writes: 2, changes: 1 }),
  stage("1 switchover", { writes: 1, releases: 1 }),
  stage("1 tick of drift, 1 cut", { drifts: 1, cuts: 1 }),
  stage("1 cut", { writes: 1, cuts: 1 }),
  stage("1 thaw", { writes: 1, thaws: 1 }),
  stage("1 crash", { writes: 1, crashes: 1 }),
  stage("1 lost message, 1 late one", { writes: 1, losses: 1, delays: 1 }),
  stage("1 switchover, 1 crash", { writes: 1, releases: 1, crashes: 1 }),
  stage("1 crash, 1 change of the voters", { writes: 1, crashes: 1, changes: 1 }),
  stage("2 takeovers, 1 crash", { takeovers: 2, writes: 1, crashes: 1 }),
  stage("2 takeovers, 1 thaw, 1 tick of drift", { takeovers: 2, thaws: 1, drifts: 1 }),
  stage("1 crash, 1 thaw", { writes: 1, crashes: 1, thaws: 1 }),
  stage("2 takeovers, 2 crashes", { takeovers: 2, writes: 1, crashes: 2 }),
  stage("2 takeovers, 2 crashes, 1 thaw, 1 tick of drift", {
    takeovers: 2,
    writes: 1,
    crashes: 2,
    thaws: 1,
    drifts: 1,
  }),
];
