// How many more failures are survived: the most units of a failure domain of which any may be lost at once, so that what is left
// still holds every acknowledged write, and can still decide and commit. Pure: every choice of units is looked at (there are few
// sites). A unit below a site (node, zone) is taken to hold the whole of its site's member: one member a site.
import type { FailureDomain } from "../domain/plan.ts";
import { sealsNeeded } from "../recovery/quorum.ts";
import type { Certain, Survival } from "./workload-status.ts";

export interface Standing {
  readonly site: string;
  readonly region: string;
  readonly data: Certain;
  readonly vote: Certain;
}

export type Rule =
  /** Consensus is the engine's: a majority of all members. */
  | { readonly kind: "majority" }
  /** One primary; each acknowledged write is on k of the voters (src/recovery/quorum.ts), and agents need the store. */
  | {
      readonly kind: "replicated";
      readonly primary: string | null;
      /** null: nobody tells. */
      readonly voters: readonly string[] | null;
      readonly acknowledgements: number;
    };

type Test = (left: readonly Standing[]) => boolean;
type Part = Survival["limitedBy"];

/** "surely": what nobody tells of is lost; "perhaps": it is well. */
export type Reckoning = "surely" | "perhaps";
const counts = (certain: Certain, reckoning: Reckoning): boolean =>
  certain === "yes" || (certain === "unknown" && reckoning === "perhaps");

/** What must hold of the sites that are left, part by part. */
export function tests(all: number, rule: Rule, reckoning: Reckoning): readonly (readonly [Part, Test])[] {
  const most = Math.floor(all / 2) + 1;
  const voting: Test = (left) => left.filter(({ vote }) => counts(vote, reckoning)).length >= most;
  if (rule.kind === "majority") return [["majority", voting]];
  const { primary, voters, acknowledgements } = rule;
  const data = (left: readonly Standing[]) => left.filter((each) => counts(each.data, reckoning));
  const safe: Test = (left) => {
    const there = data(left).map(({ site }) => site);
    if (primary !== null && there.includes(primary)) return true;
    if (voters === null) return reckoning === "perhaps" && there.length > 0;
    if (acknowledgements === 0) return there.length > 0;
    const seals = voters.filter((site) => there.includes(site)).length;
    return seals > 0 && seals >= sealsNeeded({ voters, acknowledgements });
  };
  return [
    ["acknowledged writes", safe],
    ["store majority", voting],
    ["standbys to commit with", (left) => data(left).length > acknowledgements],
  ];
}

/** Sites that fail as one. */
export function unitsOf(
  standings: readonly Standing[],
  domain: FailureDomain,
): readonly (readonly string[])[] {
  if (domain !== "region") return standings.map(({ site }) => [site]);
  const regions = [...new Set(standings.map(({ region }) => region))];
  return regions.map((name) => standings.filter(({ region }) => region === name).map(({ site }) => site));
}

function* choices<T>(of: readonly T[], count: number, from = 0): Generator<readonly T[]> {
  if (count === 0) yield [];
  else
    for (let at = from; at <= of.length - count; at += 1)
      for (const rest of choices(of, count - 1, at + 1)) yield [of[at] as T, ...rest];
}

/** The most of which any may be lost; 0 also where it does not hold even now. */
function survived(standings: readonly Standing[], units: readonly (readonly string[])[], test: Test): number {
  for (let lost = 1; lost <= units.length; lost += 1)
    for (const chosen of choices(units, lost)) {
      const gone = new Set(chosen.flat());
      if (!test(standings.filter(({ site }) => !gone.has(site)))) return lost - 1;
    }
  return units.length;
}

export function survivalOf(
  domain: FailureDomain,
  promised: number,
  standings: readonly Standing[],
  rule: Rule,
): Survival {
  const units = unitsOf(standings, domain);
  const reckon = (reckoning: Reckoning) =>
    tests(standings.length, rule, reckoning).map(
      ([part, test]) => [part, survived(standings, units, test)] as const,
    );
  const surely = reckon("surely");
  const perhaps = reckon("perhaps");
  const least = (parts: typeof surely) => Math.min(...parts.map(([, count]) => count));
  const ofPart = (parts: typeof surely, names: readonly Part[]) =>
    parts.find(([part]) => names.includes(part))?.[1] ?? 0;
  const now = least(surely);
  const data = ["acknowledged writes", "majority"] as const;
  return {
    domain,
    promised,
    now,
    atMost: least(perhaps),
    limitedBy: surely.find(([, count]) => count === now)?.[0] ?? "majority",
    data: ofPart(surely, data),
    dataAtMost: ofPart(perhaps, data),
    store: ofPart(surely, ["store majority", "majority"]),
  };
}

/** Whether what is left without this site still does all of it. */
export function survivesWithout(site: string | null, standings: readonly Standing[], rule: Rule): Certain {
  const left = standings.filter((each) => each.site !== site);
  const holds = (reckoning: Reckoning) =>
    tests(standings.length, rule, reckoning).every(([, test]) => test(left));
  return holds("surely") ? "yes" : holds("perhaps") ? "unknown" : "no";
}
