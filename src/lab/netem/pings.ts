// What the links really took, where no relay sees the packets: the kernel of each place answers the pings of the others. Only
// while a link is whole: then a late answer is the emulation's lateness (an upper bound: it holds the machine's own time too).
import { createInterface } from "node:readline";
import type { Log } from "../../runtime/log.ts";
import { type Child, start } from "../../runtime/process.ts";
import { inNamespace } from "../apply-network.ts";
import type { LinkFidelity, LinkSetting } from "../link.ts";
import type { Place, Topology } from "../topology.ts";

const INTERVAL_S = 0.2;
const SAMPLES_MAX = 20_000;

/** "64 bytes from 10.77.2.1: icmp_seq=4 ttl=64 time=10.1 ms" → 10.1; null: another line (iputils ping, -n). */
export function pingTimeMs(line: string): number | null {
  const found = /\btime[=<]([\d.]+) ms\b/.exec(line);
  return found === null ? null : Number(found[1]);
}

export interface PingSample {
  readonly between: readonly [string, string];
  readonly timeMs: number;
  readonly plannedMs: number;
}

/** Pure: what was measured, of whole links only. */
export function fidelityOf(samples: readonly PingSample[]): LinkFidelity {
  const late = samples.map(({ timeMs, plannedMs }) => Math.max(0, timeMs - plannedMs)).sort((a, b) => a - b);
  const at = (share: number) => late[Math.max(0, Math.ceil(share * late.length) - 1)] ?? 0;
  const pairs = Map.groupBy(samples, ({ between }) => between.toSorted().join(" "));
  return {
    latenessMs: { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) },
    packets: samples.length,
    dropped: { cut: 0, loss: 0, overflow: 0 },
    roundTripMs: [...pairs.values()].flatMap((of) => {
      const [first] = of;
      if (first === undefined) return [];
      const [a, b] = first.between.toSorted();
      const sorted = of.map(({ timeMs }) => timeMs).sort((x, y) => x - y);
      return [{ between: [a ?? "", b ?? ""] as const, median: sorted[Math.floor(sorted.length / 2)] ?? 0 }];
    }),
  };
}

export interface Pings extends AsyncDisposable {
  /** Pings from this place to each that was named before; a place that was lost and returns is named again. */
  from(place: Place): void;
  forget(place: Place): Promise<void>;
  places(): readonly string[];
  fidelity(reset: boolean): LinkFidelity;
}

export function startPings(
  topology: Topology,
  links: () => readonly LinkSetting[],
  log: Pick<Log, "error">,
): Pings {
  const running = new Map<Child, readonly [string, string]>();
  const places = new Map<string, Place>();
  let samples: PingSample[] = [];

  const plannedMs = (a: string, b: string): number | null => {
    const ways = links().filter(({ from, to }) => (from === a && to === b) || (from === b && to === a));
    const whole =
      ways.length === 2 &&
      ways.every(({ cut, lossRatio, jitterMs }) => !cut && lossRatio === 0 && jitterMs === 0);
    return whole ? ways.reduce((sum, { delayMs }) => sum + delayMs, 0) : null;
  };

  const ping = async (from: Place, to: Place) => {
    const argv = inNamespace(from.namespace, ["ping", "-n", "-i", String(INTERVAL_S), to.address]);
    const child = await start(argv, { stdio: ["ignore", "pipe", "ignore"] });
    running.set(child, [from.name, to.name]);
    void child.exited.then(() => running.delete(child));
    if (child.process.stdout === null) throw new Error("ping has no output");
    for await (const line of createInterface({ input: child.process.stdout })) {
      const timeMs = pingTimeMs(line);
      const planned = plannedMs(from.name, to.name);
      if (timeMs === null || planned === null || samples.length >= SAMPLES_MAX) continue;
      samples.push({ between: [from.name, to.name], timeMs, plannedMs: planned });
    }
  };

  return {
    from(place) {
      places.set(place.name, place);
      for (const other of topology.places)
        if (places.has(other.name) && other !== place)
          ping(place, other).catch((cause: unknown) =>
            log.error(`no pings ${place.name} → ${other.name}: ${String(cause)}`),
          );
    },
    async forget({ name }) {
      places.delete(name);
      const its = [...running].filter(([, between]) => between.includes(name));
      await Promise.all(its.map(([child]) => child.stop(500)));
    },
    places: () => [...places.keys()],
    fidelity(reset) {
      const found = fidelityOf(samples);
      if (reset) samples = [];
      return found;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running.keys()].map((child) => child.stop(500)));
    },
  };
}
