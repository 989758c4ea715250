// The part that all HTTP profiles share: profiles differ only in the address they connect to and in when they change it.
import type { Clock } from "../runtime/clock.ts";
import { classify, httpRequest } from "./classify.ts";
import type { ClientProfile } from "./client.ts";
import { startConnections } from "./connections.ts";

export interface Addressing extends AsyncDisposable {
  /** The address for the next request; null: none known yet. */
  current(): string | null;
  /** Waits for a first one, at most until the signal. */
  first(signal: AbortSignal): Promise<string | null>;
  /** A connection was refused, reset or not established. */
  connectionFailed(): void;
}

export function startHttpProfile(
  port: number,
  clock: Clock,
  start: (drop: (address: string) => void) => Addressing,
): ClientProfile {
  const connections = startConnections(port, clock);
  const addressing = start(connections.drop);
  const firstAddress = async (deadlineAtMs: number) => {
    const wait = new AbortController();
    const timer = setTimeout(() => wait.abort(), Math.max(0, deadlineAtMs - clock.nowMs()));
    try {
      return await addressing.first(wait.signal);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async send(request, deadlineAtMs) {
      const address = addressing.current() ?? (await firstAddress(deadlineAtMs));
      if (address === null) return { outcome: "fail", error: "NOT_RESOLVED" };
      const exchange = await connections.exchange(address, httpRequest(request), deadlineAtMs);
      if (exchange.kind !== "answer" && exchange.code !== "DEADLINE") addressing.connectionFailed();
      return classify(request.op, exchange);
    },
    async [Symbol.asyncDispose]() {
      await addressing[Symbol.asyncDispose]();
      await connections[Symbol.asyncDispose]();
    },
  };
}
