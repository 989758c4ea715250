// What another site's agent says of itself, and of its data: of its member's, or of its part of the store.
import { AGENT_ROUTES, type AgentStatus, agentStatus } from "../../api/agent.ts";
import type { Reading } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { DataState } from "../decide.ts";

const TIMEOUT_MS = 1_000;

interface Peer {
  readonly name: string;
  readonly address: string;
}

/** Why it is not known, in words, when it is not. */
export async function peerStatus(peer: Peer, signal: AbortSignal): Promise<AgentStatus | string> {
  try {
    const response = await fetch(`http://${peer.address}:${PORTS.agent}${AGENT_ROUTES.status.path}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const status = agentStatus.parse(await response.json());
    return status.site === peer.name ? status : `${status.site} answers there`;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

export async function peerData(
  peer: Peer,
  which: "member" | "store",
  signal: AbortSignal,
  clock: Clock,
): Promise<Reading<DataState>> {
  const sinceMs = clock.nowMs();
  const status = await peerStatus(peer, signal);
  if (typeof status === "string") return { kind: "unknown", reason: status, sinceMs };
  const data = which === "member" ? status.member.data : status.recovery?.store.data;
  return data === undefined
    ? { kind: "unknown", reason: `${peer.name}'s agent keeps no store`, sinceMs }
    : { kind: "known", value: data, atMs: clock.nowMs() };
}
