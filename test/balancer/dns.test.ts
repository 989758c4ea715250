// The DNS server over real UDP and TCP on loopback, asked with dns-packet.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { test } from "node:test";
import { type DecodedPacket, decode, encode } from "dns-packet";
import { startDnsServer } from "../../src/balancer/dns/server.ts";
import { makeZone } from "../../src/balancer/dns/zone.ts";
import { examplePlan } from "../../src/balancer/plan-example.ts";
import type { Route } from "../../src/domain/route.ts";
import { frame, newFrameReader } from "../../src/protocols/dns/frames.ts";

const plan = { ...examplePlan(), regions: [{ name: "eu-west", gateway: null, prefixes: ["127.0.0.0/8"] }] };
const routeTo = (site: string, serial: number): Route => ({
  epoch: null,
  serial,
  held: false,
  groups: [{ region: "eu-west", weights: { [site]: 1 }, because: "test" }],
});
const startServer = () =>
  startDnsServer({
    host: "127.0.0.1",
    port: 0,
    zone: makeZone(plan, "paris", routeTo("paris", 1)),
    onError: (message) => assert.fail(message),
  });

const query = (name: string, type: "A" | "AAAA" | "SOA" = "A", id = 1) =>
  encode({
    type: "query",
    id,
    questions: [{ type, name }],
    additionals: [{ type: "OPT", name: ".", udpPayloadSize: 4096, flags: 0, options: [] }],
  } as never);

function overUdp(port: number, message: Buffer): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const timer = setTimeout(() => reject(new Error("no answer within 2 s")), 2_000);
    socket.on("message", (bytes) => {
      clearTimeout(timer);
      socket.close();
      resolve(decode(bytes));
    });
    socket.send(message, port, "127.0.0.1");
  });
}

function overTcp(port: number, messages: readonly Buffer[], cutAt: number): Promise<DecodedPacket[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    const read = newFrameReader();
    const answers: DecodedPacket[] = [];
    socket.on("error", reject);
    socket.on("data", (piece) => {
      answers.push(...read(piece).map((message) => decode(message)));
      if (answers.length < messages.length) return;
      socket.destroy();
      resolve(answers);
    });
    const stream = Buffer.concat(messages.map(frame));
    socket.write(stream.subarray(0, cutAt));
    setImmediate(() => socket.write(stream.subarray(cutAt)));
  });
}

const rcode = (packet: DecodedPacket | undefined) => (packet as { rcode?: string } | undefined)?.rcode;
const addresses = (packet: DecodedPacket) =>
  packet.answers?.map((record) => (record as { data: unknown }).data);

test("the hostname is answered over UDP with the plan's TTL, and the next route at once", async () => {
  await using server = await startServer();
  const first = await overUdp(server.port, query("ledger.example.test"));
  assert.deepEqual(addresses(first), ["127.77.1.1"]);
  assert.equal(first.flag_aa, true);
  assert.equal((first.answers?.[0] as { ttl: number } | undefined)?.ttl, plan.balancer.dnsTtlSeconds);
  const option = first.additionals?.find(({ type }) => type === "OPT") as { udpPayloadSize: number };
  assert.equal(option.udpPayloadSize, 1232);
  server.apply(makeZone(plan, "paris", routeTo("london", 2)));
  assert.deepEqual(addresses(await overUdp(server.port, query("ledger.example.test"))), ["127.77.3.1"]);
});

test("several queries on one TCP connection, cut in the middle, are all answered in order", async () => {
  await using server = await startServer();
  const messages = [query("ledger.example.test", "A", 11), query("nothing.example.test", "A", 12)];
  const [found, missing] = await overTcp(server.port, messages, 20);
  assert.deepEqual([found?.id, missing?.id], [11, 12]);
  assert.deepEqual(found && addresses(found), ["127.77.1.1"]);
  assert.equal(rcode(missing), "NXDOMAIN");
});

test("a route to nothing is NODATA with the reason as an extended error", async () => {
  await using server = await startServer();
  const nothing = {
    ...routeTo("paris", 3),
    groups: [{ region: "eu-west", weights: {}, because: "unavailable: all lost" }],
  };
  server.apply(makeZone(plan, "paris", nothing));
  const packet = await overUdp(server.port, query("ledger.example.test"));
  assert.equal(rcode(packet), "NOERROR");
  assert.equal(packet.authorities?.[0]?.type, "SOA");
  const option = packet.additionals?.[0] as { options: { code: number; data: Buffer }[] };
  assert.match(option.options[0]?.data.toString() ?? "", /all lost/);
});

test("rubbish and other zones do not stop it", async () => {
  await using server = await startServer();
  const socket = createSocket("udp4");
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(600, 0xff)])
    await new Promise((resolve) => socket.send(bytes, server.port, "127.0.0.1", resolve));
  socket.close();
  assert.equal(rcode(await overUdp(server.port, query("example.org"))), "REFUSED");
});

test("a second server on the same address is refused with the reason", async () => {
  await using server = await startServer();
  await assert.rejects(
    startDnsServer({
      host: "127.0.0.1",
      port: server.port,
      zone: makeZone(plan, "paris", null),
      onError: () => {},
    }),
    /DNS_PORT_UNAVAILABLE/,
  );
});
