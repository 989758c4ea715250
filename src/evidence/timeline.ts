// Merges the logs of all components into one timeline by the monotonic clock they share, and picks what changed for the
// result. A line that is no event is counted with its file, never silently dropped. Pure.
import type { TimelineEvent } from "../domain/drill.ts";
import type { OutlastEvent } from "../domain/event.ts";

export interface BrokenLine {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** The first characters of it. */
  readonly start: string;
}

export interface Timeline {
  /** In order of time; events of one instant keep the order of the logs. */
  readonly events: readonly TimelineEvent[];
  readonly brokenLines: number;
  /** The first few of them. */
  readonly broken: readonly BrokenLine[];
}

const BROKEN_KEPT_MAX = 20;
const RESULT_EVENTS_MAX = 1_500;

function parseEvent(line: string): OutlastEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { at, wall, component, place, event } = value as Record<string, unknown>;
  const whole =
    typeof at === "string" &&
    /^\d{1,20}$/.test(at) &&
    [wall, component, place, event].every((field) => typeof field === "string");
  return whole ? (value as OutlastEvent) : null;
}

/** `originNs`: CLOCK_MONOTONIC at time 0 of the drill's history. Events before it get a negative `atMs`. */
export function mergeLogs(
  logs: readonly { readonly file: string; readonly text: string }[],
  originNs: bigint,
): Timeline {
  const events: { ns: bigint; event: TimelineEvent }[] = [];
  const broken: BrokenLine[] = [];
  let brokenLines = 0;
  for (const { file, text } of logs) {
    for (const [index, line] of text.split("\n").entries()) {
      if (line.trim() === "") continue;
      const event = parseEvent(line);
      if (event === null) {
        brokenLines += 1;
        if (broken.length < BROKEN_KEPT_MAX) broken.push({ file, line: index + 1, start: line.slice(0, 80) });
        continue;
      }
      const ns = BigInt(event.at);
      events.push({ ns, event: { atMs: Number((ns - originNs) / 1000n) / 1000, ...event } });
    }
  }
  events.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0)); // stable
  return { events: events.map(({ event }) => event), brokenLines, broken };
}

/** Reads an events.jsonl back. */
export function parseTimeline(text: string): {
  readonly events: readonly TimelineEvent[];
  readonly brokenLines: number;
} {
  const events: TimelineEvent[] = [];
  let brokenLines = 0;
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const event = parseEvent(line) as TimelineEvent | null;
    if (event === null || typeof event.atMs !== "number") brokenLines += 1;
    else events.push(event);
  }
  return { events, brokenLines };
}

/** Said often and changing nothing: not in the result, not on the page. */
export const isChatter = (event: TimelineEvent): boolean =>
  (event.event === "log" && event.level === "info") || String(event.event) === "load-progress";

/** What belongs into result.json: everything that changed, no chatter, bounded. */
export function keyEvents(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  return events.filter((event) => !isChatter(event)).slice(0, RESULT_EVENTS_MAX);
}
