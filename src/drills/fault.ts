// A fault: what is asked for → what changes in the lab. Data, about 20 lines each; the keeper applies and reverts it.
import type { LabChange } from "../lab/changes.ts";
import type { Topology } from "../lab/topology.ts";

export interface FaultTarget {
  /** The site the fault hits. */
  readonly site: string;
  /** The other end, for faults of a pair; chosen when not named. */
  readonly peer: string | null;
}

export interface Fault {
  readonly kind: string;
  readonly summary: string;
  readonly changes: (target: FaultTarget, topology: Topology) => readonly LabChange[];
  /** Present when only such disks can suffer it. */
  readonly disks?: "loop";
  /** Clients can't reach the site any more (as opposed to: the site can't commit, or neither); or no site is left. */
  readonly effect: "site-unreachable" | "site-unable" | "leader-gone" | "degraded" | "workload-gone";
  /** What ends it besides healing: nothing is held for faults that are over at once (a kill). */
  readonly lasting: boolean;
}

export const sitesOf = (topology: Topology): string[] =>
  topology.places.filter((place) => place.kind === "site").map((place) => place.name);

export const otherSites = (target: FaultTarget, topology: Topology): string[] =>
  sitesOf(topology).filter((site) => site !== target.site);

export const peerOf = (target: FaultTarget, topology: Topology): string => {
  const [first] = otherSites(target, topology);
  const peer = target.peer ?? first;
  if (peer === undefined) throw new RangeError("a fault of a pair needs two sites");
  return peer;
};

/** Both directions between a site and each of the others. */
export const between = (site: string, others: readonly string[]) =>
  others.flatMap((other) => [
    { from: site, to: other },
    { from: other, to: site },
  ]);
