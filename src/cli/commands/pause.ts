// `outlast pause`: no takeover begins by itself any more.
import type { Command } from "commander";
import { runWorkflow, workflowCommand, type WorkflowOptions } from "../workflow-verb.ts";

export function build(): Command {
  return workflowCommand("pause", "No takeover begins by itself from now on; renewals go on").action(
    (options: WorkflowOptions) => runWorkflow(options, { kind: "pause" }),
  );
}
