// How far the standbys of a primary are. MariaDB's primary does not know: an acknowledgement tells only that some standby has
// a position. So each standby is asked itself, in the background: what it answered is still on its disk later, so an old
// answer is a safe lower bound for as long as the same stream lasts.
import type { Clock } from "../../runtime/clock.ts";
import type { MemberSpec } from "../contract.ts";
import type { Connections } from "./connections.ts";
import { ask, type Progress, reachedFrom, receivedOf, startAgentConnections, type Stream } from "./member.ts";
import { sequenceOf } from "./gtid.ts";

export interface StandbyProgress extends AsyncDisposable {
  /** What is known of those that stream now; asks them again behind it. Never waits. */
  of(streams: readonly Stream[]): ReadonlyMap<string, Progress>;
}

const ASK_TIMEOUT_MS = 1_000;
const CONTACT_MS = 2_000;

interface Known {
  readonly stream: number;
  readonly connections: Connections;
  flushed: number;
  replayed: number;
  /** null: its last question was answered. */
  silentSinceMs: number | null;
  asking: boolean;
}

export function startStandbyProgress(
  own: Pick<MemberSpec, "members" | "replicationPort">,
  clock: Clock,
): StandbyProgress {
  const known = new Map<string, Known>();
  const closing = new AbortController();

  const forget = async (name: string) => {
    const connections = known.get(name)?.connections;
    known.delete(name);
    await connections?.[Symbol.asyncDispose]();
  };

  async function refresh(of: Known): Promise<void> {
    of.asking = true;
    const askedMs = clock.nowMs();
    const bounded = AbortSignal.any([closing.signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]);
    const seen = await ask(of.connections, bounded);
    of.asking = false;
    if (seen.kind === "unknown") {
      of.silentSinceMs ??= askedMs;
      return;
    }
    of.flushed = receivedOf(seen.value);
    of.replayed = sequenceOf(seen.value.written);
    of.silentSinceMs = null;
  }

  return {
    of(streams) {
      for (const name of known.keys())
        if (!streams.some((stream) => stream.name === name && stream.id === known.get(name)?.stream))
          void forget(name);
      const answers = new Map<string, Progress>();
      for (const { name, id } of streams) {
        const address = own.members.find((member) => member.name === name)?.address;
        if (address === undefined) continue;
        const each = known.get(name) ?? {
          stream: id,
          connections: startAgentConnections(reachedFrom(own, { name, address }), 1),
          flushed: 0,
          replayed: 0,
          silentSinceMs: null, // its stream has just begun
          asking: false,
        };
        known.set(name, each);
        if (!each.asking && !closing.signal.aborted) void refresh(each);
        answers.set(name, {
          flushed: each.flushed,
          replayed: each.replayed,
          inContact: each.silentSinceMs === null || clock.nowMs() - each.silentSinceMs < CONTACT_MS,
        });
      }
      return answers;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      for (const name of known.keys()) await forget(name);
    },
  };
}
