// Before a loss of power: what the sites wrote while they were founded is on disk, as on machines that have run for a while.
// What clients write from here on is on disk only when the engine sees to it.
import { diskOf } from "../lab/keeper/keeper.ts";
import { endedWell } from "./drive-load.ts";
import type { DrillRequest, Surroundings } from "./run-drill.ts";

const WITHIN_MS = 20_000;

export async function synchronise({ seed }: DrillRequest, around: Surroundings): Promise<void> {
  const sites = around.topology.places.filter((place) => place.kind === "site");
  await Promise.all(
    sites.map(async (place) => {
      const spec = { name: `sync-${seed}`, restart: false, argv: ["sync", "-f", diskOf(place)] };
      await around.lab.call("startProcess", { place: place.name, spec });
      await endedWell(place.name, spec.name, WITHIN_MS, around);
    }),
  );
}
