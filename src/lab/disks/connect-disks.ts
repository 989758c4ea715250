// The keeper's side of `outlast disks`: disks that can lose power, for a process that may not mount them.
import { createConnection } from "node:net";
import { lineCalls } from "../../runtime/line-calls.ts";
import { type Disks, DISKS_SOCKET, type DisksRequest } from "./disks.ts";

export interface ConnectedDisks extends Disks {
  /** The other side has ended: the lab's data can't be trusted any more. */
  readonly gone: Promise<void>;
}

export async function connectDisks(): Promise<ConnectedDisks> {
  const socket = createConnection(DISKS_SOCKET);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => undefined); // its end is what counts
  const gone = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  const call = lineCalls(socket, socket, "the lab's disks are gone");
  const ask = async (request: DisksRequest): Promise<void> => {
    const { error } = await call<{ error?: string }>(request);
    if (error !== undefined) throw new Error(error);
  };
  return {
    gone,
    make: (name) => ask({ make: name }),
    wipe: (name) => ask({ wipe: name }),
    power: { cut: (names) => ask({ cut: names }), restore: (names) => ask({ restore: names }) },
  };
}
