// `outlast fence`: keeps a site's fence closed until somebody allows it again.
import type { Command } from "commander";
import { runWorkflow, workflowCommand, type WorkflowOptions } from "../workflow-verb.ts";

export function build(): Command {
  return workflowCommand("fence", "Keep clients away from a site until 'unfence'")
    .requiredOption("--site <site>", "which one")
    .action((options: WorkflowOptions & { readonly site: string }) =>
      runWorkflow(options, { kind: "fence", site: options.site }, options.site),
    );
}
