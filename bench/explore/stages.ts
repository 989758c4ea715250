// From small to whole: each is explored to its end, as long as time and memory last.
import { type Bounds, NO_FAULTS } from "./model.ts";

export const STAGES: readonly (readonly [string, Bounds])[] = [
  ["no fault", { ...NO_FAULTS, writes: 2 }],
  ["1 switchover", { ...NO_FAULTS, writes: 1, releases: 1 }],
  ["1 crash", { ...NO_FAULTS, writes: 1, crashes: 1 }],
  ["1 thaw", { ...NO_FAULTS, writes: 1, thaws: 1 }],
  ["1 cut", { ...NO_FAULTS, writes: 1, cuts: 1 }],
  ["1 change of the voters", { ...NO_FAULTS, writes: 2, changes: 1 }],
];
