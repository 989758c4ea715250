// What `nft list table` prints of a fence, read. Pure. Text and not JSON: its JSON rounds remaining times to seconds.
import type { FenceEvidence } from "../contract.ts";
import { markMeaning } from "./marks.ts";

/** A mark is seen for this long after its last packet; the remaining time dates it. */
export const SEEN_MS = 3_600_000;

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** "59m59s900ms" → 3 599 900. */
export function durationMs(text: string): number {
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|d|h|m|s)/g))
    total += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return total;
}

function elements(text: string, set: string): { readonly mark: number; readonly leftMs: number }[] {
  const body = new RegExp(`\\n\\tset ${set} \\{([\\s\\S]*?)\\n\\t\\}`).exec(text)?.[1] ?? "";
  return [...body.matchAll(/(0x[0-9a-f]{8}) timeout \S+ expires ([0-9a-z]+)/g)].map(([, mark, left]) => ({
    mark: Number(mark),
    leftMs: durationMs(left ?? ""),
  }));
}

function packets(text: string, counter: string): number {
  return Number(new RegExp(`\\n\\tcounter ${counter} \\{\\s+packets (\\d+)`).exec(text)?.[1] ?? 0);
}

export function parseEvidence(text: string): FenceEvidence {
  return {
    open: elements(text, "lease").map(({ mark, leftMs }) => ({ epoch: mark, forMs: leftMs })),
    reads: elements(text, "readers").flatMap(({ mark, leftMs }) => {
      const meaning = markMeaning(mark);
      return meaning.kind === "reads" ? [{ generation: meaning.generation, forMs: leftMs }] : [];
    }),
    lastPassed: elements(text, "seen").flatMap(({ mark, leftMs }) => {
      const meaning = markMeaning(mark);
      return meaning.kind === "epoch" ? [{ epoch: meaning.epoch, agoMs: SEEN_MS - leftMs }] : [];
    }),
    packets: {
      toEngine: packets(text, "to_engine_passed"),
      fromEngine: packets(text, "from_engine_passed"),
      refused: packets(text, "refused"),
      withheld: packets(text, "withheld"),
    },
  };
}
