import assert from "node:assert/strict";
import { test } from "node:test";
import { loadPlan } from "../../src/plan/load.ts";
import { placeBatches } from "../../src/lab/network.ts";
import { macOf, placeOf, topologyOf } from "../../src/lab/topology.ts";

const topology = topologyOf(await loadPlan("examples/etcd.yaml"));
const delay = (from: string, to: string) =>
  topology.links.find((link) => link.from === from && link.to === to)?.delayMs;

test("every site, gateway and client network has its own address, also in the plan that daemons read", () => {
  const addresses = topology.places.map((place) => place.address);
  assert.equal(new Set(addresses).size, 9);
  assert.deepEqual(
    topology.plan.sites.map((site) => site.address),
    ["10.77.1.1", "10.77.2.1", "10.77.3.1"],
  );
  assert.deepEqual(topology.plan.regions[0]?.prefixes, ["10.77.101.1/32", "10.78.1.0/24"]);
  assert.equal(macOf(placeOf(topology, "gateway/eu-west")), "02:00:00:00:00:65");
});

test("half the round trip each way: between sites, from clients to their own site, and to another one", () => {
  assert.equal(delay("paris", "frankfurt"), 5);
  assert.equal(delay("london", "frankfurt"), 7);
  assert.equal(delay("gateway/eu-west", "paris"), 1);
  assert.equal(delay("gateway/eu-west", "london"), 6);
  assert.equal(delay("london", "gateway/eu-central"), 8);
});

test("a site's neighbours are permanent, so that a cut is silence", () => {
  const lines = placeBatches(topology, placeOf(topology, "paris")).flatMap((batch) => batch.lines);
  const neighbours = lines.filter((line) => line.startsWith("neighbour"));
  assert.equal(neighbours.length, 5);
  assert.ok(neighbours.every((line) => line.endsWith("nud permanent")));
  assert.ok(lines.includes("route replace 10.78.2.0/24 via 10.77.102.1"));
});

test("clients go through their gateway and know no other way", () => {
  const lines = placeBatches(topology, placeOf(topology, "clients/eu-north")).flatMap((batch) => batch.lines);
  assert.ok(lines.includes("route add default via 10.78.3.1"));
  assert.ok(lines.every((line) => !line.includes("vxlan")));
});
