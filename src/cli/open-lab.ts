// A lab for a plan, with everything provisioned first: tools, engine, then namespaces.
import type { Plan } from "../domain/plan.ts";
import { labConfig } from "../lab/lab-config.ts";
import { type Lab, startLab } from "../lab/start-lab.ts";
import { formatPlan } from "../plan/format.ts";
import { outlastCommand } from "../runtime/process.ts";

export interface OpenLabOptions {
  readonly name: string;
  readonly seed: number;
  readonly detached: boolean;
  readonly signal: AbortSignal;
  readonly agentArguments: readonly string[];
}

export async function openLab(plan: Plan, options: OpenLabOptions): Promise<Lab> {
  const config = labConfig(plan, {
    name: options.name,
    seed: options.seed,
    formatPlan,
    outlast: outlastCommand,
    agentArguments: options.agentArguments,
  });
  return startLab(config, {
    detached: options.detached,
    toolFolders: [],
    path: process.env.PATH ?? "",
    signal: options.signal,
  });
}
