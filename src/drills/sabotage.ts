// A positive control: removes one acknowledged write from the store, behind everyone's back, between the clients' end and
// the read-back. A drill that calls itself fine after that measures nothing.
import { loadHistory } from "../history/read.ts";
import { JOURNAL_KEY } from "../judges/journal.ts";
import { PLAN_FILE } from "../lab/keeper/keeper.ts";
import { endedWell, type LoadRun } from "./drive-load.ts";
import type { DrillRequest, Surroundings } from "./run-drill.ts";

const WITHIN_MS = 20_000;

export async function deleteAcknowledged(
  { seed }: DrillRequest,
  around: Surroundings,
  loads: readonly LoadRun[],
): Promise<{ readonly id: string; readonly atNs: string }> {
  const [first] = loads;
  if (first === undefined) throw new RangeError("a drill without clients");
  const { operations } = await loadHistory(around.lab.pathOf(first.historyFile));
  const written = operations.find(
    ({ op, key, outcome }) => op === "append" && key === JOURNAL_KEY && outcome === "ok",
  );
  if (written === undefined) throw new RangeError("no write was acknowledged: there is nothing to delete");
  const id = String(written.input);
  const spec = {
    name: `sabotage-${seed}`,
    restart: false,
    argv: around.outlast("sabotage", "--file", PLAN_FILE, "--unsafe-delete-journal", id),
  };
  const atNs = around.clock.nowNs().toString();
  await around.lab.call("startProcess", { place: first.place, spec });
  await endedWell(first.place, spec.name, WITHIN_MS, around);
  return { id, atNs };
}
