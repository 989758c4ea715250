import type { Fault } from "../fault.ts";

/** The datacenter is gone: silence, and every process stopped in one instant. It returns with its disks. */
export const loseSite: Fault = {
  kind: "lose-site",
  summary: "a site is lost: silence and the end of every process in it; it returns with its data",
  changes: ({ site }) => [{ kind: "lose-place", place: site, wipeDisks: false }],
  effect: "site-unreachable",
  lasting: true,
};

/** As above, and nothing is left on its disks: its member comes back from empty. */
export const loseSiteWithDisks: Fault = {
  kind: "lose-site-with-disks",
  summary: "a site is lost with everything on its disks; its member returns from empty",
  changes: ({ site }) => [{ kind: "lose-place", place: site, wipeDisks: true }],
  effect: "site-unreachable",
  lasting: true,
};
