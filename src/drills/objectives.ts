// Was what the plan asks for kept? One line for each promise, and the verdict over all. Pure.
import type { ObjectiveResult } from "../domain/drill.ts";
import type { Objective } from "../domain/plan.ts";
import type { Verdict } from "../domain/verdict.ts";

export interface Loss {
  /** null: a read-back is missing or incomplete. */
  readonly lost: number | null;
  readonly recoveryPointMs: number | null;
}

export interface Recovery {
  /** null: they did not recover while watched. */
  readonly ms: number | null;
  /** A time that was in time proves nothing then. */
  readonly onlyOnceHealed: boolean;
}

const inTime = ({ ms, onlyOnceHealed }: Recovery, askedMs: number): boolean | null => {
  if (ms === null || ms > askedMs) return false;
  return onlyOnceHealed ? null : true;
};

export function objectiveResults(
  objective: Objective | null,
  recovery: Recovery | "not asked",
  loss: Loss,
  verdicts: readonly Verdict[],
  consistencyName = "strong consistency",
): ObjectiveResult[] {
  const worst = (["invalid", "unknown", "valid"] as const).find((one) =>
    verdicts.some(({ verdict }) => verdict === one),
  );
  const consistency: ObjectiveResult = {
    name: consistencyName,
    unit: "verdict",
    asked: "valid",
    measured: worst ?? null,
    met: worst === "valid" ? true : worst === "invalid" ? false : null,
  };
  if (objective === null) return [consistency];
  const zero = objective.recoveryPointMs === 0;
  const point = zero ? loss.lost : loss.recoveryPointMs;
  const time: ObjectiveResult[] =
    recovery === "not asked"
      ? []
      : [
          {
            name: "recovery time",
            unit: "ms",
            asked: objective.recoveryTimeMs,
            measured: recovery.ms,
            met: inTime(recovery, objective.recoveryTimeMs),
          },
        ];
  return [
    ...time,
    {
      name: "recovery point",
      unit: zero ? "writes" : "ms",
      asked: objective.recoveryPointMs,
      measured: point,
      met: point === null ? null : point <= objective.recoveryPointMs,
    },
    consistency,
  ];
}

/** Loss and inconsistency stand whatever the timing was worth; a time measured by late instruments does not. */
export function objectiveMet(results: readonly ObjectiveResult[], doubts: readonly string[]): boolean | null {
  if (results.some(({ met, unit }) => met === false && unit !== "ms")) return false;
  if (doubts.length > 0) return null;
  if (results.some(({ met }) => met === false)) return false;
  return results.some(({ met }) => met === null) ? null : true;
}

export const missedWords = ({ name, asked, measured, unit }: ObjectiveResult): string =>
  `${name}: asked ${asked}${unit === "verdict" ? "" : ` ${unit}`}, measured ${measured ?? "none while watched"}`;
