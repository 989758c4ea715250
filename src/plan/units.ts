// Durations, ratios and bandwidths as the plan writes them: strings with units. Each reader has a writer that gives
// the same value back.

const DURATION_MS = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const BANDWIDTH_BITS = { "bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9 } as const;

export const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(us|ms|s|m|h)$/;
export const PERCENT = /^(\d{1,3}(?:\.\d{1,4})?)%$/;
export const BANDWIDTH = /^(\d{1,9}(?:\.\d{1,3})?)(bit\/s|kbit\/s|Mbit\/s|Gbit\/s)$/;

const round = (value: number, decimals: number) => Number(value.toFixed(decimals));

/** Milliseconds, to the microsecond; null when the text is not a duration. */
export function parseDurationMs(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  return round(Number(match[1]) * DURATION_MS[match[2] as keyof typeof DURATION_MS], 3);
}

/** "5s", "10ms", "10.4ms", "30.7s". */
export function formatDurationMs(ms: number): string {
  if (ms === 0) return "0s";
  for (const unit of ["h", "m", "s"] as const)
    if (Number.isInteger(ms / DURATION_MS[unit])) return `${ms / DURATION_MS[unit]}${unit}`;
  return Number.isInteger(ms) && ms > 1_000 ? `${ms / 1_000}s` : `${round(ms, 3)}ms`;
}

/** 0 … 1; null when the text is not a percentage of at most 100 %. */
export function parseRatio(text: string): number | null {
  const match = PERCENT.exec(text);
  if (match === null || Number(match[1]) > 100) return null;
  return round(Number(match[1]) / 100, 6);
}

export const formatRatio = (ratio: number): string => `${round(ratio * 100, 4)}%`;

/** Whole bits per second, at least 1; null when the text is not a bandwidth. */
export function parseBandwidth(text: string): number | null {
  const match = BANDWIDTH.exec(text);
  if (match === null) return null;
  const bits = Math.round(Number(match[1]) * BANDWIDTH_BITS[match[2] as keyof typeof BANDWIDTH_BITS]);
  return bits < 1 ? null : bits;
}

export function formatBandwidth(bits: number): string {
  for (const unit of ["Gbit/s", "Mbit/s", "kbit/s"] as const)
    if (Number.isInteger(bits / BANDWIDTH_BITS[unit])) return `${bits / BANDWIDTH_BITS[unit]}${unit}`;
  return `${bits}bit/s`;
}
