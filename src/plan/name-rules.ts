// Rules about names: twice the same, unknown, missing. They read the raw document, so that they speak even when other
// parts of it are wrong.
import type { PlanPath } from "./finding.ts";
import { didYouMean } from "./suggest.ts";

export interface Remark {
  readonly level: "error" | "warning";
  readonly path: PlanPath;
  readonly message: string;
}

const error = (path: PlanPath, message: string): Remark => ({ level: "error", path, message });
const field = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)[key]
    : undefined;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isText = (value: unknown): value is string => typeof value === "string";

interface Place {
  readonly value: unknown;
  readonly path: PlanPath;
}

/** An error for each value that stood before; values that are not strings are the schema's business. */
function doubles(places: readonly Place[], what: string): Remark[] {
  const seen = new Set<string>();
  return places.flatMap(({ value, path }) => {
    if (!isText(value)) return [];
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [error(path, `${what} "${value}" stands here twice`)];
  });
}

function unknownSites(places: readonly Place[], sites: readonly string[]): Remark[] {
  return places.flatMap(({ value, path }) =>
    isText(value) && !sites.includes(value)
      ? [error(path, `no site is named "${value}"${didYouMean(value, sites)}`)]
      : [],
  );
}

const places = (values: readonly unknown[], key: string, base: PlanPath): Place[] =>
  values.map((value, index) => ({ value: field(value, key), path: [...base, index, key] }));

function linkRules(links: readonly unknown[], sites: readonly string[], complete: boolean): Remark[] {
  const base = ["spec", "links"];
  const seen = new Map<string, number>();
  let whole = complete;
  const remarks = links.flatMap((link, index): Remark[] => {
    const between = field(link, "between");
    const path = [...base, index, "between"];
    if (!Array.isArray(between) || between.length !== 2 || !between.every(isText)) {
      whole = false;
      return [];
    }
    const unknown = unknownSites(
      between.map((value: unknown, at) => ({ value, path: [...path, at] })),
      sites,
    );
    if (unknown.length > 0) {
      whole = false;
      return unknown;
    }
    if (between[0] === between[1]) return [error(path, `a link joins two different sites`)];
    const pair = between.toSorted().join("–");
    const first = seen.get(pair);
    if (first !== undefined) return [error(path, `the link ${pair} is already spec.links[${first}]`)];
    seen.set(pair, index);
    return [];
  });
  if (!whole) return remarks;
  const missing = sites
    .flatMap((a, index) => sites.slice(index + 1).map((b) => [a, b]))
    .filter((pair) => !seen.has(pair.toSorted().join("–")));
  if (missing.length === 0) return remarks;
  const examples = missing.map(([a, b]) => `{ between: [${a}, ${b}], roundTrip: 10ms }`).join(", ");
  return [...remarks, error(base, `every pair of sites needs a link; missing: ${examples}`)];
}

function policyRules(policy: unknown, sites: readonly string[]): Remark[] {
  const base = ["spec", "balancer", "policy"];
  const order = list(field(policy, "primarySecondary")).map((value, index) => ({
    value,
    path: [...base, "primarySecondary", index],
  }));
  const weighted = field(policy, "weighted");
  const weights = typeof weighted === "object" && weighted !== null ? Object.entries(weighted) : [];
  const remarks = [
    ...unknownSites(order, sites),
    ...doubles(order, "site"),
    ...unknownSites(
      weights.map(([value]) => ({ value, path: [...base, "weighted", value] })),
      sites,
    ),
  ];
  if (weighted !== undefined && !weights.some(([, weight]) => typeof weight === "number" && weight > 0))
    remarks.push(error([...base, "weighted"], "at least one site needs a weight over 0"));
  return remarks;
}

function regionRules(regions: readonly unknown[], siteRegions: readonly string[]): Remark[] {
  const base = ["spec", "regions"];
  const names = regions.map((region) => field(region, "name")).filter(isText);
  const prefixes = regions.flatMap((region, index) =>
    list(field(region, "prefixes")).map((value, at) => ({
      value,
      path: [...base, index, "prefixes", at],
    })),
  );
  const nowhere = regions.flatMap((region, index): Remark[] => {
    const value = field(region, "name");
    return isText(value) && !siteRegions.includes(value)
      ? [
          {
            level: "warning",
            path: [...base, index, "name"],
            message: `no site is in region "${value}"${didYouMean(value, siteRegions)}; its clients count as far from every site`,
          },
        ]
      : [];
  });
  return [
    ...doubles(places(regions, "name", base), "region"),
    ...doubles(prefixes, "prefix"),
    ...(names.length === regions.length ? nowhere : []),
  ];
}

export function nameRules(document: unknown): Remark[] {
  const spec = field(document, "spec");
  const sites = list(field(spec, "sites"));
  const regions = list(field(spec, "regions"));
  const base = ["spec", "sites"];
  const names = sites.map((site) => field(site, "name")).filter(isText);
  const inside = sites.flatMap((site, index) => {
    const zones = list(field(site, "zones"));
    const at = [...base, index, "zones"];
    const nodes = zones.flatMap((zone, zoneIndex) =>
      list(field(zone, "nodes")).map((value, nodeIndex) => ({
        value,
        path: [...at, zoneIndex, "nodes", nodeIndex],
      })),
    );
    return [...doubles(places(zones, "name", at), "zone"), ...doubles(nodes, "node")];
  });
  const addresses = [
    ...places(sites, "address", base),
    ...places(regions, "gateway", ["spec", "regions"]),
    {
      value: field(field(spec, "balancer"), "virtualAddress"),
      path: ["spec", "balancer", "virtualAddress"],
    },
  ];
  const candidates = list(field(field(spec, "strategy"), "candidates")).map((value, index) => ({
    value,
    path: ["spec", "strategy", "candidates", index],
  }));
  return [
    ...doubles(places(sites, "name", base), "site"),
    ...inside,
    ...unknownSites(candidates, names),
    ...doubles(candidates, "candidate"),
    ...doubles(addresses, "address"),
    ...regionRules(regions, sites.map((site) => field(site, "region")).filter(isText)),
    ...linkRules(list(field(spec, "links")), [...new Set(names)], names.length === sites.length),
    ...policyRules(field(field(spec, "balancer"), "policy"), names),
  ];
}
