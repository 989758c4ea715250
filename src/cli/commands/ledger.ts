// `outlast ledger`: the front-end of one site, until SIGTERM. Wires the engine's driver.
import { Command, InvalidArgumentError } from "commander";
import { OutlastError } from "../../domain/outcome.ts";
import { startLedger } from "../../ledger/server.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock } from "../../runtime/clock.ts";
import { startLog } from "../../runtime/log.ts";
import { interruption } from "../../runtime/process.ts";
import { version } from "../version.ts";
import { clientOf } from "../wiring.ts";

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a number over 0");
}

export function build(): Command {
  return new Command("ledger")
    .requiredOption("-f, --file <plan>", "the plan, with addresses")
    .requiredOption("--site <site>", "the site it stands in")
    .option("--deadline <seconds>", "longest wait for the engine within one request", positive, 5)
    .option("--unsafe-stale-reads", "positive control of drills: read without the quorum")
    .action(async (options: { file: string; site: string; deadline: number; unsafeStaleReads?: boolean }) => {
      const stop = interruption();
      const plan = await loadPlan(options.file);
      if (!plan.sites.some((site) => site.name === options.site))
        throw new OutlastError(
          {
            code: "UNKNOWN_SITE",
            definite: true,
            what: `no site ${options.site} in plan ${plan.name}`,
            where: "--site",
            next: `name one of ${plan.sites.map((site) => site.name).join(", ")}`,
          },
          2,
        );
      const log = startLog("ledger", options.site);
      await using _ledger = await startLedger({
        plan,
        site: options.site,
        version: version(),
        client: await clientOf(plan.workload.engine),
        deadlineMs: options.deadline * 1000,
        readMode: options.unsafeStaleReads === true ? "replica" : "linearizable",
        clock: systemClock,
        log,
      });
      log.emit({ event: "started", pid: process.pid, version: version() });
      if (!stop.aborted)
        await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
      log.emit({ event: "stopping", because: String(stop.reason) });
    });
}
