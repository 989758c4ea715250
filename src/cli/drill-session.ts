// A drill with a lab of its own: up, drilled, down. The demonstration holds one lab for several drills instead.
import { availableParallelism, release } from "node:os";
import type { DrillResult } from "../domain/drill.ts";
import { OutlastError } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import { agentArguments } from "../drills/controls.ts";
import type { Fault } from "../drills/fault.ts";
import { type DrillRequest, type Moment, runDrill, type Surroundings } from "../drills/run-drill.ts";
import type { DiskKind } from "../lab/disks/disks.ts";
import type { Lab } from "../lab/start-lab.ts";
import type { Topology } from "../lab/topology.ts";
import { systemClock } from "../runtime/clock.ts";
import { newId } from "../runtime/random.ts";
import { outlastCommand } from "../runtime/process.ts";
import { openLab, type Provisions } from "./open-lab.ts";
import { version } from "./version.ts";
import { timingsOf } from "./wiring.ts";

export interface DrillSession {
  readonly plan: Plan;
  readonly planText: string;
  readonly provisions: Provisions;
  readonly evidenceRoot: string;
  readonly signal: AbortSignal;
  readonly live: (moment: Moment) => void;
  /** null: as the fault needs them. */
  readonly disks?: DiskKind | null;
}

/** Throws DISKS_WITHOUT_POWER (exit 2). */
function disksFor(fault: Fault, asked: DiskKind | null = null): DiskKind {
  if (fault.disks === undefined || asked === null || asked === fault.disks)
    return fault.disks ?? asked ?? "memory";
  throw new OutlastError(
    {
      code: "DISKS_WITHOUT_POWER",
      definite: true,
      what: `a disk in memory has nothing to lose by ${fault.kind}`,
      where: `--disks ${asked}`,
      next: "leave the option out, or ask for --disks loop",
    },
    2,
  );
}

export const labName = (plan: Plan): string => `${plan.name}-${newId().slice(0, 6)}`;

/** Everything a drill needs to know of a lab that is up. */
export async function surroundings(
  session: DrillSession,
  lab: Lab,
  topology: Topology,
): Promise<Surroundings> {
  const { provisions, plan } = session;
  return {
    lab,
    topology,
    plan,
    planText: session.planText,
    timings: await timingsOf(plan),
    machine: {
      versions: {
        outlast: version(),
        node: process.versions.node,
        [provisions.engine.engine]: provisions.engine.version,
      },
      engineSource: provisions.engine.source,
      cores: availableParallelism(),
      kernel: release(),
    },
    earlierTags: [],
    evidenceRoot: session.evidenceRoot,
    clock: systemClock,
    signal: session.signal,
    outlast: outlastCommand,
    live: session.live,
  };
}

export async function oneDrill(
  session: DrillSession & { readonly request: DrillRequest },
): Promise<DrillResult> {
  const { plan, provisions, signal, request } = session;
  const { lab, topology } = await openLab(plan, provisions, {
    name: labName(plan),
    seed: request.seed,
    disks: disksFor(request.fault, session.disks),
    detached: false,
    signal,
    agentArguments: agentArguments(request.controls ?? []),
  });
  await using _ = lab;
  return await runDrill(request, await surroundings(session, lab, topology));
}
