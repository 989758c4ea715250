// `outlast disks`: makes, cuts and restores disks for one keeper, which may not do it itself: it lives in a user namespace.
// Runs as real root in a mount namespace that start-lab made for it and that the keeper's is copied from; /run is shared
// between them, so that what is mounted here appears in the lab and in its places.
//
//   start-lab ──► outlast disks ── one connection ──► keeper        the end of either is the end of both
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { runOk } from "../../runtime/process.ts";
import { type Disks, DISKS_FOLDER, DISKS_SOCKET, type DisksRequest } from "./disks.ts";

async function perform(disks: Disks, request: DisksRequest): Promise<void> {
  if ("make" in request) await disks.make(request.make);
  else if ("wipe" in request) await disks.wipe(request.wipe);
  else if ("cut" in request) await disks.power?.cut(request.cut);
  else await disks.power?.restore(request.restore);
}

/** Resolves when its client is gone, or when `abandoned` does before one has come. `ready`: a client can come. */
export async function serveDisks(
  disks: Disks,
  ready: () => void,
  abandoned: Promise<unknown>,
): Promise<void> {
  await runOk(["mount", "-t", "tmpfs", "-o", "mode=0755", "outlast", "/run"]);
  await runOk(["mount", "--make-shared", "/run"]);
  for (const folder of [DISKS_FOLDER, dirname(DISKS_SOCKET)]) mkdirSync(folder, { recursive: true });
  const server = createServer();
  const came = new Promise<Socket>((resolve) => {
    server.once("connection", resolve);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(DISKS_SOCKET, resolve);
  });
  ready();
  const client = await Promise.race([came, abandoned]);
  server.close();
  rmSync(DISKS_SOCKET, { force: true }); // places see this folder: there is nothing to talk to
  if (client === undefined) return;
  const socket = client as Socket;
  socket.on("error", () => undefined); // its end is what counts
  for await (const line of createInterface({ input: socket })) {
    const answer = await perform(disks, JSON.parse(line) as DisksRequest).then(
      () => ({}),
      (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
    );
    socket.write(`${JSON.stringify(answer)}\n`);
  }
}
