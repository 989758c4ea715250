// A commit of the primary's own engine, again and again: without one the holder stops renewing. A second one waits for standbys as
// any client's does; its age goes with each renewal. And all along the mark moves from which lost writes are told.
import type { Clock } from "../../runtime/clock.ts";
import type { DataMember } from "./data-member.ts";
import type { Decisions } from "./decisions.ts";

export interface ProofOfLifeOptions {
  readonly member: DataMember;
  readonly decisions: Decisions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const EVERY_MS = 700;
const MARK_EVERY_MS = 5_000;
const LIMIT_MS = 2_000;

export async function startProofOfLife({
  member,
  decisions,
  clock,
  signal,
}: ProofOfLifeOptions): Promise<void> {
  let acknowledgedAtMs: number | null = null;
  const serves = () => {
    const { member: own, view, holder } = decisions.state();
    // Whom it is handed over to shall have everything: nothing is added then.
    if (holder.kind === "releasing") return false;
    return own.promotedEpoch !== null && own.promotedEpoch === view?.epoch?.value.epoch;
  };
  const syncAgeMs = () => (acknowledgedAtMs === null ? null : Math.round(clock.nowMs() - acknowledgedAtMs));
  const again = async (everyMs: number, act: (limit: AbortSignal) => Promise<void>) => {
    while (!signal.aborted) {
      if (serves()) await act(AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]));
      await clock.sleep(everyMs, signal);
    }
  };
  await Promise.all([
    again(EVERY_MS, async (limit) => {
      const commit = await member.perform({ kind: "commit", acknowledged: "here" }, limit);
      if (commit.kind === "done") decisions.tell({ kind: "committed", syncAgeMs: syncAgeMs() });
    }),
    again(EVERY_MS, async (limit) => {
      const fromMs = clock.nowMs();
      const commit = await member.perform({ kind: "commit", acknowledged: "as configured" }, limit);
      if (commit.kind === "done") acknowledgedAtMs = fromMs;
    }),
    // So that what only this primary will have had can be told.
    again(MARK_EVERY_MS, async (limit) => void (await member.perform({ kind: "mark" }, limit))),
  ]);
}
