// A balancer: a site's name server (--site) or a client region's gateway (--region). docs/balancer.md.
import { join } from "node:path";
import { Command, Option } from "commander";
import { startGateway } from "../../balancer/gateway.ts";
import { startKernelPath } from "../../balancer/kernel/plane.ts";
import { startNameServer } from "../../balancer/name-server.ts";
import { OutlastError } from "../../domain/outcome.ts";
import type { Plan } from "../../domain/plan.ts";
import { type NetworkTools, TOOLS_ON_PATH } from "../../linux/network-tools.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock } from "../../runtime/clock.ts";
import { startLog } from "../../runtime/log.ts";
import { interruption } from "../../runtime/process.ts";
import { version } from "../version.ts";

interface Options {
  readonly file: string;
  readonly site?: string;
  readonly region?: string;
  readonly state?: string;
  readonly kernelPath: boolean;
  readonly tools?: string;
}

const toolsIn = (folder: string | undefined): NetworkTools =>
  folder === undefined
    ? TOOLS_ON_PATH
    : { nft: join(folder, "nft"), conntrack: join(folder, "conntrack"), ip: join(folder, "ip") };

type Place = { readonly kind: "site" | "region"; readonly name: string };

function placeOf(plan: Plan, { site, region }: Options): Place {
  const wrong = (what: string, next: string) =>
    new OutlastError({ code: "USAGE", definite: true, what, where: "outlast balancer", next }, 2);
  if ((site === undefined) === (region === undefined))
    throw wrong("say which one: --site or --region", "give exactly one of them");
  const kind = site === undefined ? "region" : "site";
  const name = site ?? region ?? "";
  const names = (kind === "site" ? plan.sites : plan.regions).map((place) => place.name);
  if (!names.includes(name))
    throw wrong(`no ${kind} ${name} in plan ${plan.name}`, `name one of ${names.join(", ")}`);
  return { kind, name };
}

async function balance(options: Options): Promise<void> {
  const signal = interruption();
  const plan = await loadPlan(options.file);
  const place = placeOf(plan, options);
  const log = startLog("balancer", place.kind === "site" ? place.name : `gateway/${place.name}`);
  const stateFolder = options.state ?? null;
  const common = { plan, stateFolder, log, clock: systemClock };
  await using _running =
    place.kind === "site"
      ? await startNameServer({ ...common, site: place.name })
      : await startGateway({
          ...common,
          region: place.name,
          startPlane: options.kernelPath
            ? (generation) =>
                startKernelPath({ ...common, region: place.name, generation, tools: toolsIn(options.tools) })
            : null,
        });
  log.emit({ event: "started", pid: process.pid, version: version() });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  log.emit({ event: "stopping", because: String(signal.reason) });
}

export function build(): Command {
  return new Command("balancer")
    .description("Steer clients: name server of a site, or gateway of a client region")
    .requiredOption("-f, --file <plan>", "plan file with addresses")
    .option("--site <site>", "be the name server of this site")
    .option("--region <region>", "be the gateway of this client region")
    .option("--state <folder>", "keep the last good route here over restarts")
    .addOption(new Option("--tools <folder>", "nft, conntrack and ip are here, not on PATH").hideHelp())
    .addOption(new Option("--no-kernel-path", "gateway: only probe and publish").hideHelp())
    .action(balance);
}
