// The keeper's side of `outlast disks`: disks that can lose power, for a process that may not mount them.
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
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
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  /** One at a time: each line is answered before the next is sent. */
  const ask = (request: DisksRequest): Promise<void> => {
    const answer = last.then(async () => {
      socket.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error("the lab's disks are gone");
      const { error } = JSON.parse(line.value) as { error?: string };
      if (error !== undefined) throw new Error(error);
    });
    last = answer.catch(() => undefined); // each caller sees its own error
    return answer;
  };
  return {
    gone,
    make: (name) => ask({ make: name }),
    wipe: (name) => ask({ wipe: name }),
    power: { cut: (names) => ask({ cut: names }), restore: (names) => ask({ restore: names }) },
  };
}
