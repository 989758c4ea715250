// What every bench ends with: a table on standard output and bench/results/NAME.json.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { makeFolder, writeFileAtomic } from "../src/runtime/files.ts";

export interface Bar {
  readonly name: string;
  readonly figure: number | null;
  readonly unit: string;
  /** For people: "<= 150"; null: reported, no bar. */
  readonly bar: string | null;
  /** null: no bar, or not decided. */
  readonly met: boolean | null;
  /** Every run that was started, in order. */
  readonly runs: readonly unknown[];
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown"; // not a clone
  }
}

/** Sets the exit code: 0 all bars met, 1 one missed, 5 one not decided. */
export async function report(
  name: string,
  bars: readonly Bar[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const result = {
    bench: name,
    date: new Date().toISOString(),
    machine: { cores: cpus().length, cpu: cpus()[0]?.model, memoryBytes: totalmem(), kernel: release() },
    versions: { outlast: version, commit: commit(), node: process.version },
    bars,
    ...more,
  };
  await makeFolder("bench/results");
  await writeFileAtomic(`bench/results/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
  const rows = bars.map(({ name: what, figure, unit, bar, met }) => [
    what,
    figure === null ? "-" : `${figure} ${unit}`,
    bar === null ? "-" : bar,
    bar === null ? "" : met === null ? "not decided" : met ? "met" : "MISSED",
  ]);
  const table = [["", "figure", "bar", ""], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  for (const row of table)
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  const judged = bars.filter(({ bar }) => bar !== null);
  process.exitCode = judged.some(({ met }) => met === false)
    ? 1
    : judged.some(({ met }) => met === null)
      ? 5
      : 0;
}
