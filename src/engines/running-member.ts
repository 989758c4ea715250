// A running member of a replicated engine, looked at until an effect is seen; and how a driver refuses.
import { done, type Outcome } from "../domain/outcome.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Member, Observation, Proof, ReplicationView } from "./contract.ts";

export const refusal = (code: string, what: string, where: string, next: string): Outcome<never> => ({
  kind: "failed",
  failure: { code, definite: true, what, where, next },
});

export const notSeen = (what: string, where: string): Outcome<never> => ({
  kind: "unknown",
  failure: {
    code: "EFFECT_NOT_SEEN",
    definite: false,
    what,
    where,
    next: "ask again: what is done already is not done twice",
  },
});

export const proofOf = (what: string, seen: ReplicationView): Proof => ({
  what,
  timeline: seen.timeline,
  position: seen.flushed,
});

const LOOK_MS = 10;

/** failed when it does not answer. */
export async function viewOf(
  member: Member,
  name: string,
  signal: AbortSignal,
): Promise<Outcome<Observation & { readonly replication: ReplicationView }>> {
  const seen = await member.observe(signal);
  if (seen.kind === "unknown")
    return refusal(
      "MEMBER_NOT_ANSWERING",
      seen.reason,
      `site ${name}`,
      "start the member, or look at its log",
    );
  const { replication } = seen.value;
  if (replication === undefined) throw new RangeError("observed without its replication");
  return done({ ...seen.value, replication });
}

/** Looks until it is so; unknown when the signal ends it. A refusal that `holds` returns ends it too. */
export async function untilSeen<T>(
  what: string,
  look: () => Promise<Outcome<T>>,
  holds: (seen: T) => boolean | Outcome<never>,
  name: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<T>> {
  for (;;) {
    const seen = await look();
    if (seen.kind === "done") {
      const held = holds(seen.value);
      if (typeof held === "object") return held;
      if (held) return seen;
    }
    if (signal.aborted) {
      const last = seen.kind === "done" ? "it answered something else" : seen.failure.what;
      return notSeen(`${what}: not seen in time: ${last}`, `site ${name}`);
    }
    await clock.sleep(LOOK_MS, signal);
  }
}
