// Tickets and confirms as datagrams to this machine itself; rules on their way out turn them into set elements and drop the
// rest, which the sender sees as EPERM. Nobody receives them.
import { createSocket } from "node:dgram";
import type { Failure, Outcome } from "../../domain/outcome.ts";

export interface Datagrams extends AsyncDisposable {
  /** "passed" says only that no rule refused it: where the rules are gone everything passes. */
  send(port: number, nonce: number, epoch: number): Promise<"passed" | "refused" | { readonly error: Error }>;
}

/** Nonce and epoch, each little-endian: the rules read them by their place. */
export function datagram(nonce: number, epoch: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(nonce, 0);
  bytes.writeUInt32LE(epoch, 4);
  return bytes;
}

export function startDatagrams(): Datagrams {
  const socket = createSocket("udp4");
  socket.unref();
  socket.on("error", () => undefined); // told to each sender by its own callback
  return {
    send: (port, nonce, epoch) =>
      new Promise((resolve) => {
        socket.send(datagram(nonce, epoch), port, "127.0.0.1", (error) => {
          if (error === null) return resolve("passed");
          resolve((error as NodeJS.ErrnoException).code === "EPERM" ? "refused" : { error });
        });
      }),
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export const failed = (failure: Omit<Failure, "definite">): Outcome => ({
  kind: "failed",
  failure: { ...failure, definite: true },
});
