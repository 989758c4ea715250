import { between, type Fault, otherSites, peerOf } from "../fault.ts";

/** The paper's network partition: no site–site path, while clients still reach the site. */
export const isolateSite: Fault = {
  kind: "isolate-site",
  summary: "a site is cut off from its peers while clients still reach it",
  changes: (target, topology) => [
    { kind: "links", ends: between(target.site, otherSites(target, topology)), set: { cut: true } },
  ],
  effect: "site-unable",
  lasting: true,
};

export const cutPair: Fault = {
  kind: "cut-pair",
  summary: "two sites can't reach each other; both reach the third",
  changes: (target, topology) => [
    { kind: "links", ends: between(target.site, [peerOf(target, topology)]), set: { cut: true } },
  ],
  effect: "degraded",
  lasting: true,
};

export const cutOneWay: Fault = {
  kind: "cut-one-way",
  summary: "nothing that the site sends arrives at its peers; it still hears them",
  changes: (target, topology) => [
    {
      kind: "links",
      ends: otherSites(target, topology).map((to) => ({ from: target.site, to })),
      set: { cut: true },
    },
  ],
  effect: "site-unable",
  lasting: true,
};
