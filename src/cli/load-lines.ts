// What all regions' clients saw, one line a second: "clients  eu-west 300 ok  eu-north 297 ok 3 failed …". Pure fold.
import pc from "picocolors";
import type { OutlastEvent } from "../domain/event.ts";

interface Counts {
  readonly ok: number;
  readonly failed: number;
}

export interface LoadLines {
  /** Start of the second that is being counted, ns. */
  readonly sinceNs: bigint | null;
  readonly counts: ReadonlyMap<string, Counts>;
}

export const noLoad: LoadLines = { sinceNs: null, counts: new Map() };
const SECOND_NS = 1_000_000_000n;

/** The next state, and a line when a second is full. */
export function countLoad(state: LoadLines, event: OutlastEvent): { state: LoadLines; line: string | null } {
  if (event.event !== "load-progress") return { state, line: null };
  const atNs = BigInt(event.at);
  const full = state.sinceNs !== null && atNs - state.sinceNs >= SECOND_NS;
  const base = full ? new Map<string, Counts>() : state.counts;
  const before = base.get(event.region) ?? { ok: 0, failed: 0 };
  const counts = event.profiles.reduce(
    (sum, { ok, fail, unknown }) => ({ ok: sum.ok + ok, failed: sum.failed + fail + unknown }),
    before,
  );
  const next = {
    sinceNs: full || state.sinceNs === null ? atNs : state.sinceNs,
    counts: new Map([...base, [event.region, counts]]),
  };
  return { state: next, line: full ? lineOf(state.counts) : null };
}

const BAR_WIDTH = 10;

function lineOf(counts: ReadonlyMap<string, Counts>): string {
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([region, { ok, failed }]) => {
      const share = ok + failed === 0 ? 0 : ok / (ok + failed);
      const good = Math.round(share * BAR_WIDTH);
      const bar = pc.green("█".repeat(good)) + pc.red("░".repeat(BAR_WIDTH - good));
      return `${region} ${bar} ${String(ok).padStart(4)} ok${failed === 0 ? "".padEnd(12) : pc.red(` ${String(failed).padStart(4)} failed`)}`;
    })
    .join("  ");
}
