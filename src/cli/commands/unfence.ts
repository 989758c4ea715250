// `outlast unfence`: lets a fenced site take part again.
import type { Command } from "commander";
import { runWorkflow, workflowCommand, type WorkflowOptions } from "../workflow-verb.ts";

export function build(): Command {
  return workflowCommand("unfence", "Let a site take part again; shows every site's epoch")
    .requiredOption("--site <site>", "which one")
    .action((options: WorkflowOptions & { readonly site: string }) =>
      runWorkflow(options, { kind: "unfence", site: options.site }, options.site),
    );
}
