// Before a lease is handed over: the target has on disk what this primary has, so that it is among the highest.
import type { Clock } from "../../runtime/clock.ts";
import type { DataMember } from "./data-member.ts";

const LIMIT_MS = 2_000;
const LOOK_MS = 10;

/** Returns when it is so, or in vain when it takes too long: then another may be higher, and is chosen. */
export async function caughtUp(
  member: DataMember,
  target: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.nowMs() + LIMIT_MS;
  while (!signal.aborted && clock.nowMs() < untilMs) {
    const seen = await member.observe(AbortSignal.timeout(LIMIT_MS));
    const view = seen.kind === "known" ? seen.value.replication : undefined;
    const there = view?.standbys.find(({ name }) => name === target)?.flushed;
    if (view !== undefined && there !== undefined && there >= view.flushed) return;
    await clock.sleep(LOOK_MS, signal);
  }
}
