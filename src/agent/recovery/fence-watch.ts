// Is the fence still there, as it was put there? When it is not, the engine is stopped and the agent gives up: somebody has
// changed the rules that everything rests on.
import { OutlastError } from "../../domain/outcome.ts";
import type { Fence } from "../../fences/contract.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import type { DataMember } from "./data-member.ts";

export interface FenceWatchOptions {
  readonly fence: Fence;
  readonly member: DataMember;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onMissing: (error: OutlastError) => void;
}

const CHECK_MS = 150;
const CHECKS_AN_AUDIT = 33;

export async function startFenceWatch(options: FenceWatchOptions): Promise<void> {
  const { fence, member, clock, log, signal, onMissing } = options;
  for (let turn = 1; !signal.aborted; turn += 1) {
    const seen = turn % CHECKS_AN_AUDIT === 0 ? await fence.audit(signal) : await fence.check();
    if (signal.aborted) return;
    if (seen.kind === "failed" && GONE.has(seen.failure.code)) {
      log.error(`${seen.failure.code}: ${seen.failure.what}; the engine is stopped`);
      await member.stop(STOP_GRACE_MS);
      onMissing(new OutlastError(seen.failure));
      return;
    }
    await clock.sleep(CHECK_MS, signal);
  }
}

const GONE = new Set(["FENCE_MISSING", "FENCE_CHANGED"]);
const STOP_GRACE_MS = 500;
