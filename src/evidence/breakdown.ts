// Where the time of a recovery went, for clients of one region: each term is the difference of two recorded events,
// and null when one of them is missing. Only events between fault and heal count. Pure.
//
//   fault ──detect──► the region's gateway says: lost ──route──► its data plane changed ──reconnect──► first success
//
// Under `distributed` nobody decides, fences or promotes: the engine elects by itself, so those terms are null.
// Clients that succeed before a route changed (the election was the slower part) have no reconnect term.
import type { Breakdown, DrillMark, TimelineEvent } from "../domain/drill.ts";

export interface BreakdownQuestion {
  readonly region: string;
  /** null: the last of the region's profiles to succeed. */
  readonly profile: string | null;
  readonly site: string;
  readonly faultAtMs: number;
  /** null: not healed while watched. */
  readonly healAtMs: number | null;
}

const since = (from: number | undefined, to: number | undefined): number | null =>
  from === undefined || to === undefined || to < from ? null : Math.round((to - from) * 1000) / 1000;

function firstSuccessAtMs(events: readonly TimelineEvent[], asked: BreakdownQuestion): number | undefined {
  const first = new Map<string, number>();
  for (const event of events) {
    if (event.event !== "first-success" || event.region !== asked.region || event.afterFailures === 0)
      continue;
    if (asked.profile !== null && event.profile !== asked.profile) continue;
    if (!first.has(event.profile)) first.set(event.profile, event.atMs);
  }
  return first.size === 0 ? undefined : Math.max(...first.values());
}

export function breakdown(timeline: readonly TimelineEvent[], asked: BreakdownQuestion): Breakdown {
  const events = timeline.filter(
    ({ atMs }) => atMs >= asked.faultAtMs && (asked.healAtMs === null || atMs < asked.healAtMs),
  );
  const here = events.filter(
    ({ component, place }) => component === "balancer" && place === `gateway/${asked.region}`,
  );
  const detectedAtMs = here.find(
    (event) =>
      event.event === "site-health-changed" && event.site === asked.site && !(event.reachable && event.able),
  )?.atMs;
  const routedAtMs =
    detectedAtMs === undefined
      ? undefined
      : here.find((event) => event.event === "route-applied" && event.atMs >= detectedAtMs)?.atMs;
  return {
    detect: since(asked.faultAtMs, detectedAtMs),
    decide: null,
    fence: null,
    promote: null,
    route: since(detectedAtMs, routedAtMs),
    reconnect: since(routedAtMs, firstSuccessAtMs(events, asked)),
  };
}

/** The same for every region that has a gateway in the timeline. */
export function breakdownByRegion(
  timeline: readonly TimelineEvent[],
  regions: readonly string[],
  site: string,
  marks: readonly DrillMark[],
): Readonly<Record<string, Breakdown>> {
  const faultAtMs = marks.find(({ mark }) => mark === "fault")?.atMs;
  if (faultAtMs === undefined) return {};
  const healAtMs = marks.find(({ mark, atMs }) => mark === "heal" && atMs >= faultAtMs)?.atMs ?? null;
  return Object.fromEntries(
    regions.map((region) => [
      region,
      breakdown(timeline, { region, profile: null, site, faultAtMs, healAtMs }),
    ]),
  );
}
