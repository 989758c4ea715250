// What is believed of each site for each client region, from rows of the reachability matrix. Pure. The same function
// serves a gateway (its own row only) and a name server (the rows of all gateways, with their age).
//
// - The fresh row of the region itself decides for the region: reachability is what its clients have.
// - Without it, the other fresh rows say which sites are able; that they are reachable from this region is assumed, and said.
//   A row that can't reach a site abstains on it: a cut between them is not a site down.
// - Without any fresh row there are too few observers: nothing is believed, and the route is held.
// - Where only one site at a time can commit, of two that say they can the one of the newer epoch is believed.
// A name server's own site is never asked: it is no evidence for what clients reach.
import type { ReachabilityRow } from "../domain/health.ts";
import type { Plan } from "../domain/plan.ts";

export interface KnownRow {
  readonly row: ReachabilityRow;
  readonly ageMs: number;
}

export interface RegionView {
  readonly region: string;
  /** Sites that can serve the region; null: too few observers, hold. */
  readonly candidates: readonly string[] | null;
  /** How it is known, for people; "" when the region's own row says it. */
  readonly basis: string;
  /** Why each site that is not a candidate is not: site → reason. */
  readonly refused: Readonly<Record<string, string>>;
  /** The highest epoch that a candidate carries. */
  readonly epoch: number | null;
}

/** One primary at a time, and epochs that tell which. */
export const isExclusive = ({ strategy }: Plan): boolean => strategy.kind === "transaction-replication";

/** Rows older than this are no evidence: three rows and one probe may be missing. */
export const rowFreshMs = (plan: Plan): number =>
  Math.max(1_000, 3 * plan.balancer.timing.intervalMs + plan.balancer.timing.timeoutMs);

export function viewOf(
  plan: Plan,
  region: string,
  rows: ReadonlyMap<string, KnownRow>,
  sites: readonly string[],
): RegionView {
  const freshMs = rowFreshMs(plan);
  const own = rows.get(region);
  if (own !== undefined && own.ageMs <= freshMs)
    return viewFrom(plan, { region, basis: "" }, sites, (site) => ownWord(own.row, site));
  const missing =
    own === undefined
      ? `no row from ${region} yet`
      : `the row from ${region} is ${Math.round(own.ageMs)} ms old`;
  const others = [...rows.values()].filter(
    ({ row, ageMs }) => row.region !== region && ageMs <= freshMs && row.sites.some((site) => site.reachable),
  );
  if (others.length === 0)
    return {
      region,
      candidates: null,
      basis: `${missing}, and no other observer`,
      refused: {},
      epoch: null,
    };
  const regions = others
    .map(({ row }) => row.region)
    .sort()
    .join(", ");
  const basis = `${missing}; by what ${regions} see`;
  return viewFrom(plan, { region, basis }, sites, (site) => othersWord(others, site));
}

/** What is known of one site: it can serve, under this epoch; or why not. */
type Word = { readonly epoch: number | null } | { readonly refused: string };

function ownWord(row: ReachabilityRow, site: string): Word {
  const health = row.sites.find((candidate) => candidate.site === site);
  if (health === undefined) return { refused: "not in the row" };
  return health.reachable && health.ableToCommit ? { epoch: health.epoch } : { refused: health.because };
}

function othersWord(others: readonly KnownRow[], site: string): Word {
  const said = others.flatMap(({ row }) =>
    row.sites.filter((health) => health.site === site && health.reachable),
  );
  const able = said.filter((health) => health.ableToCommit);
  // The site itself says whether it is able; observers differ only in when they heard it. A tie counts as able.
  return able.length > 0 && able.length * 2 >= said.length
    ? { epoch: able.reduce<number | null>((epoch, health) => highest(epoch, health.epoch), null) }
    : { refused: said[0]?.because ?? "no observer reaches it" };
}

function viewFrom(
  plan: Plan,
  { region, basis }: Pick<RegionView, "region" | "basis">,
  sites: readonly string[],
  wordOf: (site: string) => Word,
): RegionView {
  const words = sites.map((site) => ({ site, word: wordOf(site) }));
  const epoch = words.reduce<number | null>(
    (newest, { word }) => ("refused" in word ? newest : highest(newest, word.epoch)),
    null,
  );
  const refused: Record<string, string> = {};
  const candidates: string[] = [];
  for (const { site, word } of words) {
    if ("refused" in word) refused[site] = word.refused;
    else if (isExclusive(plan) && epoch !== null && word.epoch !== epoch)
      refused[site] = `epoch ${word.epoch ?? "unknown"} is over: another site serves epoch ${epoch}`;
    else candidates.push(site);
  }
  return { region, candidates, basis, refused, epoch };
}

const highest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);
