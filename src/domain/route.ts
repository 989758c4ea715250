// A route: which sites each client region is sent to, and why. Computed when health changes, never per query.

export interface RouteGroup {
  readonly region: string;
  /** Site → share, > 0. Empty: nothing can serve this region ("unavailable" with nothing better to hold). */
  readonly weights: Readonly<Record<string, number>>;
  readonly because: string;
}

export interface Route {
  /** The engine's term or the primaryship's epoch the decision was made under; null when not known. */
  readonly epoch: number | null;
  /** Grows by one with each change. */
  readonly serial: number;
  readonly groups: readonly RouteGroup[];
  /** true: at least one group was kept only because nothing better is known (the hold rule). */
  readonly held: boolean;
}
