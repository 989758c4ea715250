// The DNS server: UDP and TCP on one address, answers from the zone of the moment. Nothing is decided here.
// Bounds: 128 TCP connections, 10 s without a query on each.
import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server, type Socket as TcpSocket } from "node:net";
import { OutlastError } from "../../domain/outcome.ts";
import { frame, newFrameReader } from "../../protocols/dns/frames.ts";
import { readQuery } from "../../protocols/dns/query.ts";
import { emptyResponse, writeResponse } from "../../protocols/dns/response.ts";
import { answer, type Zone } from "./zone.ts";

const TCP_CONNECTIONS_MAX = 128;
const TCP_IDLE_MS = 10_000;

export interface DnsServer extends AsyncDisposable {
  readonly port: number;
  /** The zone to answer from, from now. */
  apply(zone: Zone): void;
}

export interface DnsServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly zone: Zone;
  readonly onError: (message: string) => void;
}

/** Throws DNS_PORT_UNAVAILABLE. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  let zone = options.zone;
  const reply = (message: Buffer, source: string, transport: "udp" | "tcp"): Buffer | null => {
    const arrived = readQuery(message);
    switch (arrived.kind) {
      case "ignored":
        return null;
      case "refused":
        return writeResponse(
          emptyResponse(arrived.header, arrived.rcode, arrived.question, arrived.edns),
          transport,
        );
      case "query":
        return writeResponse(answer(zone, arrived.query, source), transport);
    }
    return arrived satisfies never;
  };

  const open = new Set<TcpSocket>();
  const tcp = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    const source = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    const read = newFrameReader();
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on("error", () => socket.destroy()); // the asker's side; it will ask again
    socket.on("data", (piece) => {
      for (const message of read(piece)) {
        const bytes = reply(message, source, "tcp");
        if (bytes === null) return socket.destroy();
        socket.write(frame(bytes));
      }
    });
  });
  tcp.maxConnections = TCP_CONNECTIONS_MAX;

  const udp = createSocket({ type: "udp4" });
  udp.on("message", (message, { address, port }) => {
    const bytes = reply(message, address, "udp");
    if (bytes === null) return;
    udp.send(bytes, port, address, (error) => {
      if (error !== null) options.onError(`answer to ${address} not sent: ${error.message}`);
    });
  });

  try {
    const port = await listenTcp(tcp, options);
    await bindUdp(udp, options.host, port);
    udp.on("error", (error) => options.onError(error.message));
    tcp.on("error", (error) => options.onError(error.message));
    return {
      port,
      apply: (next) => {
        zone = next;
      },
      [Symbol.asyncDispose]: () => close(udp, tcp, open),
    };
  } catch (cause) {
    await close(udp, tcp, open);
    throw new OutlastError({
      code: "DNS_PORT_UNAVAILABLE",
      definite: true,
      what: `the DNS server can't listen: ${(cause as Error).message}`,
      where: `${options.host}:${options.port} (udp and tcp)`,
      next: "end the other name server on this address, or run with the right to bind port 53",
      cause,
    });
  }
}

function listenTcp(server: Server, { host, port }: DnsServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.removeListener("error", reject);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

function bindUdp(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port }, () => {
      socket.removeListener("error", reject);
      resolve();
    });
  });
}

async function close(udp: Socket, tcp: Server, open: ReadonlySet<TcpSocket>): Promise<void> {
  for (const socket of open) socket.destroy();
  await Promise.all([
    new Promise<void>((resolve) => {
      try {
        udp.close(() => resolve());
      } catch {
        resolve(); // it was never bound
      }
    }),
    new Promise<void>((resolve) => {
      if (!tcp.listening) return resolve();
      tcp.close(() => resolve());
    }),
  ]);
}
