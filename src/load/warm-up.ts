// Before the first operation is due: names resolved, connections open, code compiled, so that the first operations of a
// run are on time like all others. Reads a register that nobody writes; not in the history, no matter how it ends.
import type { Clock } from "../runtime/clock.ts";
import type { ClientProfile } from "./client.ts";

const FOR_MS = 600;
const READS_MAX = 100;
const AT_ONCE = 2;

export async function warmUp(
  profiles: Iterable<ClientProfile>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const endMs = clock.nowMs() + FOR_MS;
  const read = async (profile: ClientProfile) => {
    for (let i = 0; i < READS_MAX && !signal.aborted && clock.nowMs() < endMs; i += 1) {
      const { outcome } = await profile.send({ op: "read", key: "warm-up" }, endMs);
      if (outcome !== "ok") await clock.sleep(50, signal);
    }
  };
  await Promise.all([...profiles].flatMap((profile) => Array.from({ length: AT_ONCE }, () => read(profile))));
}
