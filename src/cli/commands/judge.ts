// outlast judge HISTORY... --model MODEL: verdicts from recorded histories. Exit 0 valid, 1 invalid, 5 unknown.
import { freemem } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { type ExitCode, OutlastError } from "../../domain/outcome.ts";
import type { Verdict } from "../../domain/verdict.ts";
import type { Judged } from "../../evidence/verdict/judged.ts";
import { judgedJunit } from "../../evidence/verdict/junit.ts";
import { judgedPage } from "../../evidence/verdict/page.ts";
import { judgedText } from "../../evidence/verdict/text.ts";
import { JUDGES, type Judge, judgeOf, LIMITS } from "../../judges/judge.ts";
import { parseDurationMs } from "../../plan/units.ts";
import { interruption } from "../../runtime/process.ts";
import { judgeHistories } from "../judge-histories.ts";
import { version } from "../version.ts";
import { watchJudging } from "../watch-judging.ts";

const FORMATS = ["text", "json", "junit", "html"] as const;
type Format = (typeof FORMATS)[number];

interface Options {
  readonly model: readonly string[];
  readonly output: Format;
  readonly listModels?: true;
  readonly steps: number;
  readonly timeLimit?: number;
  readonly memoryLimit?: number;
  /** Hidden: this is the process that judges, and another one watches it. */
  readonly inProcess?: true;
}

const GIB = 1024 ** 3;
/** Of the memory that is free when it starts. */
const MEMORY_SHARE = 0.8;

function judgesNamed(models: readonly string[]): Judge[] {
  return models.map((model) => {
    const judge = judgeOf(model);
    if (judge !== null) return judge;
    throw new OutlastError(
      {
        code: "MODEL_UNKNOWN",
        definite: true,
        what: `there is no model "${model}"`,
        where: "--model",
        next: `choose one of: ${JUDGES.map((each) => each.model).join(", ")}`,
      },
      2,
    );
  });
}

function exitCodeOf(verdicts: readonly Verdict[]): ExitCode {
  if (verdicts.some(({ verdict }) => verdict === "invalid")) return 1;
  return verdicts.some(({ verdict }) => verdict === "unknown") ? 5 : 0;
}

function printed(output: Format, history: string, judged: readonly Judged[]): string {
  const verdicts = judged.map(({ verdict }) => verdict);
  switch (output) {
    case "json":
      return `${JSON.stringify(verdicts.length === 1 ? verdicts[0] : verdicts, null, 2)}\n`;
    case "junit":
      return judgedJunit(history, judged);
    case "html":
      return judgedPage(history, judged, version());
    case "text":
      return judged.map(judgedText).join("");
    default:
      return output satisfies never;
  }
}

/** One line that is written over on a terminal; elsewhere a line now and then. Nothing for what is quick. */
function progress(): { tell(words: string, elapsedMs: number): void; end(): void } {
  const live = process.stderr.isTTY;
  const everyMs = live ? 500 : 5_000;
  let nextMs = live ? 1_000 : 5_000;
  let shown = false;
  return {
    tell(words, elapsedMs) {
      if (elapsedMs < nextMs) return;
      nextMs = elapsedMs + everyMs;
      shown = true;
      const line = `outlast: ${words}, ${Math.round(elapsedMs / 1000)} s`;
      process.stderr.write(live ? `\r${line}\u001B[K` : `${line}\n`);
    },
    end() {
      if (live && shown) process.stderr.write("\r\u001B[K");
    },
  };
}

const undecided = ({ model, summary }: Judge, reason: string): Judged => ({
  verdict: { model, verdict: "unknown", reason, witness: [], statistics: {} },
  summary,
  around: [],
  aroundMore: 0,
});

async function judge(files: readonly string[], options: Options): Promise<void> {
  if (options.listModels === true) {
    const width = Math.max(...JUDGES.map(({ model }) => model.length));
    for (const { model, summary } of JUDGES) process.stdout.write(`${model.padEnd(width)}  ${summary}\n`);
    return;
  }
  const judges = judgesNamed(options.model);
  if (files.length === 0 || judges.length === 0)
    throw new OutlastError(
      {
        code: "USAGE",
        definite: true,
        what: files.length === 0 ? "no history is named" : "no model is named",
        where: "outlast judge",
        next: "outlast judge HISTORY --model MODEL; 'outlast judge --list-models' lists them",
      },
      2,
    );
  if (options.inProcess === true) {
    await judgeHistories(files, judges, { steps: options.steps });
    return;
  }
  const line = progress();
  const { judged, stopped, exitCode } = await watchJudging(
    [
      ...options.model.flatMap((model) => ["--model", model]),
      "--steps",
      String(options.steps),
      "--",
      ...files,
    ],
    {
      timeMs: options.timeLimit ?? null,
      memoryBytes: options.memoryLimit ?? Math.max(GIB, freemem() * MEMORY_SHARE),
    },
    line.tell,
    interruption(),
  ).finally(line.end);
  if (exitCode !== 0) {
    process.exitCode = exitCode;
    return;
  }
  const reason = stopped ?? "the judging process ended without a verdict";
  const all = judges.map((each, index) => judged[index] ?? undecided(each, reason));
  process.stdout.write(printed(options.output, files.join(" "), all));
  process.exitCode = exitCodeOf(all.map(({ verdict }) => verdict));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("expected a whole number over 0");
  return Number(text);
}

function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null || ms <= 0) throw new InvalidArgumentError("expected a duration like 90s or 5m");
  return ms;
}

function bytes(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(MB|GB)$/.exec(text);
  const size = match === null ? 0 : Number(match[1]) * (match[2] === "GB" ? 1e9 : 1e6);
  if (size <= 0) throw new InvalidArgumentError("expected a size like 800MB or 2GB");
  return size;
}

function outputFormat(text: string): Format {
  const format = FORMATS.find((each) => each === text);
  if (format === undefined) throw new InvalidArgumentError(`expected one of ${FORMATS.join(", ")}`);
  return format;
}

export function build(): Command {
  return new Command("judge")
    .argument(
      "[history...]",
      "history files (docs/formats.md, or Jepsen's *.edn); several are merged as the parts of one drill",
    )
    .option(
      "--model <model>",
      "what to judge; may be repeated",
      (model, before: string[]) => [...before, model],
      [],
    )
    .option("--list-models", "list the models")
    .option("-o, --output <format>", FORMATS.join(", "), outputFormat, "text")
    .option("--steps <n>", "limit of a general search, per key", wholeNumber, LIMITS.steps)
    .option("--time-limit <duration>", "what is not decided by then is unknown", durationMs)
    .option("--memory-limit <size>", "the same for memory (otherwise 80 % of what is free)", bytes)
    .addOption(new Option("--in-process").hideHelp())
    .action(judge);
}
