// A plan from a file. Everything that is wrong with it comes in one error.
import { OutlastError } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import { readText } from "../runtime/files.ts";
import { findingLine } from "./finding.ts";
import { parsePlan } from "./parse.ts";

const notFound = (path: string, what: string, cause?: unknown) =>
  new OutlastError(
    {
      code: "PLAN_NOT_FOUND",
      definite: true,
      what,
      where: path,
      next: "name a plan file with -f; examples/ has some to start from",
      ...(cause === undefined ? {} : { cause }),
    },
    2,
  );

/** Throws PLAN_NOT_FOUND or PLAN_INVALID (exit 2); `what` of the latter holds one line for each error. */
export async function loadPlan(path: string): Promise<Plan> {
  let text: string | null;
  try {
    text = await readText(path);
  } catch (cause) {
    throw notFound(
      path,
      `the plan can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  if (text === null) throw notFound(path, "there is no such plan file");
  const parsed = parsePlan(text, path);
  if ("plan" in parsed) return parsed.plan;
  throw new OutlastError(
    {
      code: "PLAN_INVALID",
      definite: true,
      what: `the plan has ${parsed.errors.length === 1 ? "an error" : `${parsed.errors.length} errors`}:\n${parsed.errors.map(findingLine).join("\n")}`,
      where: path,
      next: "correct these places; docs/plan.md describes every key",
    },
    2,
  );
}
