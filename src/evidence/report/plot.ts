// Shapes of the charts as SVG path data, in a box that is stretched to any width: x counts buckets, y runs 0 (top) to
// 100. Text never goes into these pictures; it stands beside them as HTML. Pure.

const round = (value: number): number => Math.round(value * 100) / 100;

/** Area hanging from the top: the failed share of each bucket. "" when nothing failed. */
export function failedArea(ok: readonly number[], failed: readonly number[]): string {
  const parts: string[] = [];
  let index = 0;
  while (index < failed.length) {
    if ((failed[index] ?? 0) === 0) {
      index += 1;
      continue;
    }
    parts.push(`M${index},0`);
    let y = 0;
    for (; (failed[index] ?? 0) > 0; index += 1) {
      const share = round((100 * (failed[index] ?? 0)) / ((failed[index] ?? 0) + (ok[index] ?? 0)));
      if (share !== y) parts.push(`V${share}`);
      y = share;
      parts.push(`H${index + 1}`);
    }
    parts.push("V0Z");
  }
  return parts.join("");
}

/** Buckets in which nothing was scheduled: neither good nor bad. */
export function emptyArea(ok: readonly number[], failed: readonly number[]): string {
  const parts: string[] = [];
  for (let index = 0; index < ok.length; index += 1)
    if ((ok[index] ?? 0) + (failed[index] ?? 0) === 0) parts.push(`M${index},0h1v100h-1Z`);
  return parts.join("");
}

export interface LogScale {
  readonly lowMs: number;
  readonly highMs: number;
}

/** Powers of ten below the smallest value; at the top the deadline, or the largest value where that is more. */
export function logScale(values: readonly (number | null)[], deadlineMs: number): LogScale {
  const known = values.filter((value): value is number => value !== null && value > 0);
  let lowMs = deadlineMs / 100;
  let highMs = deadlineMs;
  for (const value of known) {
    if (value < lowMs) lowMs = value;
    if (value > highMs) highMs = value;
  }
  return { lowMs: 10 ** Math.floor(Math.log10(lowMs)), highMs };
}

export function scaleY(value: number, { lowMs, highMs }: LogScale): number {
  const share = (Math.log(Math.max(value, lowMs)) - Math.log(lowMs)) / (Math.log(highMs) - Math.log(lowMs));
  return round(100 - 100 * share);
}

/** Round values to draw lines at: the powers of ten inside the scale. */
export function gridValues({ lowMs, highMs }: LogScale): readonly number[] {
  const values: number[] = [];
  for (let value = lowMs * 10; value <= highMs * 1.001; value *= 10) values.push(round(value));
  return values;
}

/** A line through the middles of the buckets, broken where a value is missing; a lone value is a short dash. */
export function linePath(values: readonly (number | null)[], scale: LogScale): string {
  const parts: string[] = [];
  let open = false;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      open = false;
      continue;
    }
    const y = scaleY(value, scale);
    if (open) parts.push(`L${index + 0.5},${y}`);
    else {
      const alone = (values[index + 1] ?? null) === null;
      parts.push(alone ? `M${index},${y}h1` : `M${index + 0.5},${y}`);
    }
    open = true;
  }
  return parts.join("");
}
