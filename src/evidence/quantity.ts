// Numbers as people read them. null is "unknown", never 0.

/** "45 ms", "0.9 s", "12.4 s", "2 min 5 s": one figure after the point, for sentences. */
export function shortDuration(ms: number | null): string {
  if (ms === null) return "unknown";
  if (ms < 0) return `-${shortDuration(-ms)}`;
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** "0.42 ms", "4.2 ms", "912 ms", "1.24 s", "12.4 s", "125 s": three figures or so, for tables. */
export function duration(ms: number | null): string {
  if (ms === null) return "unknown";
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms === 0) return "0 ms";
  if (ms < 0.995) return `${ms.toFixed(2)} ms`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 1000)} s`;
}

/** "4 812" */
export function count(value: number | null): string {
  if (value === null) return "unknown";
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, " ");
}

/** A place on the drill's time axis: "12.345 s". */
export const moment = (atMs: number): string => `${(atMs / 1000).toFixed(3)} s`;
