// Topology → `ip` commands. Pure builders, compared by equality in tests; `apply-network.ts` runs them.
// What joins the places is a link driver's (relay/relay-links.ts, netem/netem-links.ts).
import { macOf, type Place, type Topology } from "./topology.ts";

/** Of every device inside the lab. */
export const INNER_MTU = 9000;

/** A batch for `ip -batch -`, run in the named namespace (null: the backbone). */
export interface IpBatch {
  readonly namespace: string | null;
  readonly lines: readonly string[];
}

/** The namespace itself. */
export const namespaceBatch = (place: Place): IpBatch => ({
  namespace: null,
  lines: [`netns add ${place.namespace}`],
});

/** Addresses, neighbours and routes, once the place has its namespace and, on the segment, its `eth0`. */
export function placeBatches(topology: Topology, place: Place): IpBatch[] {
  return place.kind === "clients" ? clientBatches(topology, place) : segmentBatches(topology, place);
}

function segmentBatches(topology: Topology, place: Place): IpBatch[] {
  const peers = topology.places.filter((peer) => peer.kind !== "clients" && peer !== place);
  const gateways = peers.filter((peer) => peer.kind === "gateway");
  return [
    {
      namespace: place.namespace,
      lines: [
        "link set lo up",
        `address add ${place.address}/16 dev eth0`,
        "link set eth0 up",
        // Permanent neighbours: a cut must be silence, never a quick EHOSTUNREACH.
        ...peers.map(
          (peer) => `neighbour replace ${peer.address} lladdr ${macOf(peer)} dev eth0 nud permanent`,
        ),
        ...gateways.map((gateway) => `route replace ${gateway.clientNetwork}.0/24 via ${gateway.address}`),
      ],
    },
  ];
}

function clientBatches(topology: Topology, place: Place): IpBatch[] {
  const gateway = topology.places.find((peer) => peer.kind === "gateway" && peer.region === place.region);
  if (gateway === undefined) throw new RangeError(`no gateway for ${place.name}`);
  const network = place.clientNetwork;
  return [
    {
      namespace: gateway.namespace,
      lines: [
        `link add cl0 mtu ${INNER_MTU} type veth peer name eth0 netns ${place.namespace} mtu ${INNER_MTU}`,
        `address add ${network}.1/24 dev cl0`,
        "link set cl0 up",
      ],
    },
    {
      namespace: place.namespace,
      lines: [
        "link set lo up",
        `address add ${place.address}/24 dev eth0`,
        "link set eth0 up",
        `route add default via ${network}.1`,
      ],
    },
  ];
}

/** Kernel settings inside a place's namespace, as path below /proc/sys → value. */
export function kernelSettings(place: Place): Readonly<Record<string, string>> {
  const none = { "net/ipv6/conf/all/disable_ipv6": "1", "net/ipv6/conf/default/disable_ipv6": "1" };
  // After a cut has healed, a peer's next try comes within a second, not after as long as the cut was (Linux 6.15).
  if (place.kind === "site") return { ...none, "net/ipv4/tcp_rto_max_ms": "1000" };
  if (place.kind !== "gateway") return none;
  return {
    ...none,
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
  };
}
