// Numbers that this site has never used before, over all lives of its agent: reserved on disk before any of them is used.
import type { SiteState } from "../../recovery/site-state.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { AgentMemory } from "./memory.ts";

const BLOCK = 1_000_000;
const AHEAD = 100_000;
const LOOK_MS = 1_000;

export interface Nonces {
  readonly first: number;
  /** Until the signal: reserves more before they run out. */
  keepAhead(state: () => SiteState, clock: Clock, signal: AbortSignal): Promise<void>;
}

export async function reserveNonces(memory: AgentMemory): Promise<Nonces> {
  const first = memory.now().noncesUpTo + 1;
  const reserve = () => memory.change(({ noncesUpTo }) => ({ noncesUpTo: noncesUpTo + BLOCK }));
  await reserve();
  return {
    first,
    async keepAhead(state, clock, signal) {
      while (!signal.aborted) {
        if (state().nextNonce + AHEAD > memory.now().noncesUpTo) await reserve();
        await clock.sleep(LOOK_MS, signal);
      }
    },
  };
}
