// `outlast lab up | status | exec | logs | down`: an emulated set of sites to look at and play with.
import { createReadStream, existsSync, statSync } from "node:fs";
import { Command, Option } from "commander";
import pc from "picocolors";
import { OutlastError } from "../../domain/outcome.ts";
import { connectLab, findLabs } from "../../lab/find-labs.ts";
import type { DiskKind } from "../../lab/disks/disks.ts";
import type { LinkDriverKind } from "../../lab/link.ts";
import { LOGS_FOLDER } from "../../lab/keeper/keeper.ts";
import { logNameOf } from "../../lab/keeper/place.ts";
import type { KeeperClient } from "../../lab/keeper-client.ts";
import { intoPlace } from "../../lab/apply-network.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock } from "../../runtime/clock.ts";
import { newSeed } from "../../runtime/random.ts";
import { interruption, run, start } from "../../runtime/process.ts";
import { linksOption } from "../links-option.ts";
import { openLab, provision } from "../open-lab.ts";

interface LabOption {
  readonly lab?: string;
}

const DOWN_WAIT_MS = 5_000;
/** A keeper that does not answer for so long is frozen or gone. */
const ANSWER_WAIT_MS = 10_000;

function notFound(what: string, where: string, next: string): OutlastError {
  return new OutlastError({ code: "PLACE_NOT_FOUND", definite: true, what, where, next }, 2);
}

async function placeNamed(keeper: KeeperClient, name: string) {
  const status = await keeper.call("status", {}, AbortSignal.timeout(ANSWER_WAIT_MS));
  const place = status.places.find((candidate) => candidate.name === name);
  if (place === undefined)
    throw notFound(
      `there is no place "${name}"`,
      `lab ${status.name}`,
      `one of: ${status.places.map((one) => one.name).join(", ")}`,
    );
  return { place, status };
}

interface UpOptions extends LabOption {
  readonly file: string;
  readonly disks: DiskKind;
  readonly links: LinkDriverKind;
}

async function up({ file, lab, disks, links }: UpOptions): Promise<void> {
  const plan = await loadPlan(file);
  const signal = interruption();
  const name = lab ?? plan.name;
  await openLab(plan, await provision(plan, signal, links), {
    name,
    seed: newSeed(),
    detached: true,
    signal,
    disks,
    agentArguments: [],
  });
  process.stdout.write(`lab ${name} is up: ${plan.sites.map((site) => site.name).join(", ")}\n`);
  process.stderr.write(
    `next: outlast lab status --lab ${name}; outlast lab exec ${plan.sites[0]?.name} -- ip address; outlast lab down --lab ${name}\n`,
  );
}

async function status({ lab, output }: LabOption & { output: string }): Promise<void> {
  const keeper = connectLab(lab ?? null);
  const value = await keeper.call("status", {}, AbortSignal.timeout(ANSWER_WAIT_MS));
  const fidelity = await keeper.call("fidelity", { reset: false }, AbortSignal.timeout(ANSWER_WAIT_MS));
  if (output === "json") {
    process.stdout.write(`${JSON.stringify({ ...value, fidelity }, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${pc.bold(value.name)}  plan ${value.plan}, keeper ${keeper.keeperPid}\n`);
  const width = Math.max(...value.places.map((place) => place.name.length));
  for (const place of value.places) {
    const processes = place.processes
      .map((one) => `${one.name}${one.restarts > 0 ? ` (restarted ${one.restarts}×)` : ""}`)
      .join(", ");
    process.stdout.write(
      `${place.name.padEnd(width)}  ${place.address.padEnd(12)}  ${place.up ? pc.green("up  ") : pc.red("lost")}  ${processes}\n`,
    );
  }
  for (const change of value.changes)
    process.stdout.write(
      `${pc.yellow("fault")} ${change.fault} on ${change.target}, heals itself in ${(change.remainingMs / 1000).toFixed(0)} s\n`,
    );
  process.stdout.write(
    `links: ${fidelity.packets} packets, lateness p99 ${fidelity.latenessMs.p99.toFixed(1)} ms\n`,
  );
}

async function exec(placeName: string, argv: readonly string[], { lab }: LabOption): Promise<void> {
  const keeper = connectLab(lab ?? null);
  const { place } = await placeNamed(keeper, placeName);
  if (place.initPid === null)
    throw notFound(
      `${placeName} is lost`,
      "the lab's keeper",
      "wait until it has healed: outlast lab status",
    );
  const command = argv[0] === "--" ? argv.slice(1) : argv;
  const child = await start(
    intoPlace(keeper.keeperPid, place.initPid, command.length === 0 ? ["sh"] : command),
    {
      stdio: "inherit",
    },
  );
  const { code } = await child.exited;
  process.exitCode = code ?? 1;
}

async function logs(placeName: string, processName: string, { lab }: LabOption): Promise<void> {
  const keeper = connectLab(lab ?? null);
  if (placeName !== "lab") await placeNamed(keeper, placeName);
  const candidates = ["jsonl", "log"]
    .map((ending) => keeper.pathOf(`${LOGS_FOLDER}/${logNameOf(placeName, processName)}.${ending}`))
    .filter(existsSync);
  if (candidates.length === 0)
    throw notFound(
      `${placeName} has no process "${processName}"`,
      "the lab's logs",
      "outlast lab status lists places and their processes",
    );
  for (const path of candidates) {
    if (statSync(path).size === 0) continue;
    for await (const chunk of createReadStream(path)) process.stdout.write(chunk as Buffer);
  }
}

async function down({ lab, all }: LabOption & { all?: boolean }): Promise<void> {
  const names = all === true ? findLabs().map((found) => found.name) : [lab ?? null];
  for (const name of names) {
    const keeper = connectLab(name);
    await keeper.call("down", {}, AbortSignal.timeout(DOWN_WAIT_MS)).catch((error: unknown) => {
      process.stderr.write(`its keeper does not answer and is killed: ${String(error)}\n`);
    });
    const deadlineMs = systemClock.nowMs() + DOWN_WAIT_MS;
    while (existsSync(`/proc/${keeper.keeperPid}`) && systemClock.nowMs() < deadlineMs)
      await systemClock.sleep(20);
    if (existsSync(`/proc/${keeper.keeperPid}`)) await run(["kill", "-9", String(keeper.keeperPid)]);
    process.stdout.write("lab is down, nothing is left\n");
  }
}

export function build(): Command {
  const command = new Command("lab").description(
    "sites emulated on this machine, with a real network between them",
  );
  command.enablePositionalOptions();
  const LAB = ["--lab <name>", "name of the lab (default: the plan's name, or the only one)"] as const;
  command
    .command("up")
    .description("start a lab that stays until it is taken down")
    .requiredOption("-f, --file <plan>", "plan file")
    .option(...LAB)
    .addOption(
      new Option("--disks <kind>", "what sites keep their data on; loop (ext4, can lose power) needs root")
        .choices(["memory", "loop"])
        .default("memory"),
    )
    .addOption(linksOption())
    .action(up);
  command
    .command("status")
    .description("places, processes, faults and links of a lab")
    .option(...LAB)
    .option("-o, --output <format>", "text or json", "text")
    .action(status);
  command
    .command("exec")
    .description("run a command inside a place (default: a shell)")
    .argument("<place>", "site, gateway/REGION or clients/REGION")
    .argument("[command...]", "after --")
    .option(...LAB)
    .passThroughOptions()
    .action(exec);
  command
    .command("logs")
    .description("what a process wrote")
    .argument("<place>")
    .argument("<process>")
    .option(...LAB)
    .action(logs);
  command
    .command("down")
    .description("end a lab; nothing of it stays")
    .option(...LAB)
    .option("--all", "every lab of this machine that is ours")
    .action(down);
  return command;
}
