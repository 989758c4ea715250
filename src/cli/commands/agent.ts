// `outlast agent`: looks after one site until SIGTERM. Wires the engine's driver; docs/agent.md.
import { Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { startAgent } from "../../agent/agent.ts";
import type { RecoveryAgent } from "../../agent/recovery/recovery-agent.ts";
import { OutlastError } from "../../domain/outcome.ts";
import type { Installation } from "../../engines/contract.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock } from "../../runtime/clock.ts";
import { startLog } from "../../runtime/log.ts";
import { interruption, outlastCommand } from "../../runtime/process.ts";
import { cacheFolder } from "../folders.ts";
import { version } from "../version.ts";
import { startRecovery } from "../start-recovery.ts";
import { engineOf, refuseNotRunYet } from "../wiring.ts";

interface Options {
  readonly file: string;
  readonly site: string;
  readonly data: string;
  readonly engine?: Installation;
  readonly frontend?: boolean;
  readonly tokenFile?: string;
  readonly unsafeNoFsync?: boolean;
  readonly unsafeStaleReads?: boolean;
}

const INSTALLATION = z.object({
  engine: z.enum(["etcd", "postgresql"]),
  version: z.string(),
  programs: z.record(z.string(), z.string()),
  source: z.string(),
});

function installation(text: string): Installation {
  try {
    return INSTALLATION.parse(JSON.parse(text));
  } catch {
    throw new InvalidArgumentError("expected an installation as JSON");
  }
}

async function look(options: Options): Promise<void> {
  const signal = interruption();
  const plan = await loadPlan(options.file);
  refuseNotRunYet(plan);
  const log = startLog("agent", options.site);
  const engine = await engineOf(plan.workload.engine, {
    cacheFolder: cacheFolder(),
    progress: (line) => log.info(line),
  });
  let installed: Installation;
  if (options.engine !== undefined) installed = options.engine;
  else {
    const provided = await engine.provision(plan.workload.version, signal);
    if (provided.kind !== "done")
      throw new OutlastError(provided.failure, provided.failure.code === "INTERRUPTED" ? 130 : 3);
    installed = provided.value;
  }
  const frontend = ["ledger", "-f", options.file, "--site", options.site];
  if (options.unsafeStaleReads === true) frontend.push("--unsafe-stale-reads");
  const started = {
    plan,
    site: options.site,
    dataFolder: options.data,
    engine,
    installed,
    frontendArgv: options.frontend === false ? null : outlastCommand(...frontend),
    unsafeNoFsync: options.unsafeNoFsync === true,
    clock: systemClock,
    log,
  };
  const { frontendArgv } = started;
  const recovers = plan.strategy.kind === "transaction-replication";
  await using agent = recovers
    ? await startRecovery({ ...started, tokenFile: options.tokenFile ?? null }, signal)
    : await startAgent({ ...started, frontendArgv: frontendArgv ?? outlastCommand(...frontend) });
  log.emit({ event: "started", pid: process.pid, version: version() });
  const interrupted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
  const failed: Promise<OutlastError | null> =
    "failed" in agent ? (agent as RecoveryAgent).failed : interrupted;
  const error = await Promise.race([interrupted, failed]);
  log.emit({ event: "stopping", because: error?.failure.what ?? String(signal.reason) });
  if (error !== null) throw error;
}

export function build(): Command {
  const hidden = (flags: string, description: string) => new Option(flags, description).hideHelp();
  return new Command("agent")
    .description("Look after one site: start, restart and observe its member and its front-end")
    .requiredOption("-f, --file <plan>", "the plan, with addresses")
    .requiredOption("--site <site>", "the site it stands in")
    .requiredOption("--data <folder>", "where the member's data and the agent's own files lie")
    .addOption(hidden("--engine <json>", "the installed engine, found already").argParser(installation))
    .option(
      "--token-file <path>",
      "what callers that change something have to know (made in the data folder)",
    )
    .addOption(hidden("--no-frontend", "clients come to the engine itself"))
    .addOption(
      hidden("--unsafe-no-fsync", "positive control of drills: acknowledge writes that are not on disk"),
    )
    .addOption(
      hidden("--unsafe-stale-reads", "positive control of drills: the front-end reads without the quorum"),
    )
    .action(look);
}
