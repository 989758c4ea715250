// A member that can't commit is not asked by clients: they hear so at once, and certainly without effect. Otherwise every
// request of an outage waits, ends unknown and costs its client's connection, and when the engine is back the front-end is busy
// with requests whose clients have gone. Probes (readiness-watch.ts) go past it, and find out when the engine is back.
import type { Outcome } from "../domain/outcome.ts";
import type { EngineClient } from "../engines/contract.ts";
import type { Ability } from "./readiness.ts";

export function failFast(own: EngineClient, site: string, ability: () => Ability): EngineClient {
  const guarded = <T>(call: () => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    const { able, because } = ability();
    if (able) return call();
    const failure = {
      code: "SITE_CANNOT_COMMIT",
      definite: true,
      what: because,
      where: `site ${site}`,
      next: "try again, or another site; the balancer sends new connections where it can be done",
    };
    return Promise.resolve({ kind: "failed", failure });
  };
  return {
    ...own,
    read: (key, mode, signal) =>
      mode === "linearizable" ? guarded(() => own.read(key, mode, signal)) : own.read(key, mode, signal),
    list: (prefix, page, signal) =>
      page.mode === "linearizable"
        ? guarded(() => own.list(prefix, page, signal))
        : own.list(prefix, page, signal),
    write: (key, value, signal) => guarded(() => own.write(key, value, signal)),
    compareAndSet: (changes, signal) => guarded(() => own.compareAndSet(changes, signal)),
  };
}
