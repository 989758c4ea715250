// Verdicts for terminals: the reason, the witness in words and drawn, the figures. Pure.
import type { Operation } from "../../domain/history.ts";
import type { VerdictTable } from "../../domain/verdict.ts";
import { textTable } from "../text-table.ts";
import { chartOf } from "./chart.ts";
import type { Judged } from "./judged.ts";
import { lineWords } from "./words.ts";

const SHOWN_MAX = 20;
const WIDTH_MAX = 72;

/** One line a process: ├─1───┤, and ├─2──── when it was never answered. */
export function drawing(witness: readonly Operation[]): string {
  const { lanes, steps } = chartOf(witness, []);
  const wide = Math.max(1, Math.min(6, Math.floor(WIDTH_MAX / steps)));
  const name = (process: number) => `process ${process}`;
  const margin = Math.max(...lanes.map(({ process }) => name(process).length));
  return lanes
    .map(({ process, bars }) => {
      const line = Array.from({ length: steps * wide + 1 }, () => " ");
      for (const { from, to, number, open } of bars) {
        const [left, right] = [from * wide, Math.min(to * wide, line.length - 1)];
        line.fill("─", left, right + 1);
        line[left] = "├";
        if (!open) line[right] = "┤";
        const label = String(number ?? "");
        const middle = Math.floor((left + right + 1 - label.length) / 2);
        if (right - left > label.length) line.splice(middle, label.length, ...Array.from(label));
      }
      return `  ${name(process).padEnd(margin)}  ${line.join("").trimEnd()}\n`;
    })
    .join("");
}

const cell = (value: string | number | null): string => (value === null ? "unknown" : String(value));

function tableText({ title, columns, rows }: VerdictTable): string {
  const table = textTable(
    columns.map((column, index) => ({
      title: column,
      align: rows.every((row) => typeof row[index] !== "string") ? ("right" as const) : ("left" as const),
    })),
    rows.slice(0, SHOWN_MAX).map((row) => row.map(cell)),
  );
  const more = rows.length > SHOWN_MAX ? `  and ${rows.length - SHOWN_MAX} more\n` : "";
  return `${title}:\n${table.replaceAll(/^(?=.)/gm, "  ")}${more}`;
}

export function judgedText({ verdict }: Judged): string {
  const { model, reason, witness, statistics, tables = [] } = verdict;
  const shown = witness.slice(0, SHOWN_MAX);
  const more = witness.length - shown.length;
  const figures = Object.entries(statistics).map(([name, value]) => `${name} ${value}`);
  return [
    `${model}: ${verdict.verdict}\n`,
    `  ${reason}\n`,
    ...(shown.length === 0
      ? []
      : [
          "witness:\n",
          ...shown.map((operation, index) => `  ${String(index + 1).padStart(2)}  ${lineWords(operation)}\n`),
          ...(more > 0 ? [`      and ${more} more\n`] : []),
          "in time (steps, not to scale):\n",
          drawing(shown),
        ]),
    ...tables.map(tableText),
    ...(figures.length === 0 ? [] : [`  (${figures.join(", ")})\n`]),
  ].join("");
}
