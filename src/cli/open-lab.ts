// A lab for a plan, with everything provisioned first: tools, engine, then namespaces.
import { dirname } from "node:path";
import { done, OutlastError } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import type { Installation } from "../engines/contract.ts";
import type { DiskKind } from "../lab/disks/disks.ts";
import type { LinkDriverKind } from "../lab/link.ts";
import { labConfig } from "../lab/lab-config.ts";
import { type Lab, startLab } from "../lab/start-lab.ts";
import type { Topology } from "../lab/topology.ts";
import { provideTools, type Tools } from "../linux/tools.ts";
import { formatPlan } from "../plan/format.ts";
import { outlastCommand } from "../runtime/process.ts";
import { cacheFolder } from "./folders.ts";
import { engineOf, refuseNotRunYet } from "./wiring.ts";

/** What a lab stands on, with where each came from. */
export interface Provisions {
  readonly tools: Tools;
  readonly engine: Installation;
  readonly links: LinkDriverKind;
}

export interface OpenLabOptions {
  readonly name: string;
  readonly seed: number;
  readonly detached: boolean;
  readonly signal: AbortSignal;
  /** Default: memory. */
  readonly disks?: DiskKind;
  /** Added to every agent's command line (positive controls). */
  readonly agentArguments: readonly string[];
}

const LAB_TOOLS = ["ip", "ss", "nft", "ethtool", "conntrack", "unbound", "nsenter", "unshare"] as const;

const DRIVER_TOOLS = { relay: [], netem: ["tc", "ping"] } as const;

/** Throws what the failing provider says (exit 3). Progress goes to standard error. */
export async function provision(
  plan: Plan,
  signal: AbortSignal,
  links: LinkDriverKind = "relay",
): Promise<Provisions> {
  refuseNotRunYet(plan);
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const wiring = { cacheFolder: cacheFolder(), progress };
  const engine = await engineOf(plan.workload.engine, wiring);
  // Where a recovery chooses the primary its agents keep what they remember in etcd.
  const store = plan.strategy.kind === "distributed" ? engine : await engineOf("etcd", wiring);
  const [tools, installed, kept] = await Promise.all([
    provideTools([...LAB_TOOLS, ...DRIVER_TOOLS[links]], cacheFolder(), signal, progress),
    engine.provision(plan.workload.version, signal),
    store === engine ? done(null) : store.provision(null, signal),
  ]);
  for (const outcome of [tools, installed, kept])
    if (outcome.kind !== "done") throw new OutlastError(outcome.failure);
  if (tools.kind !== "done" || installed.kind !== "done") throw new RangeError("unreachable");
  return { tools: tools.value, engine: installed.value, links };
}

export async function openLab(
  plan: Plan,
  { tools, engine, links }: Provisions,
  options: OpenLabOptions,
): Promise<{ readonly lab: Lab; readonly topology: Topology }> {
  const config = labConfig(plan, {
    name: options.name,
    seed: options.seed,
    formatPlan,
    links,
    disks: options.disks ?? "memory",
    outlast: outlastCommand,
    agentArguments: ["--engine", JSON.stringify(engine), ...options.agentArguments],
  });
  const lab = await startLab(config, {
    detached: options.detached,
    toolFolders: [...new Set(Object.values(tools.paths).map(dirname))],
    path: process.env["PATH"] ?? "",
    signal: options.signal,
  });
  return { lab, topology: config.topology };
}
