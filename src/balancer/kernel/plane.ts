// The kernel path of a gateway: the virtual address in nftables, in this process's own network namespace.
//
//   desired ─► marks (pure) ─► rules (pure) ─► one nft transaction ─► connections of lost sites are reset (reset.ts)
//   nft monitor ─► something of our table was removed ─► compare, put it back whole
//
// Wishes are carried out one after the other; of those that wait only the newest is. The table is removed on stop.
import { addressOf } from "../../domain/address.ts";
import type { Plan } from "../../domain/plan.ts";
import { listConnections } from "../../linux/conntrack.ts";
import type { NetworkTools } from "../../linux/network-tools.ts";
import {
  applyScript,
  listTable,
  type Monitor,
  ownedName,
  startMonitor,
  startNftSession,
} from "../../linux/nftables.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import type { DataPlane, DesiredPaths } from "../contract.ts";
import { adopt, type Marks, newMarks, nextMarks } from "./marks.ts";
import { allowForwarding, startPoker } from "./poke.ts";
import { resetConnections } from "./reset.ts";
import { changeTable, type PathTable, removeTable, wholeTable } from "./ruleset.ts";

/** Our own changes are reported too: looking at them can wait until the connections are reset. */
const CHECK_AFTER_MS = 200;
const MONITOR_RESTART_MS = 500;
const RETRY_MS = 500;

export interface KernelPath extends DataPlane {
  /** The last generation that was used. */
  generation(): number;
}

export interface KernelPathOptions {
  readonly plan: Plan;
  readonly region: string;
  /** The last generation that an earlier life used. */
  readonly generation: number;
  readonly tools: NetworkTools;
  readonly log: Log;
  readonly clock?: Clock;
}

export async function startKernelPath(options: KernelPathOptions): Promise<KernelPath> {
  const { plan, region, tools, log, clock = systemClock } = options;
  const { virtualAddress, port } = plan.balancer;
  const table = ownedName(region);
  const addresses = plan.sites.map(({ name, address }) => addressOf(address, `site ${name}`));
  const stopped = new AbortController();
  await using stack = new AsyncDisposableStack();
  await allowForwarding();
  const poker = stack.use(await startPoker(tools, clock));
  const session = stack.use(await startNftSession(tools));
  stack.defer(() => applyScript(tools, removeTable(table)));

  const found = await listConnections(tools, { serverAddress: virtualAddress });
  let marks: Marks = adopt(
    newMarks(
      plan.sites.map(({ name }) => name),
      options.generation,
    ),
    found.flatMap(({ mark }) => (mark === 0 ? [] : [mark])),
  );
  const pathTable = (now: Marks, shares: PathTable["shares"]): PathTable => ({
    table,
    virtualAddress,
    port,
    shares,
    dead: now.dead,
    targets: now.sites.flatMap((site, index) =>
      [...(now.alive[site] ?? [])].map((mark) => ({ mark, address: addresses[index] ?? "" })),
    ),
  });
  let inEffect = pathTable(marks, []);
  let serial: number | null = null;
  let broken: string | null = null;
  /** What nft prints of the table as we made it; null: to be looked up. */
  let printed: string | null = null;
  await applyScript(tools, wholeTable(inEffect));

  const carryOut = async (desired: DesiredPaths) => {
    const beganMs = clock.nowMs();
    const next = nextMarks(marks, desired);
    const wanted = pathTable(next.marks, next.shares);
    printed = null;
    try {
      await session.transact(changeTable(inEffect, wanted), stopped.signal);
    } catch (cause) {
      if (stopped.signal.aborted) return;
      // Somebody removed part of it: whole, then.
      log.warning(`kernel path: ${(cause as Error).message}`);
      await applyScript(tools, wholeTable(wanted), stopped.signal);
    }
    marks = next.marks;
    inEffect = wanted;
    if (serial !== desired.serial || next.killed.length > 0)
      log.emit({
        event: "route-applied",
        plane: "kernel",
        serial: desired.serial,
        tookMs: clock.nowMs() - beganMs,
      });
    serial = desired.serial;
    for (const { site, mark } of next.killed)
      void resetConnections({
        tools,
        poker,
        clock,
        mark,
        serverAddress: virtualAddress,
        signal: stopped.signal,
        onPoked: (count) =>
          log.emit({ event: "connections-reset", site, count, tookMs: clock.nowMs() - beganMs }),
      }).catch((cause: unknown) => {
        if (!stopped.signal.aborted) log.error(`connections of ${site}: ${(cause as Error).message}`);
      });
  };

  const check = async () => {
    const now = await listTable(tools, table, stopped.signal);
    if (now !== null && (printed === null || now === printed)) {
      printed = now;
      return;
    }
    await applyScript(tools, wholeTable(inEffect), stopped.signal);
    printed = await listTable(tools, table, stopped.signal);
    log.emit({
      event: "plane-repaired",
      plane: "kernel",
      because: now === null ? `table ${table} was removed` : `table ${table} was changed by somebody else`,
    });
  };

  const queue = newQueue(
    (cause) => {
      broken = cause === null ? null : cause.message;
      if (cause !== null && !stopped.signal.aborted) log.error(`kernel path: ${cause.message}`);
    },
    carryOut,
    check,
    () => clock.sleep(RETRY_MS, stopped.signal),
    stopped.signal,
  );
  queue.check();
  stack.defer(startWatch(tools, table, queue.check, stopped.signal, clock, log));
  stack.defer(async () => {
    stopped.abort();
    await queue.idle();
  });
  const owned = stack.move();
  return {
    apply: queue.put,
    generation: () => marks.generation,
    state: () => ({
      plane: "kernel",
      state: broken ?? `table ${table}, ${marks.dead.length} dead marks`,
      serial,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Keeps `nft monitor` running; returns what stops it. */
function startWatch(
  tools: NetworkTools,
  table: string,
  check: () => void,
  signal: AbortSignal,
  clock: Clock,
  log: Log,
): () => Promise<void> {
  let monitor: Monitor | null = null;
  let due: NodeJS.Timeout | null = null;
  const soon = () => {
    due ??= setTimeout(() => {
      due = null;
      check();
    }, CHECK_AFTER_MS);
  };
  const loop = (async () => {
    while (!signal.aborted) {
      try {
        monitor = await startMonitor(tools, table, soon);
        check(); // what happened while nobody watched
        await Promise.race([monitor.ended, aborted(signal)]);
      } catch (cause) {
        log.warning(`nft monitor: ${(cause as Error).message}`);
      }
      await clock.sleep(MONITOR_RESTART_MS, signal);
    }
  })();
  return async () => {
    await loop;
    if (due !== null) clearTimeout(due);
    await monitor?.[Symbol.asyncDispose]();
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

interface Queue {
  put(desired: DesiredPaths): Promise<void>;
  check(): void;
  idle(): Promise<void>;
}

/** One thing at a time; at most one wish and one check wait. A wish that failed is tried again until a newer one comes. */
function newQueue(
  onSettled: (failure: Error | null) => void,
  carryOut: (desired: DesiredPaths) => Promise<void>,
  check: () => Promise<void>,
  pause: () => Promise<void>,
  signal: AbortSignal,
): Queue {
  let wish: DesiredPaths | null = null;
  let checkWanted = false;
  let running: Promise<void> | null = null;
  const work = async () => {
    while ((wish !== null || checkWanted) && !signal.aborted) {
      const next = wish;
      wish = null;
      if (next === null) checkWanted = false;
      try {
        await (next === null ? check() : carryOut(next));
        onSettled(null);
      } catch (cause) {
        onSettled(cause as Error);
        await pause();
        wish ??= next;
      }
    }
  };
  const go = () => {
    running ??= work().finally(() => {
      running = null;
    });
    return running;
  };
  return {
    put: (desired) => {
      wish = desired;
      return go();
    },
    check: () => {
      checkWanted = true;
      void go();
    },
    idle: async () => {
      await running;
    },
  };
}
