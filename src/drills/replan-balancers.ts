// Gives every balancer of a running lab another plan, as an operator would: new file, service restarted. Resolves when
// each gateway has put a route into its kernel again.
import type { OutlastEvent } from "../domain/event.ts";
import { OutlastError } from "../domain/outcome.ts";
import { followLogs } from "../lab/follow-logs.ts";
import { LOGS_FOLDER } from "../lab/keeper/keeper.ts";
import { throwIfInterrupted } from "./interrupted.ts";
import type { Surroundings } from "./run-drill.ts";

const RESTARTED_WITHIN_MS = 20_000;

export async function replanBalancers(
  planText: string,
  { lab, topology, clock, signal }: Surroundings,
): Promise<void> {
  const places = topology.places.filter((place) => place.kind !== "clients").map((place) => place.name);
  const gateways = topology.places.filter((place) => place.kind === "gateway").map((place) => place.name);
  await lab.call("writePlan", { text: planText });
  const sinceNs = clock.nowNs();
  const started = new Set<string>();
  const routed = new Set<string>();
  const note = (event: OutlastEvent) => {
    if (event.component !== "balancer" || BigInt(event.at) < sinceNs) return;
    if (event.event === "started") started.add(event.place);
    // The old life applies nothing more once it was told to stop; the new one may route before it says "started".
    if (event.event === "route-applied" && event.plane === "kernel") routed.add(event.place);
  };
  await Promise.all(places.map((place) => lab.call("stopProcess", { place, name: "balancer" })));
  using logs = followLogs(lab.pathOf(LOGS_FOLDER), note, clock);
  const done = await logs.until(
    () => places.every((place) => started.has(place)) && gateways.every((place) => routed.has(place)),
    RESTARTED_WITHIN_MS,
    signal,
  );
  if (done) return;
  throwIfInterrupted(signal);
  throw new OutlastError(
    {
      code: "BALANCERS_NOT_BACK",
      definite: false,
      what: `not every balancer routes again within ${RESTARTED_WITHIN_MS / 1000} s of its restart`,
      where: places
        .filter((place) => !started.has(place) || (gateways.includes(place) && !routed.has(place)))
        .join(", "),
      next: "try again on a machine that is less busy",
    },
    3,
  );
}
