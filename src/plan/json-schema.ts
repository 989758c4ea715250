// The JSON Schema of the plan file, for editors. docs/plan.schema.json is its output (`npm run generate`; a test
// compares them).
import { z } from "zod";
import { planDocument } from "./schema.ts";

export function planJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(planDocument, { io: "input", target: "draft-2020-12" }),
    title: "Outlast recovery plan",
    description: "apiVersion outlast.dev/v1alpha1, kind RecoveryPlan; see docs/plan.md",
  };
}
