// Where the rig's fence stands.
//
//   client 10.78.1.2, fd78::2 ── 10.78.1.1, fd78::1 site 10.77.1.1, fd77::1 ── 10.77.2.1, fd77::2 peer
import type { FenceSpec } from "../../src/fences/kernel/spec.ts";

export const SITE = { ip: "10.77.1.1", ip6: "fd77::1" };
export const PEER = { ip: "10.77.2.1", ip6: "fd77::2" };
export const ENGINE = { ip: "169.254.77.1", ip6: "fd00:77::1" };
export const TIMINGS = { ticketMs: 400, fenceMs: 600 };

export const SPEC: FenceSpec = {
  owner: "rig",
  addresses: [
    { family: "ip", site: SITE.ip, engine: ENGINE.ip, peers: [PEER.ip] },
    { family: "ip6", site: SITE.ip6, engine: ENGINE.ip6, peers: [PEER.ip6] },
  ],
  ports: { engine: 5432, readWrite: 5432, replication: 5433, readOnly: 5434, ticket: 7461, confirm: 7462 },
  users: { agent: 0, engine: 0 },
  timings: TIMINGS,
  routing: { mark: 0x6f75, priority: 100 },
};
