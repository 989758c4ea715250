// The two facts a balancer knows of a site, each with its reason (pitfall 7.1: a port that is open is not a site that can commit).

export interface SiteReport {
  /** What the site says of itself, at its readiness path. */
  readonly site: string;
  readonly ableToCommit: boolean;
  readonly because: string;
  /** The engine's term (etcd) or epoch of the primaryship; null when not known. */
  readonly epoch: number | null;
  /** Age of what it knows it from: since the last acknowledged write was sent; null: there was none. */
  readonly evidenceAgeMs?: number | null;
}

export interface SiteHealth {
  readonly site: string;
  readonly reachable: boolean;
  readonly ableToCommit: boolean;
  readonly because: string;
  readonly epoch: number | null;
}

/** One gateway's view of all sites: a row of the matrix client region × site. */
export interface ReachabilityRow {
  readonly region: string;
  /** Grows by one with each row of this gateway's life; `startedAt` tells lives apart. */
  readonly sequence: number;
  readonly startedAt: string;
  readonly sites: readonly SiteHealth[];
}
