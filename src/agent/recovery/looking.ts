// The site's own member, looked at all the time: rarely while all is well, often while an epoch begins, and at once after
// something was done to it.
import type { Reading } from "../../domain/outcome.ts";
import type { Observation } from "../../engines/contract.ts";
import type { SiteEvent, SiteState } from "../../recovery/site-state.ts";
import type { Clock } from "../../runtime/clock.ts";
import { inTurn } from "../../runtime/in-turn.ts";
import type { DataMember } from "./data-member.ts";
import { memberReport } from "./member-report.ts";
import type { AgentMemory } from "./memory.ts";

export interface LookingOptions {
  readonly member: DataMember;
  readonly memory: AgentMemory;
  readonly clock: Clock;
  readonly state: () => SiteState;
  readonly tell: (event: SiteEvent) => void;
  /** Told of each look. */
  readonly news: (seen: Reading<Observation>) => void;
}

export interface Looking {
  now(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
  observed(): Reading<Observation>;
}

const AT_REST_MS = 250;
const BEGINNING_MS = 20;
/** Longer than this it does not hurry any more. */
const BEGINS_FOR_MS = 5_000;

export function startLooking({ member, memory, clock, state, tell, news }: LookingOptions): Looking {
  let observed: Reading<Observation> = { kind: "unknown", reason: "not asked yet", sinceMs: clock.nowMs() };
  const turn = inTurn();
  const now = () =>
    turn(async () => {
      const process = member.process();
      observed = await member.observe(AbortSignal.timeout(1_000));
      news(observed);
      tell({ kind: "member", member: memberReport(observed, memory.now(), process) });
    });
  member.onExit(() => void now());
  return {
    now,
    observed: () => observed,
    async run(signal) {
      let revision = 0;
      let changedAtMs = clock.nowMs();
      while (!signal.aborted) {
        await now();
        const record = state().view?.epoch;
        if (record != null && record.revision !== revision) {
          revision = record.revision;
          changedAtMs = clock.nowMs();
        }
        const begins = record != null && record.value.phase !== "opened";
        const often = begins && clock.nowMs() - changedAtMs < BEGINS_FOR_MS;
        await clock.sleep(often ? BEGINNING_MS : AT_REST_MS, signal);
      }
    },
  };
}
