// Plan → everything a keeper needs. Pure: what each place's service manager runs is a list of command lines, the same
// that a production machine would run.
import type { Plan } from "../domain/plan.ts";
import type { DiskKind } from "./disks/disks.ts";
import { diskOf, type LabConfig, PLAN_FILE } from "./keeper/keeper.ts";
import type { ProcessSpec } from "./keeper/place.ts";
import type { LinkDriverKind } from "./link.ts";
import { resolverConfig } from "./resolver-config.ts";
import { type Place, type Topology, topologyOf } from "./topology.ts";

export interface LabOptions {
  readonly name: string;
  readonly seed: number;
  /** Turns the plan with the lab's addresses into text that daemons read back. */
  readonly formatPlan: (plan: Plan) => string;
  /** argv of an outlast verb. */
  readonly outlast: (...args: readonly string[]) => readonly string[];
  readonly links: LinkDriverKind;
  readonly disks: DiskKind;
  /** Added to every agent's command line (the installed engine, positive controls). */
  readonly agentArguments: readonly string[];
}

const DISK_BYTES_PER_PLACE = 1024 ** 3;

export function labConfig(plan: Plan, options: LabOptions): LabConfig {
  const topology = topologyOf(plan);
  const gateways = topology.places.filter((place) => place.kind === "gateway");
  return {
    name: options.name,
    topology,
    planText: options.formatPlan(topology.plan),
    programs: Object.fromEntries(topology.places.map((place) => [place.name, programsOf(place, options)])),
    files: Object.fromEntries(
      gateways.map((gateway) => [resolverFile(gateway), resolverConfig(topology, gateway)]),
    ),
    links: options.links,
    disks: options.disks,
    diskBytesPerPlace: DISK_BYTES_PER_PLACE,
    seed: options.seed,
  };
}

const resolverFile = (gateway: Place) => `resolver-${gateway.namespace}.conf`;

function programsOf(place: Place, { outlast, agentArguments }: LabOptions): ProcessSpec[] {
  const disk = diskOf(place);
  switch (place.kind) {
    case "site":
      return [
        {
          name: "agent",
          restart: true,
          argv: outlast(
            "agent",
            "-f",
            PLAN_FILE,
            "--site",
            place.name,
            "--data",
            `${disk}/agent`,
            ...agentArguments,
          ),
        },
        {
          name: "balancer",
          restart: true,
          argv: outlast("balancer", "-f", PLAN_FILE, "--site", place.name, "--state", `${disk}/balancer`),
        },
      ];
    case "gateway":
      return [
        {
          name: "balancer",
          restart: true,
          argv: outlast("balancer", "-f", PLAN_FILE, "--region", place.region, "--state", `${disk}/balancer`),
        },
        {
          name: "unbound",
          restart: true,
          argv: ["unbound", "-d", "-p", "-c", `/run/outlast/${resolverFile(place)}`],
        },
      ];
    case "clients":
      return [];
    default:
      return place.kind satisfies never;
  }
}

/** Where clients of a region find their recursive resolver. */
export function resolverAddress(topology: Topology, region: string): string {
  const gateway = topology.places.find((place) => place.kind === "gateway" && place.region === region);
  if (gateway === undefined) throw new RangeError(`no gateway for region ${region}`);
  return `${gateway.clientNetwork}.1`;
}
