import { type Fault, sitesOf } from "../fault.ts";

/** Unlike a lost site's, its disk has only what was synchronised: a kill alone leaves the page cache. */
export const powerLoss: Fault = {
  kind: "power-loss",
  summary: "a site loses power: as lost, and what it had not synchronised to disk is gone",
  changes: ({ site }) => [{ kind: "power-off", places: [site] }],
  disks: "loop",
  effect: "site-unreachable",
  lasting: true,
};

/** No replica is left to hide what another one had not synchronised. */
export const powerLossAll: Fault = {
  kind: "power-loss-all",
  summary: "all sites lose power in one instant: only what was synchronised to disk is left anywhere",
  changes: (_, topology) => [{ kind: "power-off", places: sitesOf(topology) }],
  disks: "loop",
  effect: "workload-gone",
  lasting: true,
};
