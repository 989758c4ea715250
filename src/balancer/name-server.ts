// The balancer of a site: a name server that decides from the gateways' rows, never from its own site's view.
//
//   POST /v1/rows ─► rows ─► view per region ─► decide (hold) ─► zone ─► DNS answers
import { addressOf } from "../domain/address.ts";
import { PORTS, type Plan, siteOf } from "../domain/plan.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { startDnsServer } from "./dns/server.ts";
import { makeZone } from "./dns/zone.ts";
import { routeStore } from "./last-route.ts";
import { eligibleSites } from "./policy.ts";
import { startRouteKeeper } from "./route-keeper.ts";
import { newRows } from "./rows.ts";
import { startControl } from "./server.ts";
import { rowFreshMs, viewOf } from "./view.ts";

export interface NameServerOptions {
  readonly plan: Plan;
  readonly site: string;
  /** null: nothing is kept over restarts. */
  readonly stateFolder: string | null;
  readonly log: Log;
  readonly clock?: Clock;
  readonly dnsPort?: number;
  readonly controlPort?: number;
}

export interface NameServer extends AsyncDisposable {
  readonly dnsPort: number;
  readonly controlPort: number;
}

export async function startNameServer(options: NameServerOptions): Promise<NameServer> {
  const { plan, site, log, clock = systemClock } = options;
  const host = addressOf(siteOf(plan, site).address, `site ${site}`);
  const sites = eligibleSites(plan);
  const rows = newRows(plan.regions.map((region) => region.name));
  const store = options.stateFolder === null ? null : routeStore(options.stateFolder, site, plan);
  const keeper = await startRouteKeeper({ plan, store, log, clock });
  let answering = keeper.current();
  const dns = await startDnsServer({
    host,
    port: options.dnsPort ?? PORTS.dns,
    zone: makeZone(plan, site, answering),
    onError: (message) => log.warning(`dns: ${message}`),
  });

  const decide = () => {
    const known = rows.known(clock.nowMs());
    const views = plan.regions.map((region) => viewOf(plan, region.name, known, sites));
    const changed = keeper.decide(views);
    const route = keeper.current();
    if (route === answering) return;
    answering = route;
    const before = clock.nowMs();
    dns.apply(makeZone(plan, site, route));
    if (!changed || route === null) return;
    log.emit({
      event: "route-applied",
      plane: "dns",
      serial: route.serial,
      tookMs: clock.nowMs() - before,
    });
    void keeper.save(0);
  };

  const control = await startControl({
    host,
    port: options.controlPort ?? PORTS.balancer,
    route: keeper.current,
    onRow: (row) => {
      if (!rows.put(row, clock.nowMs())) return false;
      decide();
      return true;
    },
    status: () => ({
      place: site,
      route: keeper.current(),
      routeFrom: keeper.from(),
      health: [],
      rows: [...rows.known(clock.nowMs()).values()].map(({ row, ageMs }) => ({
        region: row.region,
        ageMs: Math.round(ageMs),
        fresh: ageMs <= rowFreshMs(plan),
        row,
      })),
      planes: [{ plane: "dns", state: "answering", serial: keeper.current()?.serial ?? null }],
    }),
  }).catch(async (cause: unknown) => {
    await dns[Symbol.asyncDispose]();
    throw cause;
  });
  // Rows also go stale when nothing arrives.
  const timer = setInterval(decide, Math.max(100, plan.balancer.timing.intervalMs));
  return {
    dnsPort: dns.port,
    controlPort: control.port,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await Promise.all([control[Symbol.asyncDispose](), dns[Symbol.asyncDispose]()]);
      await keeper.save(0);
    },
  };
}
