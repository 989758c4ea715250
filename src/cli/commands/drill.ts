// `outlast drill run SCENARIO`: lose something for real, under live clients, and say what they saw.
import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { stringify } from "yaml";
import type { DrillResult, DrillResultList } from "../../domain/drill.ts";
import { OutlastError } from "../../domain/outcome.ts";
import type { Control } from "../../drills/controls.ts";
import { SCENARIOS, scenario } from "../../drills/scenarios.ts";
import { rewriteReports } from "../../evidence/build-report.ts";
import { drillText, runsSummary, runsTable } from "../../evidence/drill-table.ts";
import { junitXml } from "../../evidence/junit.ts";
import { drillResultList } from "../../evidence/summary.ts";
import { prepareEvidenceRoot } from "../../evidence/prepare-root.ts";
import type { DiskKind } from "../../lab/disks/disks.ts";
import type { LinkDriverKind } from "../../lab/link.ts";
import { PROFILE_NAMES } from "../../load/profiles.ts";
import { loadPlan } from "../../plan/load.ts";
import { newId, newSeed } from "../../runtime/random.ts";
import { interruption } from "../../runtime/process.ts";
import { oneDrill } from "../drill-session.ts";
import { evidenceFolder } from "../folders.ts";
import { liveOutput } from "../live-output.ts";
import { linksOption } from "../links-option.ts";
import { provision } from "../open-lab.ts";
import { evidenceCommands } from "./drill-evidence.ts";

interface RunOptions {
  readonly file: string;
  readonly site?: string;
  readonly peer?: string;
  readonly runs: number;
  readonly seed?: number;
  readonly rate: number;
  readonly deadline: number;
  readonly profiles: readonly string[];
  readonly before: number;
  readonly hold: number;
  readonly after: number;
  readonly evidence?: string;
  readonly disks?: DiskKind;
  readonly links: LinkDriverKind;
  readonly unsafeNoFsync?: boolean;
  readonly unsafeStaleReads?: boolean;
  readonly unsafeDeleteAcknowledged?: boolean;
  readonly output: "text" | "json" | "yaml" | "junit";
}

const SEED_MAX = 2 ** 32 - 1;

function number(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`expected a number from ${minimum} to ${maximum}`);
  };
}

function profileList(text: string): string[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  const unknown = names.filter((name) => !(PROFILE_NAMES as readonly string[]).includes(name));
  if (unknown.length === 0) return names;
  throw new InvalidArgumentError(`no profile ${unknown.join(", ")}; there are ${PROFILE_NAMES.join(", ")}`);
}

async function runScenario(name: string, options: RunOptions): Promise<void> {
  const fault = scenario(name);
  const plan = await loadPlan(options.file);
  const siteNames = plan.sites.map((site) => site.name);
  for (const site of [options.site, options.peer])
    if (site !== undefined && !siteNames.includes(site)) throw unknownSite(site, siteNames);
  const evidenceRoot = options.evidence ?? evidenceFolder();
  await prepareEvidenceRoot(evidenceRoot);
  const signal = interruption();
  const provisions = await provision(plan, signal, options.links);
  const series = options.runs > 1 ? newId().slice(0, 8) : null;
  const controls: Control[] = [
    ...(options.unsafeNoFsync === true ? (["no-fsync"] as const) : []),
    ...(options.unsafeStaleReads === true ? (["stale-reads"] as const) : []),
    ...(options.unsafeDeleteAcknowledged === true ? (["delete-acknowledged"] as const) : []),
  ];
  const firstSeed = options.seed ?? newSeed();
  const results: DrillResult[] = [];
  for (let run = 1; run <= options.runs; run += 1) {
    if (options.runs > 1) process.stderr.write(`run ${run} of ${options.runs}\n`);
    results.push(
      await oneDrill({
        plan,
        planText: await readFile(options.file, "utf8"),
        provisions,
        evidenceRoot,
        signal,
        live: liveOutput((line) => process.stderr.write(line)),
        request: {
          fault,
          site: options.site ?? null,
          peer: options.peer ?? null,
          load: {
            ratePerSecond: options.rate,
            deadlineMs: options.deadline,
            profiles: options.profiles,
          },
          seed: (firstSeed + run - 1) % SEED_MAX,
          phasesMs: { before: options.before * 1000, hold: options.hold * 1000, after: options.after * 1000 },
          series: series === null ? null : { id: series, run, of: options.runs },
          controls,
        },
        disks: options.disks ?? null,
      }),
    );
  }
  if (results.length > 1)
    await rewriteReports(
      evidenceRoot,
      results.map((result) => result.metadata.id),
    );
  const list = drillResultList(results);
  process.stdout.write(printed(list, options.output));
  process.exitCode = exitCodeOf(list);
}

function printed(list: DrillResultList, output: RunOptions["output"]): string {
  switch (output) {
    case "json":
      return `${JSON.stringify(list, null, 2)}\n`;
    case "yaml":
      return stringify(list);
    case "junit":
      return junitXml(list);
    case "text": {
      const [only] = list.items;
      return list.items.length === 1 && only !== undefined
        ? `${drillText(only)}\n`
        : `${runsTable(list)}\n${runsSummary(list)}\n`;
    }
    default:
      return output satisfies never;
  }
}

const unknownSite = (site: string, known: readonly string[]) =>
  new OutlastError(
    {
      code: "UNKNOWN_SITE",
      definite: true,
      what: `there is no site "${site}" in this plan`,
      where: "outlast drill run",
      next: `one of: ${known.join(", ")}`,
    },
    2,
  );

/** 0 met in every run, 1 missed in one, 5 neither. */
export const exitCodeOf = ({ summary }: DrillResultList): number =>
  summary.objectiveMet === true ? 0 : summary.objectiveMet === false ? 1 : 5;

/** docs/evidence.md, positive controls. */
const control = (flag: string, description: string) => new Option(flag, description).hideHelp();

export function build(): Command {
  const command = new Command("drill").description(
    "lose something for real, under live clients, and measure what they saw",
  );
  command.enablePositionalOptions();
  command
    .command("run")
    .description("run a scenario in a lab of its own and keep the evidence")
    .argument("<scenario>", [...SCENARIOS.keys()].join(", "))
    .requiredOption("-f, --file <plan>", "plan file")
    .option("--site <site>", "site that the fault hits (default: the leader's)")
    .option("--peer <site>", "the other site, for faults of a pair")
    .option("--runs <n>", "how many; median and worst are told, all are counted", number(1, 1000), 1)
    .option("--seed <n>", "same seed, same load", number(0, SEED_MAX))
    .option("--rate <n>", "operations per second, per region and profile", number(1, 10_000), 50)
    .option("--deadline <ms>", "a client's patience; later answers count as failed", number(10, 60_000), 1000)
    .option("--profiles <list>", `of ${PROFILE_NAMES.join(", ")}`, profileList, ["kernel", "dns", "pinned"])
    .option("--before <s>", "load before the fault", number(1, 600), 5)
    .option("--hold <s>", "how long the fault lasts", number(1, 600), 10)
    .option("--after <s>", "load after everything is back", number(2, 600), 4)
    .option("--evidence <folder>", "where evidence is kept")
    .addOption(
      new Option(
        "--disks <kind>",
        "what sites keep their data on (default: as the scenario needs); loop (ext4, can lose power) needs root",
      ).choices(["memory", "loop"]),
    )
    .addOption(linksOption())
    .addOption(control("--unsafe-no-fsync", "the engine acknowledges writes that are not on disk"))
    .addOption(control("--unsafe-stale-reads", "front-ends read without the quorum"))
    .addOption(
      control("--unsafe-delete-acknowledged", "an acknowledged write is deleted before the read-back"),
    )
    .addOption(
      new Option("-o, --output <format>", "what to print on standard output")
        .choices(["text", "json", "yaml", "junit"])
        .default("text"),
    )
    .action(runScenario);
  for (const sub of evidenceCommands()) command.addCommand(sub);
  return command;
}
