// The table of scenarios, named after their fault.
import { OutlastError } from "../domain/outcome.ts";
import type { Fault } from "./fault.ts";
import { cutOneWay, cutPair, isolateSite } from "./faults/cut.ts";
import { diskFull, lossyLink, slowLink } from "./faults/degrade.ts";
import { loseSite, loseSiteWithDisks } from "./faults/lose-site.ts";
import { powerLoss, powerLossAll } from "./faults/power-loss.ts";
import { freezeAgent, freezeMember, killAgent, killMember } from "./faults/processes.ts";

const ALL: readonly Fault[] = [
  loseSite,
  loseSiteWithDisks,
  powerLoss,
  powerLossAll,
  isolateSite,
  cutPair,
  cutOneWay,
  slowLink,
  lossyLink,
  diskFull,
  killMember,
  freezeMember,
  killAgent,
  freezeAgent,
];

export const SCENARIOS: ReadonlyMap<string, Fault> = new Map(ALL.map((fault) => [fault.kind, fault]));

/** Throws SCENARIO_UNKNOWN (exit 2). */
export function scenario(name: string): Fault {
  const found = SCENARIOS.get(name);
  if (found !== undefined) return found;
  throw new OutlastError(
    {
      code: "SCENARIO_UNKNOWN",
      definite: true,
      what: `there is no scenario "${name}"`,
      where: "outlast drill run SCENARIO",
      next: `one of: ${[...SCENARIOS.keys()].join(", ")}`,
    },
    2,
  );
}
