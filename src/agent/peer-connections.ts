// A site that crashed and is back has no memory of its connections, but its peers still hold theirs and wait on them:
// etcd 3.6 sets no read timeout on raft streams (its transport has a DialContext, which Go prefers to the Dial that would
// set one), so only TCP's keep-alive ends them, after 15–30 s. Until then the returned member can send only by its slow
// way, and under load it can't commit: 20–25 s, measured in the lab (docs/failure-modes.md).
// So the returning agent tells its peers before it starts its member, and they end what they hold to its old life.
import { AGENT_ROUTES } from "../api/agent.ts";
import { PORTS } from "../domain/plan.ts";
import type { Log } from "../runtime/log.ts";
import { run } from "../runtime/process.ts";
import type { Peer } from "./peers.ts";

/** A peer that does not answer in this time is away itself, and holds nothing worth waiting for. */
const ANNOUNCE_MS = 500;

/** Tells every peer that this site starts anew; those that can't be reached are left out. */
export async function announceReturn(
  site: string,
  peers: readonly Peer[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.allSettled(
    peers.map((peer) =>
      fetch(`http://${peer.address}:${PORTS.agent}${AGENT_ROUTES.returned.path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ site }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANNOUNCE_MS)]),
      }).then((response) => response.body?.cancel()),
    ),
  );
}

/**
 * Ends this site's connections with a peer's engine, in both directions (`ss --kill`, needs CAP_NET_ADMIN and a kernel with
 * INET_DIAG_DESTROY). How many; 0 with a word in the log where it can't be done: they end later, by keep-alive.
 */
export async function endPeerConnections(peer: Peer, log: Log): Promise<number> {
  const port = `:${PORTS.enginePeer}`;
  const filter = ["dst", peer.address, "and", "(", "dport", "=", port, "or", "sport", "=", port, ")"];
  try {
    const { code, stdout, stderr } = await run(
      ["ss", "--kill", "--no-header", "--tcp", "--numeric", ...filter],
      { timeoutMs: 2_000 },
    );
    if (code !== 0) throw new Error(stderr.trim());
    const ended = stdout.split("\n").filter((line) => line.trim() !== "").length;
    if (ended > 0) log.info(`ended ${ended} connections with ${peer.name}'s earlier life`);
    return ended;
  } catch (cause) {
    log.warning(
      `connections with ${peer.name}'s earlier life stay until keep-alive ends them: ${String(cause)}`,
    );
    return 0;
  }
}
