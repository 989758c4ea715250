// `outlast resume`: takeovers begin by themselves again.
import type { Command } from "commander";
import { runWorkflow, workflowCommand, type WorkflowOptions } from "../workflow-verb.ts";

export function build(): Command {
  return workflowCommand("resume", "Takeovers begin by themselves again").action((options: WorkflowOptions) =>
    runWorkflow(options, { kind: "resume" }),
  );
}
