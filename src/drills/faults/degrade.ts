import { between, type Fault, otherSites } from "../fault.ts";

const SLOW_DELAY_MS = 50;
const LOSS_RATIO = 0.1;

export const slowLink: Fault = {
  kind: "slow-link",
  summary: `a site's links to its peers take ${SLOW_DELAY_MS} ms each way`,
  changes: (target, topology) => [
    {
      kind: "links",
      ends: between(target.site, otherSites(target, topology)),
      set: { delayMs: SLOW_DELAY_MS },
    },
  ],
  effect: "degraded",
  lasting: true,
};

export const lossyLink: Fault = {
  kind: "lossy-link",
  summary: `a site's links to its peers lose ${LOSS_RATIO * 100} % of the packets`,
  changes: (target, topology) => [
    {
      kind: "links",
      ends: between(target.site, otherSites(target, topology)),
      set: { lossRatio: LOSS_RATIO },
    },
  ],
  effect: "degraded",
  lasting: true,
};

export const diskFull: Fault = {
  kind: "disk-full",
  summary: "a site's disk has no free byte",
  changes: ({ site }) => [{ kind: "fill-disk", place: site }],
  effect: "site-unable",
  lasting: true,
};
