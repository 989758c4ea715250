// `outlast agent`: looks after one site until SIGTERM. Wires the engine's driver; docs/agent.md.
import { Command, Option } from "commander";
import { startAgent } from "../../agent/agent.ts";
import { OutlastError } from "../../domain/outcome.ts";
import type { Installation } from "../../engines/contract.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock } from "../../runtime/clock.ts";
import { startLog } from "../../runtime/log.ts";
import { interruption, outlastCommand } from "../../runtime/process.ts";
import { cacheFolder } from "../folders.ts";
import { version } from "../version.ts";
import { engineOf, notRunYet } from "../wiring.ts";

interface Options {
  readonly file: string;
  readonly site: string;
  readonly data: string;
  readonly engineProgram?: string;
  readonly engineVersion?: string;
  readonly engineSource?: string;
  readonly unsafeNoFsync?: boolean;
  readonly unsafeStaleReads?: boolean;
}

async function look(options: Options): Promise<void> {
  const signal = interruption();
  const plan = await loadPlan(options.file);
  const log = startLog("agent", options.site);
  if (plan.strategy.kind !== "distributed") throw notRunYet(plan);
  const engine = await engineOf(plan.workload.engine, {
    cacheFolder: cacheFolder(),
    progress: (line) => log.info(line),
  });
  let installed: Installation;
  if (options.engineProgram !== undefined)
    installed = {
      engine: engine.kind,
      version: options.engineVersion ?? "unknown",
      programs: { [engine.kind]: options.engineProgram },
      source: options.engineSource ?? "given",
    };
  else {
    const provided = await engine.provision(plan.workload.version, signal);
    if (provided.kind !== "done")
      throw new OutlastError(provided.failure, provided.failure.code === "INTERRUPTED" ? 130 : 3);
    installed = provided.value;
  }
  const frontend = ["ledger", "-f", options.file, "--site", options.site];
  if (options.unsafeStaleReads === true) frontend.push("--unsafe-stale-reads");
  await using _agent = await startAgent({
    plan,
    site: options.site,
    dataFolder: options.data,
    engine,
    installed,
    frontendArgv: outlastCommand(...frontend),
    unsafeNoFsync: options.unsafeNoFsync === true,
    clock: systemClock,
    log,
  });
  log.emit({ event: "started", pid: process.pid, version: version() });
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  log.emit({ event: "stopping", because: String(signal.reason) });
}

export function build(): Command {
  const hidden = (flags: string, description: string) => new Option(flags, description).hideHelp();
  return new Command("agent")
    .description("Look after one site: start, restart and observe its member and its front-end")
    .requiredOption("-f, --file <plan>", "the plan, with addresses")
    .requiredOption("--site <site>", "the site it stands in")
    .requiredOption("--data <folder>", "where the member's data and the agent's own files lie")
    .addOption(hidden("--engine-program <path>", "the engine's program, found already"))
    .addOption(hidden("--engine-version <version>", "its version"))
    .addOption(hidden("--engine-source <text>", "where it came from"))
    .addOption(
      hidden("--unsafe-no-fsync", "positive control of drills: acknowledge writes that are not on disk"),
    )
    .addOption(
      hidden("--unsafe-stale-reads", "positive control of drills: the front-end reads without the quorum"),
    )
    .action(look);
}
