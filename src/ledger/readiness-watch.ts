// Keeps the readiness decision current in the background: collects news of writes, writes probes when no client does,
// and tells when the answer changes. While it is able one probe at most is in flight; while it is not, one more each gap, for
// the first that comes through is when clients are served again. A probe is given up after the patience.
import type { Log } from "../runtime/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { Answer } from "../engines/contract.ts";
import {
  type Ability,
  decide,
  learn,
  nothingKnown,
  probeDue,
  type ReadinessTiming,
  STANDBY,
  type WriteNews,
} from "./readiness.ts";

/** Between two looks at the clock: much shorter than any of the plan's timings can be. */
const TICK_MS = 20;

export interface ReadinessWatch extends AsyncDisposable {
  nextId(): number;
  learn(news: WriteNews): void;
  /** The decision at this moment; answers at once. */
  ability(): Ability;
}

export function startReadinessWatch(options: {
  readonly timing: ReadinessTiming;
  readonly probe: (signal: AbortSignal) => Promise<Outcome<Answer<unknown>>>;
  readonly clock: Clock;
  readonly log: Pick<Log, "emit">;
}): ReadinessWatch {
  const { timing, probe, clock, log } = options;
  const stopping = new AbortController();
  let state = nothingKnown;
  let lastId = 0;
  let lastProbeSentMs: number | null = null;
  const probing = new Set<Promise<void>>();
  let told = "";

  const ability = () => decide(state, clock.nowMs(), timing);
  const tell = () => {
    const { able, because, term } = ability();
    // Why it can't is news of its own only where it tells whose standby it is.
    const news = able ? "able" : state.refused?.code === STANDBY ? because : "unable";
    if (news === told) return;
    told = news;
    log.emit({ event: "able-changed", able, because, term });
  };
  const note = (news: WriteNews) => {
    state = learn(state, news, timing);
    tell();
  };
  const nextId = () => (lastId += 1);

  const probeOnce = async () => {
    const id = nextId();
    const sentMs = clock.nowMs();
    lastProbeSentMs = sentMs;
    note({ kind: "sent", id, atMs: sentMs });
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), timing.patienceMs);
    const outcome = await probe(AbortSignal.any([patience.signal, stopping.signal]));
    clearTimeout(timer);
    const atMs = clock.nowMs();
    if (outcome.kind === "done")
      note({ kind: "acknowledged", id, sentMs, atMs, term: outcome.value.term, by: "probe" });
    else if (outcome.kind === "unknown") note({ kind: "silent", id, atMs });
    else {
      const { code, what } = outcome.failure;
      note({ kind: "refused", id, atMs, by: "probe", code, what });
    }
  };

  // Each ends after its patience: no more than that, divided by the gap, are ever in flight.
  const mayProbe = () => probing.size === 0 || !ability().able;

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      if (mayProbe() && probeDue(state, clock.nowMs(), lastProbeSentMs, timing)) {
        const once = probeOnce();
        probing.add(once);
        void once.finally(() => probing.delete(once));
      }
      tell();
      await clock.sleep(TICK_MS, stopping.signal);
    }
    await Promise.all(probing);
  })();

  return {
    nextId,
    learn: note,
    ability,
    [Symbol.asyncDispose]: () => {
      stopping.abort();
      return loop;
    },
  };
}
