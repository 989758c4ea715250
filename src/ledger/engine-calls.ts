// The one way from a request to the engine: each call is sent once, waits no longer than the request's signal, and
// tells readiness how it went. Nothing here, above or below repeats a call that got no answer.
import type { Outcome } from "../domain/outcome.ts";
import type { Answer } from "../engines/contract.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ReadinessWatch } from "./readiness-watch.ts";

export type EngineCall<T> = (signal: AbortSignal) => Promise<Outcome<Answer<T>>>;

/** A write; `wrote` says whether the answer proves a commit (a compare that failed does not). */
export async function callWrite<T>(
  call: EngineCall<T>,
  wrote: (value: T) => boolean,
  signal: AbortSignal,
  watch: Pick<ReadinessWatch, "nextId" | "learn">,
  clock: Clock,
): Promise<Outcome<Answer<T>>> {
  const id = watch.nextId();
  const sentMs = clock.nowMs();
  watch.learn({ kind: "sent", id, atMs: sentMs });
  const outcome = await call(signal);
  const atMs = clock.nowMs();
  if (outcome.kind === "done") {
    watch.learn(
      wrote(outcome.value.value)
        ? { kind: "acknowledged", id, sentMs, atMs, term: outcome.value.term, by: "client" }
        : { kind: "abandoned", id, atMs },
    );
  } else if (signal.aborted) watch.learn({ kind: "abandoned", id, atMs });
  else {
    const { code, what } = outcome.failure;
    watch.learn({ kind: "refused", id, atMs, by: "client", code, what });
  }
  return outcome;
}
