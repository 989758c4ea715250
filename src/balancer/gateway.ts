// The balancer of a client region, at its gateway: probes every site, decides for its own region, owns the kernel path, and
// tells every name server what it sees.
//
//   probes ─► health ─► own row ─► view ─► decide (hold) ─► kernel path
//                          └─► POST /v1/rows at every name server
import { addressOf } from "../domain/address.ts";
import { PORTS, type Plan } from "../domain/plan.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { DataPlane } from "./contract.ts";
import { healthOf, isSettled, newHealth, observe, type ProbeResult } from "./health.ts";
import { routeStore } from "./last-route.ts";
import { eligibleSites } from "./policy.ts";
import { startProber } from "./probe.ts";
import { startPublisher } from "./publisher.ts";
import { startRouteKeeper } from "./route-keeper.ts";
import { startControl } from "./server.ts";
import { isExclusive, type RegionView, viewOf } from "./view.ts";

export interface GatewayOptions {
  readonly plan: Plan;
  readonly region: string;
  readonly stateFolder: string | null;
  readonly log: Log;
  readonly clock?: Clock;
  /** Starts the kernel path; null: this gateway only probes and publishes. `generation`: the last that was ever used. */
  readonly startPlane: ((generation: number) => Promise<DataPlane & { generation(): number }>) | null;
  readonly controlPort?: number;
  readonly nameServerPort?: number;
}

export interface Gateway extends AsyncDisposable {
  readonly controlPort: number;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { plan, region, log, clock = systemClock } = options;
  const host = addressOf(
    plan.regions.find(({ name }) => name === region)?.gateway ?? null,
    `region ${region}`,
  );
  const targets = plan.sites.map(({ name, address }) => ({
    site: name,
    address: addressOf(address, `site ${name}`),
  }));
  const sites = eligibleSites(plan);
  const store =
    options.stateFolder === null ? null : routeStore(options.stateFolder, `gateway-${region}`, plan);
  const keeper = await startRouteKeeper({ plan, store, log, clock });
  const startedAt = clock.wall();
  let sequence = 0;
  let health = newHealth(sites, plan.balancer.timing, isExclusive(plan));

  const row = () => ({ region, sequence, startedAt, sites: healthOf(health) });
  const view = (): RegionView => viewOf(plan, region, new Map([[region, { row: row(), ageMs: 0 }]]), sites);

  await using stack = new AsyncDisposableStack();
  const plane = (await options.startPlane?.(keeper.generation)) ?? null;
  if (plane !== null) stack.use(plane);
  const publisher = stack.use(
    startPublisher(targets, plan.balancer.timing.timeoutMs, options.nameServerPort),
  );

  const applyToPlane = (usable: readonly string[] | null) => {
    const route = keeper.current();
    if (plane === null || route === null) return;
    const weights = route.groups.find((group) => group.region === region)?.weights ?? {};
    plane
      .apply({ serial: route.serial, weights, usable })
      .then(() => keeper.save(plane.generation()))
      .catch((cause: unknown) => log.error(`kernel path: ${(cause as Error).message}`));
  };
  const publish = () => {
    // Half a view would say "unreachable" of sites that were not asked often enough yet.
    if (!isSettled(health)) return;
    sequence += 1;
    publisher.publish(row());
  };
  const decide = () => {
    if (!isSettled(health)) return;
    const seen = view();
    keeper.decide([seen]);
    const { candidates } = seen;
    applyToPlane(candidates === null || candidates.length === 0 ? null : candidates);
  };
  const onResult = (result: ProbeResult) => {
    const next = observe(health, result);
    health = next.state;
    for (const { after } of next.changes)
      log.emit({
        event: "site-health-changed",
        site: after.site,
        reachable: after.reachable,
        able: after.ableToCommit,
        because: after.because,
      });
    if (next.changes.length === 0) return;
    decide();
    publish();
  };

  applyToPlane(null); // the route of an earlier life, until there is a view
  stack.use(
    startProber({
      targets: targets.filter(({ site }) => sites.includes(site)),
      spec: plan.balancer,
      onResult,
      onTick: publish,
      clock,
    }),
  );
  const control = stack.use(
    await startControl({
      host,
      port: options.controlPort ?? PORTS.balancer,
      route: keeper.current,
      onRow: null,
      status: () => ({
        place: `gateway/${region}`,
        route: keeper.current(),
        routeFrom: keeper.from(),
        health: healthOf(health),
        rows: [],
        planes: plane === null ? [] : [plane.state()],
      }),
    }),
  );
  const owned = stack.move();
  return { controlPort: control.port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
