import assert from "node:assert/strict";
import { test } from "node:test";
import type { Route } from "../../domain/route.ts";
import { CLASS, type Query, RCODE, TYPE } from "../../protocols/dns/query.ts";
import { examplePlan } from "../plan-example.ts";
import { answer, inOrderFor, makeZone } from "./zone.ts";

const plan = examplePlan();
const route: Route = {
  epoch: 4,
  serial: 9,
  held: false,
  groups: [
    { region: "eu-west", weights: { paris: 1 }, because: "paris is nearest" },
    { region: "eu-central", weights: { frankfurt: 1, london: 2 }, because: "weights" },
    { region: "eu-north", weights: {}, because: "unavailable: no site can serve" },
  ],
};
const zone = makeZone(plan, "paris", route);
const ask = (name: string, type: number, source = "127.78.1.2", asked = zone) => {
  const query: Query = {
    header: { id: 1, opcode: 0, recursionDesired: false },
    name,
    type,
    class: CLASS.IN,
    question: new Uint8Array(),
    edns: null,
  };
  return answer(asked, query, source);
};
const addresses = (source: string) =>
  ask("ledger.example.test", TYPE.A, source).answers.map((record) => (record as { data: string }).data);

test("the hostname has the addresses of the asker's region, its gateway included", () => {
  assert.deepEqual(addresses("127.78.1.2"), ["127.77.1.1"]);
  assert.deepEqual(addresses("127.77.101.1"), ["127.77.1.1"]);
  assert.deepEqual(addresses("127.78.2.2").sort(), ["127.77.2.1", "127.77.3.1"]);
  assert.deepEqual(
    addresses("192.0.2.1"),
    ["127.77.1.1"],
    "who is in no prefix: the name server's own region",
  );
});

test("nothing to route to is NODATA with a SOA, never a failure", () => {
  for (const [source, from] of [
    ["127.78.3.2", zone],
    ["127.78.1.2", makeZone(plan, "paris", null)],
  ] as const) {
    const response = ask("ledger.example.test", TYPE.A, source, from);
    assert.equal(response.rcode, RCODE.NOERROR);
    assert.equal(response.answers.length, 0);
    assert.equal(response.authorities[0]?.type, "SOA");
  }
  assert.equal(ask("ledger.example.test", TYPE.A, "127.78.3.2").extendedError?.code, 22);
});

test("other types of a name that exists are NODATA, names that do not are NXDOMAIN, other zones are refused", () => {
  const nodata = ask("ledger.example.test", TYPE.AAAA);
  assert.equal(nodata.rcode, RCODE.NOERROR);
  assert.equal(nodata.authoritative, true);
  const soa = nodata.authorities[0] as { ttl: number; data: { minimum: number } };
  assert.ok(soa.data.minimum <= plan.balancer.dnsTtlSeconds && soa.ttl <= plan.balancer.dnsTtlSeconds);
  assert.equal(ask("nothing.example.test", TYPE.A).rcode, RCODE.NXDOMAIN);
  assert.equal(ask("a.ledger.example.test", TYPE.A).rcode, RCODE.NXDOMAIN);
  assert.equal(ask("example.org", TYPE.A).rcode, RCODE.REFUSED);
  assert.equal(ask("notexample.test", TYPE.A).rcode, RCODE.REFUSED);
  assert.equal(ask("example.test", TYPE.AXFR).rcode, RCODE.REFUSED);
});

test("the apex has a SOA with the route's serial, and a name server with its address for each site", () => {
  const soa = ask("example.test", TYPE.SOA).answers[0] as { data: { serial: number; mname: string } };
  assert.equal(soa.data.serial, 9);
  assert.equal(soa.data.mname, "ns-paris.example.test");
  const servers = ask("example.test", TYPE.NS);
  assert.equal(servers.answers.length, 3);
  assert.equal(servers.additionals.length, 3);
  assert.equal((ask("ns-london.example.test", TYPE.A).answers[0] as { data: string }).data, "127.77.3.1");
});

test("askers are shared by weight, the same asker always alike, and a lost site moves only its own", () => {
  const targets = [
    { site: "paris", address: "a", weight: 3 },
    { site: "frankfurt", address: "b", weight: 1 },
    { site: "london", address: "c", weight: 1 },
  ];
  const first = (source: string, among = targets) => inOrderFor(source, among)[0]?.site;
  const sources = Array.from({ length: 5_000 }, (_, at) => `10.${at >> 8}.${at & 255}.1`);
  const paris = sources.filter((source) => first(source) === "paris").length;
  assert.ok(paris > 2_850 && paris < 3_150, `${paris} of 5000 to a site with 3 of 5 shares`);
  for (const source of sources.slice(0, 500)) {
    const before = first(source);
    const after = first(source, targets.slice(0, 2));
    if (before !== "london") assert.equal(after, before);
  }
});
