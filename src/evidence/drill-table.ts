// Drills as text: one drill in full, or a table of runs with median and worst over all that were started. Pure.
import { BREAKDOWN_TERMS, type DrillResult, type DrillResultList } from "../domain/drill.ts";
import { headline, resultWord, verdictWords } from "./headline.ts";
import { operationWords } from "./operation-words.ts";
import { count, duration } from "./quantity.ts";
import { textTable } from "./text-table.ts";

const WITNESS_MAX = 8;

const consistency = ({ status }: DrillResult): string =>
  status.verdicts.length === 0 ? "no verdict" : status.verdicts.map(verdictWords).join(", ");

function figure(unit: "ms" | "writes" | "verdict", value: number | string | null): string {
  if (value === null) return "unknown";
  if (typeof value === "string") return value;
  return unit === "ms" ? duration(value) : count(value);
}

function regions({ status }: DrillResult): string {
  const { byRegion } = status.recoveryTimeMs;
  const profiles = [...new Set(Object.values(byRegion).flatMap((row) => Object.keys(row)))];
  if (profiles.length === 0) return "";
  return textTable(
    [{ title: "RECOVERY TIME" }, ...profiles.map((title) => ({ title, align: "right" as const }))],
    Object.entries(byRegion).map(([region, row]) => [
      region,
      ...profiles.map((profile) => (profile in row ? duration(row[profile] ?? null) : "-")),
    ]),
  );
}

function parts({ status }: DrillResult): string {
  const known = BREAKDOWN_TERMS.filter((term) => status.breakdownMs[term] !== null);
  if (known.length === 0) return "";
  const terms = known.map((term) => `${term} ${duration(status.breakdownMs[term])}`);
  return `Breakdown   ${terms.join(" · ")}\n`;
}

function verdictLines({ status }: DrillResult): string {
  return status.verdicts
    .filter(({ verdict }) => verdict !== "valid")
    .map(({ model, verdict, reason, witness }) => {
      const shown = witness.slice(0, WITNESS_MAX).map((operation) => `    ${operationWords(operation)}\n`);
      const more = witness.length > WITNESS_MAX ? `    and ${witness.length - WITNESS_MAX} more\n` : "";
      return `  ${model}: ${verdict}. ${reason}\n${shown.join("")}${more}`;
    })
    .join("");
}

/** One drill, for `drill show` and the end of `drill run`. */
export function drillText(result: DrillResult): string {
  const { metadata, spec, status } = result;
  const { predicted } = status;
  const objectives = status.objectives.map(({ name, unit, asked, measured, met }) => [
    name,
    figure(unit, asked),
    figure(unit, measured),
    met === null ? "inconclusive" : met ? "met" : "missed",
  ]);
  const { ratePerSecond, deadlineMs, profiles } = spec.load;
  return [
    `${headline(result)}\n\n`,
    objectives.length === 0
      ? ""
      : `${textTable(
          [
            { title: "OBJECTIVE" },
            { title: "ASKED", align: "right" },
            { title: "MEASURED", align: "right" },
            { title: "RESULT" },
          ],
          objectives,
        )}\n`,
    regions(result) === "" ? "" : `${regions(result)}\n`,
    predicted === null
      ? ""
      : `Predicted   ${duration(predicted.recoveryTimeMs)}, written before the fault (${predicted.digest.slice(0, 19)}…)\n`,
    parts(result),
    status.timeToFullRedundancyMs === null
      ? ""
      : `Redundancy  back after ${duration(status.timeToFullRedundancyMs)}\n`,
    `Load        ${count(ratePerSecond)} operations/s per region and profile (${profiles.join(", ")}), deadline ${duration(deadlineMs)}\n`,
    verdictLines(result),
    `Drill       ${metadata.id}, plan ${metadata.planName}, seed ${spec.seed}\n`,
  ].join("");
}

/** Runs of one scenario, or whatever the list holds: every run is a row. */
export function runsTable(list: DrillResultList): string {
  const rows = list.items.map((result) => {
    const { metadata, spec, status } = result;
    return [
      metadata.id,
      spec.scenario,
      spec.site ?? "-",
      duration(status.recoveryTimeMs.worst),
      duration(status.predicted?.recoveryTimeMs ?? null),
      duration(status.failedMs),
      count(status.lostAcknowledgedWrites),
      consistency(result),
      resultWord(result),
    ];
  });
  return textTable(
    [
      { title: "DRILL" },
      { title: "SCENARIO" },
      { title: "SITE" },
      { title: "RECOVERY", align: "right" },
      { title: "PREDICTED", align: "right" },
      { title: "FAILED", align: "right" },
      { title: "LOST", align: "right" },
      { title: "CONSISTENCY" },
      { title: "OBJECTIVE" },
    ],
    rows,
  );
}

/** The lines under the table of several runs of one scenario. */
export function runsSummary({ items, summary }: DrillResultList): string {
  const number = (word: string) => items.filter((item) => resultWord(item) === word).length;
  const outcomes = ["met", "missed", "inconclusive", "aborted", "running"]
    .filter((word) => number(word) > 0)
    .map((word) => `${number(word)} ${word}`);
  const { median, worst } = summary.recoveryTimeMs;
  const known = items.reduce((sum, { status }) => sum + (status.lostAcknowledgedWrites ?? 0), 0);
  const lost =
    summary.lostAcknowledgedWrites === null
      ? `unknown${known > 0 ? `, at least ${count(known)}` : ""}`
      : count(summary.lostAcknowledgedWrites);
  return [
    `Runs        ${summary.runs}, all counted: ${outcomes.join(", ")}\n`,
    `Recovery    median ${duration(median)}, worst ${duration(worst)}\n`,
    `Lost        ${lost} acknowledged writes over all runs\n`,
  ].join("");
}
