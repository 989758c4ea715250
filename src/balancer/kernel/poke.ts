// A packet to a client that it did not ask for: one bare ACK from the virtual address, so that the client's own answer runs
// into the rule for dead connections and comes back as a reset with the exact sequence number (docs/balancer.md).
//
// No raw socket: a UDP datagram to a VXLAN device on loopback is taken out of its wrapping as a raw frame (RFC 7348).
//
//   UDP 127.0.0.1:POKE_PORT ─► vxlan device `poke` ─► routed like any packet from the network ─► client
import { createSocket } from "node:dgram";
import { readFile, writeFile } from "node:fs/promises";
import type { Connection } from "../../linux/conntrack.ts";
import type { NetworkTools } from "../../linux/network-tools.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { run, runOk } from "../../runtime/process.ts";
import { POKE_DEVICE, POKE_PORT } from "./ruleset.ts";

const VNI = 7;
const DEVICE_MAC = "02:6f:75:74:00:01";
const SENDER_MAC = "02:6f:75:74:00:02";
const BATCH = 250;
/** 25 000 a second: 10 000 connections take 0.4 s, and the clients' answers do not overrun the gateway. */
const BATCH_EVERY_MS = 10;

export interface Poker extends AsyncDisposable {
  /** `sequence`: any; another one reaches a client for which the first happened to be acceptable. */
  poke(connections: readonly Connection[], sequence: number, signal: AbortSignal): Promise<void>;
}

export async function startPoker(tools: NetworkTools, clock: Clock = systemClock): Promise<Poker> {
  await removeDevice(tools);
  const vxlan = `type vxlan id ${VNI} local 127.0.0.1 remote 127.0.0.1 dev lo dstport ${POKE_PORT} nolearning`;
  await runOk([tools.ip, "link", "add", POKE_DEVICE, "address", DEVICE_MAC, ...vxlan.split(" ")]);
  await runOk([tools.ip, "link", "set", "lo", "up"]);
  await runOk([tools.ip, "link", "set", POKE_DEVICE, "up"]);
  await allowForeignSource();
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.connect(POKE_PORT, "127.0.0.1", () => {
      socket.removeListener("error", reject);
      resolve();
    });
  });
  // Each datagram's own callback tells of its error; it is poked again in the next pass if it still lives.
  socket.on("error", () => undefined);
  return {
    poke: async (connections, sequence, signal) => {
      for (let at = 0; at < connections.length && !signal.aborted; at += BATCH) {
        if (at > 0) await clock.sleep(BATCH_EVERY_MS, signal);
        for (const connection of connections.slice(at, at + BATCH))
          socket.send(pokeFrame(connection, sequence), () => undefined);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      await removeDevice(tools);
    },
  };
}

async function removeDevice(tools: NetworkTools): Promise<void> {
  await run([tools.ip, "link", "del", POKE_DEVICE]); // there is none: also good
}

/** The virtual address is on no interface: reverse path filtering would drop the poke. The highest of `all` and the device counts. */
async function allowForeignSource(): Promise<void> {
  await setSysctl(`net/ipv4/conf/${POKE_DEVICE}/rp_filter`, "0");
  await setSysctl("net/ipv4/conf/all/rp_filter", "0");
}

/** A gateway forwards. */
export const allowForwarding = (): Promise<void> => setSysctl("net/ipv4/ip_forward", "1");

async function setSysctl(name: string, value: string): Promise<void> {
  const path = `/proc/sys/${name}`;
  if ((await readFile(path, "utf8")).trim() !== value) await writeFile(path, value);
}

/** VXLAN header, Ethernet, IPv4, TCP with ACK alone. */
export function pokeFrame(connection: Connection, sequence: number): Buffer {
  const bytes = Buffer.alloc(8 + 14 + 20 + 20);
  bytes.writeUInt32BE(0x08000000, 0);
  bytes.writeUInt32BE(VNI << 8, 4);
  Buffer.from(DEVICE_MAC.replaceAll(":", ""), "hex").copy(bytes, 8);
  Buffer.from(SENDER_MAC.replaceAll(":", ""), "hex").copy(bytes, 14);
  bytes.writeUInt16BE(0x0800, 20);
  const ip = bytes.subarray(22, 42);
  ip.writeUInt16BE(0x4500, 0);
  ip.writeUInt16BE(40, 2);
  ip.writeUInt16BE(0x4000, 6); // don't fragment
  ip[8] = 64;
  ip[9] = 6;
  writeAddress(ip, 12, connection.serverAddress);
  writeAddress(ip, 16, connection.clientAddress);
  ip.writeUInt16BE(checksum([ip]), 10);
  const tcp = bytes.subarray(42);
  tcp.writeUInt16BE(connection.serverPort, 0);
  tcp.writeUInt16BE(connection.clientPort, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp.writeUInt16BE(0x5010, 12); // 20 bytes, ACK
  tcp.writeUInt16BE(1_024, 14);
  const pseudo = Buffer.alloc(12);
  ip.copy(pseudo, 0, 12, 20);
  pseudo[9] = 6;
  pseudo.writeUInt16BE(20, 10);
  tcp.writeUInt16BE(checksum([pseudo, tcp]), 16);
  return bytes;
}

function writeAddress(to: Buffer, at: number, address: string): void {
  for (const [index, part] of address.split(".").entries()) to[at + index] = Number(part);
}

/** RFC 1071, over pieces of even length. */
export function checksum(pieces: readonly Buffer[]): number {
  let sum = 0;
  for (const piece of pieces) for (let at = 0; at < piece.length; at += 2) sum += piece.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
