// The lab's first process. Its configuration is the first line of its input; with --lifeline the end of the input is its end.
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Command } from "commander";
import { connectDisks } from "../../lab/disks/connect-disks.ts";
import type { Disks } from "../../lab/disks/disks.ts";
import { memoryDisks } from "../../lab/disks/memory-disks.ts";
import { serveControl } from "../../lab/keeper/control.ts";
import { LOGS_FOLDER, type LabConfig, startKeeper } from "../../lab/keeper/keeper.ts";
import { systemClock } from "../../runtime/clock.ts";
import { startLog } from "../../runtime/log.ts";
import { interruption, runOk } from "../../runtime/process.ts";
import { version } from "../version.ts";

async function keep({ lifeline }: { lifeline?: boolean }): Promise<void> {
  const down = Promise.withResolvers<string>();
  const signal = interruption();
  signal.addEventListener("abort", () => down.resolve(`signal ${String(signal.reason)}`), { once: true });
  const input = createInterface({ input: process.stdin });
  using _input = { [Symbol.dispose]: () => process.stdin.destroy() }; // nothing may keep a failed start alive
  const lines = input[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) return;
  const config = JSON.parse(first.value) as LabConfig;
  if (lifeline === true) void lines.next().then(() => down.resolve("its starter is gone"));
  else process.stdin.unref();

  const inMemory = memoryDisks(config.diskBytesPerPlace);
  let sites: Disks = inMemory;
  if (config.disks === "loop") {
    const connected = await connectDisks(); // who also made /run
    void connected.gone.then(() => down.resolve("its disks are gone"));
    sites = connected;
  } else await runOk(["mount", "-t", "tmpfs", "-o", "mode=0755", "outlast", "/run"]);
  mkdirSync(LOGS_FOLDER, { recursive: true });
  const log = startLog("keeper", "lab", systemClock, (line) =>
    appendFileSync(join(LOGS_FOLDER, "lab-keeper.jsonl"), line),
  );
  log.emit({ event: "started", pid: process.pid, version: version() });
  await using keeper = await startKeeper(config, { sites, others: inMemory }, log, systemClock);
  await using _control = await serveControl(keeper, (because) => down.resolve(because));
  process.stdout.write(`{"ready":true}\n`);
  log.emit({ event: "stopping", because: await down.promise });
}

export function build(): Command {
  return new Command("keeper")
    .requiredOption("--lab <name>", "name of the lab")
    .option("--lifeline", "end when standard input ends")
    .action(async (options: { lifeline?: boolean }) => {
      await keep(options);
      process.exit(0); // as process 1: whatever is still open ends with it
    });
}
