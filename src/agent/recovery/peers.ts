// What another site's agent says of its data: of its member's, or of its part of the store.
import { AGENT_ROUTES, agentStatus } from "../../api/agent.ts";
import type { Reading } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { DataState } from "../decide.ts";

const TIMEOUT_MS = 1_000;

export async function peerData(
  peer: { readonly name: string; readonly address: string },
  which: "member" | "store",
  signal: AbortSignal,
  clock: Clock,
): Promise<Reading<DataState>> {
  const sinceMs = clock.nowMs();
  const unknown = (reason: string): Reading<DataState> => ({ kind: "unknown", reason, sinceMs });
  try {
    const response = await fetch(`http://${peer.address}:${PORTS.agent}${AGENT_ROUTES.status.path}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const status = agentStatus.parse(await response.json());
    if (status.site !== peer.name) return unknown(`${status.site} answers there`);
    const data = which === "member" ? status.member.data : status.recovery?.store.data;
    return data === undefined
      ? unknown(`${peer.name}'s agent keeps no store`)
      : { kind: "known", value: data, atMs: clock.nowMs() };
  } catch (cause) {
    return unknown(cause instanceof Error ? cause.message : String(cause));
  }
}
