// Stands for a gateway's kernel path: a TCP port that forwards to a site, and can be pointed at another one.
import { createServer, connect, type Socket } from "node:net";

export interface Forward extends AsyncDisposable {
  /** New connections go there; `reset` ends the existing ones with a reset. */
  point(host: string, reset: boolean): void;
  readonly connections: () => number;
}

export async function startForward(address: string, port: number, host: string): Promise<Forward> {
  let target = host;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const other = connect(port, target);
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    point: (next, end) => {
      target = next;
      if (end) reset();
    },
    connections: () => sockets.size / 2,
    [Symbol.asyncDispose]: async () => {
      reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
