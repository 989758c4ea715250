// Can this run be trusted at all? A late relay or generator, or a link that was not as planned, makes it inconclusive:
// neither good nor bad (docs/evidence.md). Pure.
import type { Lateness } from "../domain/drill.ts";
import type { Operation } from "../domain/history.ts";

export interface TrustInput {
  readonly relayLatenessMs: Lateness | null;
  readonly generatorLatenessMs: Lateness | null;
  /** The longest outage measured; null: none or unknown. */
  readonly outageMs: number | null;
  /** Objective minus measured; null: not known. */
  readonly marginMs: number | null;
  readonly links: readonly {
    readonly between: readonly [string, string];
    readonly plannedRoundTripMs: number;
    readonly medianRoundTripMs: number | null;
  }[];
}

const OF_MARGIN = 0.2;
const OF_OUTAGE = 0.05;
const OF_LINK = 0.1;

/** Why the run is inconclusive; empty: it can be trusted. */
export function distrust(input: TrustInput): string[] {
  const bounds = [
    ...(input.marginMs === null || input.marginMs <= 0 ? [] : [input.marginMs * OF_MARGIN]),
    ...(input.outageMs === null || input.outageMs <= 0 ? [] : [input.outageMs * OF_OUTAGE]),
  ];
  const boundMs = bounds.length === 0 ? null : Math.min(...bounds);
  const late = (who: string, lateness: Lateness | null): string[] => {
    if (lateness === null) return [`the lateness of the ${who} is not known`];
    if (boundMs === null || lateness.p999 <= boundMs) return [];
    return [
      `the ${who} was late by ${lateness.p999.toFixed(1)} ms (p99.9), more than ${boundMs.toFixed(1)} ms (5 % of the outage or 20 % of the margin)`,
    ];
  };
  const links = input.links.flatMap(({ between: [a, b], plannedRoundTripMs, medianRoundTripMs }) => {
    if (medianRoundTripMs === null) return [];
    const off = Math.abs(medianRoundTripMs - plannedRoundTripMs) / plannedRoundTripMs;
    return off <= OF_LINK
      ? []
      : [
          `the link ${a}–${b} took ${medianRoundTripMs.toFixed(1)} ms (median), planned ${plannedRoundTripMs} ms`,
        ];
  });
  return [
    ...late("relay", input.relayLatenessMs),
    ...late("load generator", input.generatorLatenessMs),
    ...links,
  ];
}

/** How much later than scheduled the clients sent, in that span. What was not sent at all was as late as it was given up. */
export function generatorLateness(
  operations: readonly Operation[],
  fromNs: number,
  toNs: number,
): Lateness | null {
  const late = operations
    .flatMap(({ scheduled, invoked }) =>
      scheduled === undefined || scheduled < fromNs || scheduled >= toNs ? [] : [(invoked - scheduled) / 1e6],
    )
    .sort((a, b) => a - b);
  if (late.length === 0) return null;
  const at = (share: number) => Math.max(0, late[Math.ceil(share * late.length) - 1] ?? 0);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}
