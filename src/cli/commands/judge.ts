// outlast judge HISTORY... --model MODEL: verdicts from recorded histories. Exit 0 valid, 1 invalid, 5 unknown.
import { Command, InvalidArgumentError } from "commander";
import type { History } from "../../domain/history.ts";
import { type ExitCode, OutlastError } from "../../domain/outcome.ts";
import type { Verdict } from "../../domain/verdict.ts";
import { mergeHistories } from "../../history/merge.ts";
import { importHistory } from "../../history/import.ts";
import { JUDGES, type Judge, judgeOf, LIMITS, type Limits } from "../../judges/judge.ts";
import { operationWords } from "../../judges/words.ts";
import { judgeStreamed } from "../judge-streamed.ts";

interface Options {
  readonly model: readonly string[];
  readonly output: "text" | "json";
  readonly listModels?: true;
  readonly steps: number;
}

const WITNESS_SHOWN = 20;

function textOf(verdict: Verdict): string {
  const witness = verdict.witness.slice(0, WITNESS_SHOWN).map((operation) => {
    const key = operation.key === undefined ? "" : `${operation.key}: `;
    const place = operation.site === undefined ? "" : ` at ${operation.site}`;
    return `  ${key}${operationWords(operation)}${place}\n`;
  });
  const more = verdict.witness.length - witness.length;
  const figures = Object.entries(verdict.statistics).map(([name, value]) => `${name} ${value}`);
  return [
    `${verdict.model}: ${verdict.verdict}\n`,
    `  ${verdict.reason}\n`,
    ...(witness.length === 0 ? [] : ["witness:\n", ...witness]),
    ...(more > 0 ? [`  and ${more} more\n`] : []),
    ...(figures.length === 0 ? [] : [`  (${figures.join(", ")})\n`]),
  ].join("");
}

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

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("expected a whole number over 0");
  return Number(text);
}

/** Holds the whole history as operations. */
async function judgeWhole(
  files: readonly string[],
  judges: readonly Judge[],
  limits: Limits,
): Promise<Verdict[]> {
  const parts: History[] = [];
  for (const file of files) parts.push(await importHistory(file));
  const [only] = parts;
  const history = parts.length === 1 && only !== undefined ? only : mergeHistories(parts);
  return judges.map((each) => each.judge(history, limits));
}

async function judge(files: readonly string[], options: Options): Promise<void> {
  if (options.listModels === true) {
    for (const { model, summary } of JUDGES) process.stdout.write(`${model.padEnd(24)} ${summary}\n`);
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
  const limits = { steps: options.steps };
  const [file, each] = [files[0], judges[0]];
  const one = files.length === 1 && judges.length === 1 && file !== undefined && each !== undefined;
  const streamed = one ? await judgeStreamed(file, each.model, limits) : null;
  const verdicts = streamed === null ? await judgeWhole(files, judges, limits) : [streamed];
  process.stdout.write(
    options.output === "json"
      ? `${JSON.stringify(verdicts.length === 1 ? verdicts[0] : verdicts, null, 2)}\n`
      : verdicts.map(textOf).join(""),
  );
  process.exitCode = exitCodeOf(verdicts);
}

function outputFormat(text: string): "text" | "json" {
  if (text === "text" || text === "json") return text;
  throw new InvalidArgumentError("expected text or json");
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
    .option("-o, --output <format>", "text or json", outputFormat, "text")
    .option("--steps <n>", "limit of a general search, per key", wholeNumber, LIMITS.steps)
    .action(judge);
}
