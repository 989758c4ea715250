// `outlast switchover`: moves the primary to another site; docs/recovery.md.
import type { Command } from "commander";
import { runWorkflow, workflowCommand, type WorkflowOptions } from "../workflow-verb.ts";

export function build(): Command {
  return workflowCommand("switchover", "Move the primary to another site, on purpose and without loss")
    .requiredOption("--to <site>", "where it shall serve")
    .action((options: WorkflowOptions & { readonly to: string }) =>
      runWorkflow(options, { kind: "switchover", to: options.to }),
    );
}
