// The recursive resolver (unbound) of a client region, pointed at the name servers of all sites. Pure.
// Options: unbound.conf(5).
import type { Place, Topology } from "./topology.ts";

/** The zone of a hostname: its parent. */
export const zoneOf = (hostname: string): string => hostname.split(".").slice(1).join(".");

export function resolverConfig(topology: Topology, gateway: Place): string {
  const zone = zoneOf(topology.plan.balancer.hostname);
  const top = zone.split(".").at(-1) ?? zone;
  const nameServers = topology.places.filter((place) => place.kind === "site").map((place) => place.address);
  return `server:
  interface: ${gateway.clientNetwork}.1
  access-control: ${gateway.clientNetwork}.0/24 allow
  do-daemonize: no
  do-ip6: no
  chroot: ""
  username: ""
  directory: "/run/outlast"
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 0
  num-threads: 1
  module-config: "iterator"
  qname-minimisation: no
  target-fetch-policy: "0 0 0 0 0"
  # "test." and "invalid." are answered by unbound itself unless told otherwise (RFC 6761).
  local-zone: "${top}." nodefault
  local-zone: "${zone}." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "${zone}."
${nameServers.map((address) => `  stub-addr: ${address}`).join("\n")}
`;
}
