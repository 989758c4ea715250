// A plan for tests of this folder: three sites 10–14 ms apart, everything on loopback addresses.
import type { Plan } from "../domain/plan.ts";

/** Sites are 127.SITES.n.1, clients 127.CLIENTS.n.0/24. */
export function examplePlan({ sites: sitesNet, clients: clientsNet } = { sites: 77, clients: 78 }): Plan {
  const site = (name: string, region: string, last: number) => ({
    name,
    region,
    zones: [],
    address: `127.${sitesNet}.${last}.1`,
  });
  const region = (name: string, last: number) => ({
    name,
    gateway: `127.${sitesNet}.${100 + last}.1`,
    prefixes: [`127.${clientsNet}.${last}.0/24`],
  });
  const link = (a: string, b: string, roundTripMs: number) => ({
    between: [a, b] as const,
    roundTripMs,
    jitterMs: 0,
    lossRatio: 0,
    bandwidthBitsPerSecond: null,
  });
  return {
    name: "ledger",
    sites: [site("paris", "eu-west", 1), site("frankfurt", "eu-central", 2), site("london", "eu-north", 3)],
    regions: [region("eu-west", 1), region("eu-central", 2), region("eu-north", 3)],
    links: [link("paris", "frankfurt", 10), link("paris", "london", 10), link("frankfurt", "london", 14)],
    clientRoundTripMs: 2,
    workload: { engine: "etcd", version: null, replicas: 3, heartbeatMs: null, electionTimeoutMs: null },
    strategy: { kind: "distributed", consistency: "strong" },
    objectives: [],
    balancer: {
      hostname: "ledger.example.test",
      policy: { kind: "latency" },
      dnsTtlSeconds: 5,
      check: { kind: "http", path: "/health/ready" },
      timing: { intervalMs: 250, timeoutMs: 200, fall: 2, rise: 3 },
      virtualAddress: "10.79.0.1",
      port: 8080,
    },
  };
}
