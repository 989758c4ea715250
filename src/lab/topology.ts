// Plan → places and links of a lab. Pure. One flat segment 10.77.0.0/16 joins sites and gateways; behind each gateway its
// region's clients (10.78.r.0/24).
//
//   clients/eu-west ── veth ── gateway/eu-west ──┐
//                                               relay (delay, loss, cut per pair and direction)
//   paris ───────────────────────────────────────┘
import { clientRoundTripMs, linkBetween, type Plan } from "../domain/plan.ts";
import type { LinkSetting } from "./link.ts";

export interface Place {
  /** Site name, "gateway/REGION" or "clients/REGION". */
  readonly name: string;
  readonly kind: "site" | "gateway" | "clients";
  readonly region: string;
  /** Network namespace. */
  readonly namespace: string;
  /** VXLAN network identifier and last byte of the MAC; 0 for clients, who sit behind their gateway. */
  readonly port: number;
  /** Address on the segment; for clients the one in their own network. */
  readonly address: string;
  /** First three bytes of the region's client network, for gateways and clients. */
  readonly clientNetwork: string | null;
}

export interface Topology {
  readonly plan: Plan;
  readonly places: readonly Place[];
  readonly links: readonly LinkSetting[];
}

const GATEWAY_PORT_BASE = 100;
/** The bounds of the addresses above: one byte each. */
export const SITES_MAX = 99;
export const REGIONS_MAX = 99;

export function topologyOf(plan: Plan): Topology {
  if (plan.sites.length > SITES_MAX || plan.regions.length > REGIONS_MAX)
    throw new RangeError(`a lab has at most ${SITES_MAX} sites and ${REGIONS_MAX} client regions`);
  const sites = plan.sites.map(
    (site, index): Place => ({
      name: site.name,
      kind: "site",
      region: site.region,
      namespace: `s${index + 1}`,
      port: index + 1,
      address: `10.77.${index + 1}.1`,
      clientNetwork: null,
    }),
  );
  const gateways = plan.regions.map((region, index): Place => {
    const port = GATEWAY_PORT_BASE + index + 1;
    return {
      name: `gateway/${region.name}`,
      kind: "gateway",
      region: region.name,
      namespace: `g${index + 1}`,
      port,
      address: `10.77.${port}.1`,
      clientNetwork: `10.78.${index + 1}`,
    };
  });
  const clients = gateways.map(
    (gateway, index): Place => ({
      ...gateway,
      name: `clients/${gateway.region}`,
      kind: "clients",
      namespace: `c${index + 1}`,
      port: 0,
      address: `${gateway.clientNetwork}.2`,
    }),
  );
  // The emulated plan has the lab's own addresses, whatever the user's production addresses are.
  const resolved: Plan = {
    ...plan,
    sites: plan.sites.map((site, index) => ({ ...site, address: sites[index]?.address ?? null })),
    regions: plan.regions.map((region, index) => {
      const gateway = gateways[index];
      if (gateway === undefined) throw new RangeError("a region without a gateway");
      return {
        ...region,
        gateway: gateway.address,
        prefixes: [`${gateway.address}/32`, `${gateway.clientNetwork}.0/24`],
      };
    }),
  };
  return {
    plan: resolved,
    places: [...sites, ...gateways, ...clients],
    links: linksOf(resolved, sites, gateways),
  };
}

function linksOf(plan: Plan, sites: readonly Place[], gateways: readonly Place[]): LinkSetting[] {
  const ends = [...sites, ...gateways];
  return ends.flatMap((from) =>
    ends
      .filter((to) => to !== from)
      .map((to): LinkSetting => ({ from: from.name, to: to.name, cut: false, ...between(plan, from, to) })),
  );
}

function between(plan: Plan, from: Place, to: Place) {
  if (from.kind === "site" && to.kind === "site") {
    const link = linkBetween(plan, from.name, to.name);
    return {
      delayMs: link.roundTripMs / 2,
      jitterMs: link.jitterMs,
      lossRatio: link.lossRatio,
      bandwidthBitsPerSecond: link.bandwidthBitsPerSecond,
    };
  }
  const [gateway, other] = from.kind === "gateway" ? [from, to] : [to, from];
  const roundTripMs =
    other.kind === "site"
      ? clientRoundTripMs(plan, gateway.region, other.name)
      : Math.min(...plan.sites.map((site) => clientRoundTripMs(plan, gateway.region, site.name)));
  return { delayMs: roundTripMs / 2, jitterMs: 0, lossRatio: 0, bandwidthBitsPerSecond: null };
}

export function placeOf(topology: Topology, name: string): Place {
  const place = topology.places.find((candidate) => candidate.name === name);
  if (place === undefined) throw new RangeError(`no place ${name} in this lab`);
  return place;
}

/** Last byte tells the relay where a frame goes. */
export const macOf = (place: Place): string => `02:00:00:00:00:${place.port.toString(16).padStart(2, "0")}`;
