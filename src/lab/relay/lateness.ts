// How true the emulation was: lateness of all packets and time in the link per direction.
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { LinkFidelity } from "../link.ts";

const US_PER_MS = 1000;
const micro = (ms: number) => Math.max(1, Math.round(ms * US_PER_MS));

export interface Fidelity {
  sent(from: string, to: string, latenessMs: number, transitMs: number): void;
  dropped(why: keyof LinkFidelity["dropped"]): void;
  report(): LinkFidelity;
  reset(): void;
}

export function startFidelity(): Fidelity {
  const lateness = createHistogram();
  const transits = new Map<string, RecordableHistogram>();
  let drops = { cut: 0, loss: 0, overflow: 0 };
  const at = (percent: number) => (lateness.count === 0 ? 0 : lateness.percentile(percent) / US_PER_MS);
  return {
    sent(from, to, latenessMs, transitMs) {
      lateness.record(micro(latenessMs));
      const key = `${from} ${to}`;
      let histogram = transits.get(key);
      if (histogram === undefined) {
        histogram = createHistogram();
        transits.set(key, histogram);
      }
      histogram.record(micro(transitMs));
    },
    dropped(why) {
      drops[why] += 1;
    },
    report: () => ({
      latenessMs: {
        p50: at(50),
        p99: at(99),
        p999: at(99.9),
        max: lateness.count === 0 ? 0 : lateness.max / US_PER_MS,
      },
      packets: lateness.count,
      dropped: { ...drops },
      roundTripMs: [...transits].flatMap(([key, there]) => {
        const [from = "", to = ""] = key.split(" ");
        const back = transits.get(`${to} ${from}`);
        if (back === undefined || from > to) return [];
        return [
          { between: [from, to] as const, median: (there.percentile(50) + back.percentile(50)) / US_PER_MS },
        ];
      }),
    }),
    reset() {
      lateness.reset();
      transits.clear();
      drops = { cut: 0, loss: 0, overflow: 0 };
    },
  };
}
