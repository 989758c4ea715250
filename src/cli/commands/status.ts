// `outlast status`: what every agent says, as one status of the workload (docs/status.md). Exit 0: as promised, 1: not, 5: unknown.
import { Command, Option } from "commander";
import { stringify } from "yaml";
import { type ExitCode, OutlastError } from "../../domain/outcome.ts";
import type { Plan } from "../../domain/plan.ts";
import { loadPlan } from "../../plan/load.ts";
import { systemClock as clock } from "../../runtime/clock.ts";
import { interruption } from "../../runtime/process.ts";
import { joinAnswers } from "../../status/join-answers.ts";
import { statusLines } from "../../status/status-lines.ts";
import type { WorkloadStatus } from "../../status/workload-status.ts";
import { askSites } from "../ask-sites.ts";
import { evidenceFolder } from "../folders.ts";
import { lastDrill } from "../last-drill.ts";
import { serveStatus } from "../serve-status.ts";

interface Options {
  readonly file: string;
  readonly output: "text" | "json" | "yaml";
  readonly watch?: boolean;
  readonly timeout: string;
  readonly evidence?: string;
  readonly listen?: string;
}

const WATCH_MS = 1_000;

const exitOf = ({ asPromised }: WorkloadStatus): ExitCode => (asPromised === null ? 5 : asPromised ? 0 : 1);

const HEAD = { apiVersion: "outlast.dev/v1alpha1", kind: "WorkloadStatus" } as const;

function printed(status: WorkloadStatus, output: Options["output"], oneLine: boolean): string {
  if (output === "text") return statusLines(status).join("\n");
  const { name, ...rest } = status;
  const document = { ...HEAD, metadata: { name }, status: rest };
  if (output === "json") return JSON.stringify(document, null, oneLine ? 0 : 2);
  return `${oneLine ? "---\n" : ""}${stringify(document).trimEnd()}`;
}

/** What tells one status from the one before: not ages and lags, which always change. */
const essence = ({ phase, epoch, primary, asPromised, ...status }: WorkloadStatus): string =>
  JSON.stringify([
    [phase, epoch, primary, asPromised, status.survives, status.disagreements.length],
    [status.paused, status.running, status.lastProof],
    status.conditions.map((each) => [each.status, each.reason, each.message]),
    status.sites.map((each) => [
      each.answers,
      each.role,
      each.ableToCommit,
      each.epoch,
      each.data,
      each.vote,
    ]),
  ]);

async function watchStatus(
  look: () => Promise<WorkloadStatus>,
  output: Options["output"],
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = process;
  let before = "";
  while (!signal.aborted) {
    const status = await look();
    if (signal.aborted) break;
    if (stdout.isTTY && output === "text") stdout.write(`\u001b[H\u001b[J${printed(status, output, true)}\n`);
    else if (essence(status) !== before)
      stdout.write(`${output === "text" ? `${clock.wall()} ` : ""}${printed(status, output, true)}\n`);
    before = essence(status);
    await clock.sleep(WATCH_MS, signal);
  }
  process.exitCode = 130;
}

function timeoutOf(text: string): number {
  const ms = Number(text);
  if (Number.isInteger(ms) && ms >= 50 && ms <= 60_000) return ms;
  throw new OutlastError(
    {
      code: "USAGE",
      definite: true,
      what: `${text} is no number of milliseconds between 50 and 60000`,
      where: "outlast status --timeout",
      next: "name one, for example --timeout 1000",
    },
    2,
  );
}

async function show(options: Options): Promise<void> {
  const { file, output, watch, listen } = options;
  const timeoutMs = timeoutOf(options.timeout);
  const signal = interruption();
  const plan: Plan = await loadPlan(file);
  const evidence = options.evidence ?? evidenceFolder();
  const drill = await lastDrill(evidence, plan.name);
  const look = async (): Promise<WorkloadStatus> => {
    const answers = await askSites(plan, { timeoutMs, clock, signal });
    return joinAnswers(plan, answers, { wall: clock.wall(), lastDrill: drill });
  };
  if (listen !== undefined) return await serveStatus(plan, listen, look, signal);
  if (watch === true) return await watchStatus(look, output, signal);
  const status = await look();
  process.stdout.write(`${printed(status, output, false)}\n`);
  process.exitCode = signal.aborted ? 130 : exitOf(status);
}

export function build(): Command {
  return new Command("status")
    .description("Whether a workload is as its plan promises: conditions, lag, failures survived, each site")
    .requiredOption("-f, --file <plan>", "plan file with addresses")
    .addOption(
      new Option("-o, --output <format>", "how to print").choices(["text", "json", "yaml"]).default("text"),
    )
    .option("-w, --watch", "go on: look every second, print what changes")
    .option("--timeout <ms>", "an agent that has not answered by then is unknown", "1000")
    .option("--evidence <folder>", "where drills keep their evidence")
    .option("--listen <address:port>", "go on as a server: GET /metrics asks all agents, for Prometheus")
    .action(show);
}
