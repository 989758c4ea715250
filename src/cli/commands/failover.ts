// `outlast failover`: takes over from a primary that is lost; docs/recovery.md.
import type { Command } from "commander";
import { OutlastError } from "../../domain/outcome.ts";
import { runWorkflow, workflowCommand, type WorkflowOptions } from "../workflow-verb.ts";

interface Options extends WorkflowOptions {
  readonly to?: string;
  readonly allowDataLoss?: boolean;
}

export function build(): Command {
  return workflowCommand("failover", "Take over from a primary that is lost")
    .option("--to <site>", "the site whose agent coordinates it; the highest log becomes the primary")
    .option("--allow-data-loss", "also when more may be lost than the plan allows; with --reason")
    .action(({ allowDataLoss, reason, ...options }: Options) => {
      if (allowDataLoss === true && reason === undefined)
        throw new OutlastError(
          {
            code: "REASON_MISSING",
            definite: true,
            what: "a loss is accepted by somebody, for a reason",
            where: "--allow-data-loss",
            next: "say why with --reason",
          },
          2,
        );
      const { to } = options;
      const accepted = allowDataLoss === true && reason !== undefined ? { reason } : {};
      return runWorkflow(
        { ...options, ...accepted },
        { kind: "failover", ...(to === undefined ? {} : { to }) },
        to,
      );
    });
}
