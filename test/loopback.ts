// Loopback addresses of this test process alone: 127.NET.x.y and, for clients, 127.CLIENTS_NET.x.y. Two runs of the tests on
// one machine must not meet, so the net is held by a listening socket as long as this process lives.
import { createServer } from "node:net";

const FIRST = 20;
const COUNT = 90;
const HELD_PORT = 4_999;

function hold(net: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ host: `127.${net}.255.254`, port: HELD_PORT }, () => {
      server.unref();
      resolve(true);
    });
  });
}

async function ownNet(): Promise<number> {
  for (let tried = 0; tried < COUNT; tried += 1) {
    const net = FIRST + ((process.pid + tried) % COUNT);
    if (await hold(net)) return net;
  }
  throw new Error("every loopback net is held by another run of the tests");
}

export const NET = await ownNet();
export const CLIENTS_NET = NET + COUNT;
