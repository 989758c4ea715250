// `outlast check -f PLAN`: is the plan right? `outlast check --preflight`: can this machine run a lab?
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { OutlastError } from "../../domain/outcome.ts";
import type { Plan } from "../../domain/plan.ts";
import { whyNoLoopDevices } from "../../linux/loop-devices.ts";
import { preflight } from "../../linux/preflight.ts";
import { findingLine } from "../../plan/finding.ts";
import { loadPlan } from "../../plan/load.ts";
import { parsePlan } from "../../plan/parse.ts";
import { interruption } from "../../runtime/process.ts";
import { cacheFolder } from "../folders.ts";
import { hasNoFenceYet } from "../wiring.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** What a right plan asks for that is not built yet. */
function notYet(plan: Plan): string[] {
  const { strategy, objectives, sites, workload } = plan;
  if (strategy.kind !== "transaction-replication") return [];
  if (hasNoFenceYet(plan))
    return [
      `agents, labs and drills refuse ${workload.engine}: the fence does not stand in front of it (docs/engines.md)`,
    ];
  const point = objectives.find(({ recoveryPointMs }) => recoveryPointMs > 0);
  return [
    ...(strategy.acknowledgements === 0
      ? [
          "a takeover waits for a person (outlast failover --allow-data-loss): asynchronous commits may be lost",
        ]
      : []),
    ...(strategy.candidates.length < sites.length
      ? ["a site that is no candidate is refused by its agent"]
      : []),
    ...(strategy.acknowledgements === 0 && point !== undefined
      ? ["how far a standby may be behind is not bounded, so the recovery point is a wish"]
      : []),
  ];
}

async function checkPlan(file: string): Promise<void> {
  const plan = await loadPlan(file); // refuses what is wrong
  const { findings } = parsePlan(await readFile(file, "utf8"), file);
  for (const finding of findings) say(`warning ${findingLine(finding)}`);
  say(`ok ${file}: ${plan.name}, ${plan.sites.length} sites, ${plan.workload.engine}, ${plan.strategy.kind}`);
  for (const line of notYet(plan)) say(`not yet: ${line}`);
}

async function checkMachine(): Promise<void> {
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const { works, missing } = await preflight(cacheFolder(), interruption(), progress);
  for (const words of works) say(`ok ${words}`);
  for (const { code, what, where, next } of missing)
    say(`missing ${code} ${what}\n  at: ${where}\n  do: ${next}`);
  const noLoops = await whyNoLoopDevices();
  if (noLoops === null) say("ok disks that can lose power");
  else say(`without power-loss drills: ${noLoops.failure.what}\n  do: ${noLoops.failure.next}`);
  if (missing.length === 0) say("this machine can run a lab");
  else process.exitCode = 1;
}

export function build(): Command {
  return new Command("check")
    .option("-f, --file <plan>", "the plan to check")
    .option("--preflight", "try what a lab needs of this machine")
    .action(async ({ file, preflight: machine }: { file?: string; preflight?: boolean }) => {
      if (file === undefined && machine !== true)
        throw new OutlastError(
          {
            code: "USAGE",
            definite: true,
            what: "nothing to check",
            where: "outlast check",
            next: "give -f PLAN, --preflight, or both",
          },
          2,
        );
      if (file !== undefined) await checkPlan(file);
      if (machine === true) await checkMachine();
    });
}
