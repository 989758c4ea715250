// The zone that a name server answers for, as a table made when the route changes, and the answer to one query from it. Pure.
//
//   zone = parent of the plan's hostname     ledger.example.test → example.test
//   example.test             SOA, NS ns-SITE.example.test for each site
//   ns-SITE.example.test     A   the site's address
//   ledger.example.test      A   by the route: the asker's region (its address in plan.regions[].prefixes), longest prefix first
//
// TTL and the SOA's minimum are the plan's. Nothing to route to is NODATA, never SERVFAIL: a resolver then asks again after
// the TTL, and does not mark this server as broken. Several sites come in the order of weighted rendezvous hashing over the
// asker's /24: the same asker gets the same order from every name server.
import { createHash } from "node:crypto";
import { BlockList } from "node:net";
import type { Answer as DnsRecord } from "dns-packet";
import type { Plan } from "../../domain/plan.ts";
import type { Route } from "../../domain/route.ts";
import { CLASS, type Query, RCODE, type Rcode, TYPE } from "../../protocols/dns/query.ts";
import { emptyResponse, type ExtendedError, type Response } from "../../protocols/dns/response.ts";

interface Target {
  readonly site: string;
  readonly address: string;
  readonly weight: number;
}

interface Group {
  readonly targets: readonly Target[];
  readonly extendedError: ExtendedError | null;
}

export interface Zone {
  readonly apex: string;
  readonly hostname: string;
  readonly ttl: number;
  readonly soa: DnsRecord;
  readonly nameServers: readonly DnsRecord[];
  /** Name → its A record. */
  readonly glue: ReadonlyMap<string, DnsRecord>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly regionOf: (address: string) => string;
}

export function zoneApex(hostname: string): string {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  const dot = name.indexOf(".");
  return dot === -1 ? name : name.slice(dot + 1);
}

/** `site`: the name server's own. `route`: null when none is known. */
export function makeZone(plan: Plan, site: string, route: Route | null): Zone {
  const hostname = plan.balancer.hostname.toLowerCase().replace(/\.$/, "");
  const apex = zoneApex(hostname);
  const ttl = plan.balancer.dnsTtlSeconds;
  const serverName = (name: string) => `ns-${name.toLowerCase()}.${apex}`;
  const addresses = new Map(
    plan.sites.flatMap(({ name, address }) => (address === null ? [] : [[name, address]])),
  );
  const soa: DnsRecord = {
    type: "SOA",
    name: apex,
    ttl,
    data: {
      mname: serverName(site),
      rname: `hostmaster.${apex}`,
      serial: (route?.serial ?? 0) >>> 0,
      refresh: 60,
      retry: 10,
      expire: 3600,
      minimum: ttl,
    },
  };
  const groups = new Map<string, Group>();
  for (const group of route?.groups ?? []) {
    const targets = Object.entries(group.weights).flatMap(([name, weight]) => {
      const address = addresses.get(name);
      return address === undefined ? [] : [{ site: name, address, weight }];
    });
    groups.set(group.region, { targets, extendedError: extendedErrorOf(group.because, targets.length) });
  }
  return {
    apex,
    hostname,
    ttl,
    soa,
    nameServers: [...addresses.keys()].map((name) => ({
      type: "NS" as const,
      name: apex,
      ttl,
      data: serverName(name),
    })),
    glue: new Map(
      [...addresses].map(([name, address]) => [
        serverName(name),
        { type: "A" as const, name: serverName(name), ttl, data: address },
      ]),
    ),
    groups,
    regionOf: regionFinder(plan, site),
  };
}

/** Extended errors carry the reason of an answer that is not a plain one (RFC 8914: 3 stale answer, 22 no reachable authority). */
function extendedErrorOf(because: string, targets: number): ExtendedError | null {
  if (targets === 0) return { code: 22, text: because };
  return because.startsWith("held") ? { code: 3, text: because } : null;
}

/** Longest prefix first, a region's gateway being one of its own; who is in none gets the group of the name server's own region, else the first. */
function regionFinder(plan: Plan, site: string): (address: string) => string {
  const prefixes = plan.regions
    .flatMap((region) =>
      [...region.prefixes, ...(region.gateway === null ? [] : [`${region.gateway}/32`])].map((prefix) => {
        const [network = "", bits = "32"] = prefix.split("/");
        const list = new BlockList();
        list.addSubnet(network, Number(bits), "ipv4");
        return { region: region.name, bits: Number(bits), list };
      }),
    )
    .sort((a, b) => b.bits - a.bits);
  const own = plan.sites.find(({ name }) => name === site)?.region;
  const fallback = plan.regions.find(({ name }) => name === own)?.name ?? plan.regions[0]?.name ?? "";
  return (address) => prefixes.find(({ list }) => list.check(address, "ipv4"))?.region ?? fallback;
}

/** `source`: the IPv4 address that the query came from. */
export function answer(zone: Zone, query: Query, source: string): Response {
  const { header, question, edns, name, type } = query;
  const respond = (rcode: Rcode, part: Partial<Response> = {}): Response => ({
    ...emptyResponse(header, rcode, question, edns),
    ...part,
  });
  if (query.class !== CLASS.IN && query.class !== CLASS.ANY) return respond(RCODE.REFUSED);
  if (name !== zone.apex && !name.endsWith(`.${zone.apex}`)) return respond(RCODE.REFUSED);
  // The records depend on who asks: there is no zone to transfer.
  if (type === TYPE.AXFR || type === TYPE.IXFR) return respond(RCODE.REFUSED);
  const found = lookUp(zone, name, source);
  if (found === null) return respond(RCODE.NXDOMAIN, { authoritative: true, authorities: [zone.soa] });
  const { records, extendedError } = found;
  const answers = records.filter((record) => type === TYPE.ANY || TYPE[record.type as "A"] === type);
  if (answers.length === 0)
    return respond(RCODE.NOERROR, { authoritative: true, authorities: [zone.soa], extendedError });
  const additionals = answers.flatMap((record) => {
    const glue = record.type === "NS" ? zone.glue.get(record.data as string) : undefined;
    return glue === undefined ? [] : [glue];
  });
  return respond(RCODE.NOERROR, { authoritative: true, answers, additionals, extendedError });
}

function lookUp(
  zone: Zone,
  name: string,
  source: string,
): { readonly records: readonly DnsRecord[]; readonly extendedError: ExtendedError | null } | null {
  const records: DnsRecord[] = name === zone.apex ? [zone.soa, ...zone.nameServers] : [];
  if (name === zone.hostname) {
    const group = zone.groups.get(zone.regionOf(source));
    for (const target of inOrderFor(source, group?.targets ?? []))
      records.push({ type: "A", name: zone.hostname, ttl: zone.ttl, data: target.address });
    return { records, extendedError: group?.extendedError ?? null };
  }
  const glue = zone.glue.get(name);
  if (glue !== undefined) records.push(glue);
  return records.length === 0 ? null : { records, extendedError: null };
}

/** Weighted rendezvous hashing (Schindelhauer and Schomaker 2005): highest weight ÷ −ln(hash) first. */
export function inOrderFor(source: string, targets: readonly Target[]): readonly Target[] {
  if (targets.length < 2) return targets;
  const prefix = source.split(".").slice(0, 3).join(".");
  const score = ({ site, weight }: Target) => {
    const hash = createHash("sha256").update(`${prefix}|${site}`).digest().readUInt32BE(0);
    return weight / -Math.log((hash + 0.5) / 2 ** 32);
  };
  return [...targets].sort((a, b) => score(b) - score(a));
}
