// The route of a running balancer: decided anew from views, reported when it changed, kept over restarts. The one place where
// "before" lives.
import type { Plan } from "../domain/plan.ts";
import type { Route } from "../domain/route.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { decideRoute } from "./decide.ts";
import type { RouteStore } from "./last-route.ts";
import type { RegionView } from "./view.ts";

export interface RouteKeeper {
  current(): Route | null;
  /** Where the current route comes from, for people. */
  from(): string;
  /** Decides again; true when a weight changed. */
  decide(views: readonly RegionView[]): boolean;
  /** Keeps the current route for the next life; failures are logged, never thrown: the route stays in effect. */
  save(generation: number): Promise<void>;
}

export async function startRouteKeeper(options: {
  readonly plan: Plan;
  readonly store: RouteStore | null;
  readonly log: Log;
  readonly clock: Clock;
}): Promise<RouteKeeper & { readonly generation: number }> {
  const { plan, store, log, clock } = options;
  const read = (await store?.read()) ?? { kept: null, because: "no state folder was given" };
  let route: Route | null = read.kept === null ? null : { ...read.kept.route, held: true };
  let from = read.because;
  if (route !== null)
    log.warning(`answering from the last good route, serial ${route.serial}, ${read.because}`);
  return {
    generation: read.kept?.generation ?? 0,
    current: () => route,
    from: () => from,
    decide: (views) => {
      const { route: next, changed } = decideRoute(plan, views, route);
      // Nothing known and nothing to hold is no route yet.
      if (route === null && next.groups.every((group) => Object.keys(group.weights).length === 0))
        return false;
      const before = route;
      route = next;
      if (!next.held) from = "decided now";
      if (before !== null && next.held !== before.held)
        log.info(
          next.held
            ? `route held: ${next.groups.map((group) => `${group.region}: ${group.because}`).join(" | ")}`
            : "route no longer held",
        );
      if (changed.length === 0) return false;
      log.emit({
        event: "route-changed",
        serial: next.serial,
        epoch: next.epoch,
        held: next.held,
        groups: next.groups.map(({ region, weights, because }) => ({
          region,
          sites: Object.keys(weights),
          because,
        })),
      });
      return true;
    },
    save: async (generation) => {
      if (route === null || store === null) return;
      try {
        await store.save(route, generation, clock.wall());
      } catch (cause) {
        log.error(`the route could not be kept for a restart: ${(cause as Error).message}`);
      }
    },
  };
}
