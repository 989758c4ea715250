// Measures the round trip to every other site, one connection a second, and says when it is not the plan's. A refused
// connection took one round trip too; an unanswered one says nothing here (peers and balancers notice a cut).
import { connect } from "node:net";
import { linkBetween, type Plan, PORTS } from "../domain/plan.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { judgeLink } from "./link-findings.ts";

const EVERY_MS = 1_000;
const TIMEOUT_MS = 1_000;
const KEPT = 20;
/** Below it, a plan on one machine. */
const ROUND_TRIP_MIN_MS = 1;

export interface LinkWatchOptions {
  readonly plan: Plan;
  readonly site: string;
  readonly peers: readonly { readonly name: string; readonly address: string }[];
  readonly clock: Clock;
  readonly log: Pick<Log, "emit">;
  /** Default: 1 s. */
  readonly everyMs?: number;
}

/** Ends with the signal. */
export async function watchLinks(options: LinkWatchOptions, signal: AbortSignal): Promise<void> {
  const { plan, site, peers, clock, log, everyMs = EVERY_MS } = options;
  const links = peers.map(({ name, address }) => ({
    name,
    address,
    plannedMs: linkBetween(plan, site, name).roundTripMs,
    samplesMs: [] as number[],
    deviates: false,
  }));
  while (!signal.aborted) {
    for (const link of links) {
      const tookMs = await roundTrip(link.address, TIMEOUT_MS, clock, signal);
      if (tookMs === null) continue;
      link.samplesMs = [...link.samplesMs, tookMs].slice(-KEPT);
      const found = judgeLink(link.plannedMs, link.samplesMs);
      if (found === null || found.deviates === link.deviates || link.plannedMs < ROUND_TRIP_MIN_MS) continue;
      link.deviates = found.deviates;
      log.emit({ event: "link-measured", to: link.name, ...found });
    }
    await clock.sleep(everyMs, signal);
  }
}

/** ms; null: no answer in time. */
function roundTrip(
  host: string,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | null> {
  return new Promise((resolve) => {
    const fromMs = clock.nowMs();
    const socket = connect({ host, port: PORTS.agent });
    const settle = (tookMs: number | null) => {
      socket.destroy();
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      resolve(tookMs);
    };
    const giveUp = () => settle(null);
    const timer = setTimeout(giveUp, timeoutMs);
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once("connect", () => settle(clock.nowMs() - fromMs));
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      settle(code === "ECONNREFUSED" ? clock.nowMs() - fromMs : null),
    );
  });
}
