// What the other sites' agents say of their data. Asked only while this site's own folder is empty.
import { AGENT_ROUTES, agentStatus } from "../api/agent.ts";
import type { Reading } from "../domain/outcome.ts";
import { PORTS } from "../domain/plan.ts";
import type { Clock } from "../runtime/clock.ts";
import type { DataState } from "./decide.ts";

export interface Peer {
  readonly name: string;
  readonly address: string;
}

const TIMEOUT_MS = 2_000;

export async function peerData(peer: Peer, signal: AbortSignal, clock: Clock): Promise<Reading<DataState>> {
  const sinceMs = clock.nowMs();
  try {
    const response = await fetch(`http://${peer.address}:${PORTS.agent}${AGENT_ROUTES.status.path}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const status = agentStatus.parse(await response.json());
    if (status.site !== peer.name)
      return { kind: "unknown", reason: `${status.site} answers there`, sinceMs };
    return { kind: "known", value: status.member.data, atMs: clock.nowMs() };
  } catch (cause) {
    return { kind: "unknown", reason: cause instanceof Error ? cause.message : String(cause), sinceMs };
  }
}
