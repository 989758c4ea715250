// Ends every connection of a dead mark. The rules reject its packets already; this makes the clients send one.
//
// Entries of connections that are still opening (SYN_SENT) are deleted before their client is poked: the poke makes it send
// its SYN again within some 10 ms, as a new connection to a living site. In the next passes only those are poked that still
// live, and the entries of those that were reset are deleted: a client that takes the same port again must not meet the dead
// mark (until then its SYN is dropped, and comes again after a second). What is left after the last pass is deleted too; a
// packet of a deleted connection is refused as the middle of an unknown one.
import { deleteConnections, listConnections } from "../../linux/conntrack.ts";
import type { NetworkTools } from "../../linux/network-tools.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Poker } from "./poke.ts";

/** Pause after each pass. */
const PASSES_MS = [100, 400, 1_000];
const OVER = new Set(["CLOSE", "TIME_WAIT"]);

export interface Reset {
  readonly tools: NetworkTools;
  readonly poker: Poker;
  readonly clock: Clock;
  readonly mark: number;
  readonly serverAddress: string;
  readonly signal: AbortSignal;
  /** After the first pass: how many were poked. */
  readonly onPoked: (count: number) => void;
}

export async function resetConnections(reset: Reset): Promise<void> {
  const { tools, poker, clock, mark, serverAddress, signal } = reset;
  const filter = { serverAddress, mark };
  for (const [pass, pauseMs] of PASSES_MS.entries()) {
    const sequence = pass * 0x40000000;
    const connections = await listConnections(tools, filter, signal);
    const living = connections.filter(({ state }) => state !== "SYN_SENT" && !OVER.has(state));
    const opening = connections.filter(({ state }) => state === "SYN_SENT");
    const wasReset = connections.some(({ state }) => state === "CLOSE");
    // The first batch leaves in this call: before a program is started, which takes longer than all of it.
    const poking = poker.poke(living, sequence, signal);
    if (opening.length > 0) {
      const deleted = await deleteConnections(tools, { ...filter, state: "SYN_SENT" }, signal);
      await poker.poke(deleted, sequence, signal);
    }
    if (wasReset) await deleteConnections(tools, { ...filter, state: "CLOSE" }, signal);
    await poking;
    const count = living.length + opening.length;
    if (pass === 0) reset.onPoked(count);
    else if (count === 0) break;
    await clock.sleep(pauseMs, signal);
    if (signal.aborted) return;
  }
  await deleteConnections(tools, filter, signal);
}
