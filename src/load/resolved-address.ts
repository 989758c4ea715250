// An address that comes from a name. The policies (obey the TTL, pin, never again) are the profiles' own.
import { Resolver } from "node:dns/promises";
import type { Clock } from "../runtime/clock.ts";
import type { Addressing } from "./http-profile.ts";

export interface Lookup {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

/** Asks the recursive resolver once; null: no answer, or none with an address. */
export type Resolve = () => Promise<Lookup | null>;

/** One try: what the resolver does behind it (other name servers) is part of what is measured. */
const LOOKUP_TIMEOUT_MS = 2_000;

/** `server`: IPv4 address, optionally with ":port". */
export function resolverOf(server: string, hostname: string): Resolve {
  return async () => {
    const resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: 1 });
    resolver.setServers([server]);
    try {
      const records = await resolver.resolve4(hostname, { ttl: true });
      if (records.length === 0) return null;
      return {
        addresses: records.map((record) => record.address),
        ttlMs: Math.min(...records.map((record) => record.ttl)) * 1000,
      };
    } catch {
      return null; // NODATA, SERVFAIL, timeout: a client can't do better than to ask again
    }
  };
}

export interface AddressPolicy {
  /** After an answer: how long until the next question; null: only when a connection fails. */
  readonly againAfterMs: (ttlMs: number) => number | null;
  /** Whether a failed connection asks the name again. */
  readonly againOnFailure: boolean;
}

/** After a lookup without an answer, and between two lookups at the least. */
const LOOKUP_GAP_MS = 250;

export function startResolvedAddress(
  resolve: Resolve,
  policy: AddressPolicy,
  clock: Clock,
  drop: (address: string) => void,
): Addressing {
  const stopping = new AbortController();
  let current: string | null = null;
  let wake: AbortController | null = null;
  let failures = 0;
  const first = Promise.withResolvers<void>();

  const take = ({ addresses }: Lookup) => {
    const chosen = current !== null && addresses.includes(current) ? current : (addresses[0] ?? current);
    const before = current;
    current = chosen;
    if (before !== null && before !== chosen) drop(before);
    first.resolve();
  };

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const seen = failures;
      const found = await resolve();
      if (found !== null) take(found);
      const after = found === null ? LOOKUP_GAP_MS : policy.againAfterMs(found.ttlMs);
      await clock.sleep(LOOKUP_GAP_MS, stopping.signal);
      const pending = policy.againOnFailure && failures !== seen;
      if (pending || stopping.signal.aborted) continue;
      wake = new AbortController();
      const signal = AbortSignal.any([stopping.signal, wake.signal]);
      if (after === null) await aborted(signal);
      else await clock.sleep(Math.max(0, after - LOOKUP_GAP_MS), signal);
      wake = null;
    }
  })();

  return {
    current: () => current,
    first: (signal) => Promise.race([first.promise, aborted(signal)]).then(() => current),
    connectionFailed: () => {
      failures += 1;
      if (policy.againOnFailure) wake?.abort();
    },
    [Symbol.asyncDispose]: () => {
      stopping.abort();
      return loop;
    },
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
