// What people ask for over the API, as workflows in the store.
import type { WorkflowAnswer, WorkflowAsked } from "../../api/agent.ts";
import { currentStep, newWorkflow, type WorkflowRecord } from "../../recovery/advance.ts";
import type { RecoveryView } from "../../recovery/view.ts";
import type { WorkflowRequest } from "../../recovery/workflow.ts";
import type { WorkflowAnswers } from "../server.ts";
import type { Decisions } from "./decisions.ts";
import { flowId, type FlowStore } from "./flow-store.ts";

export interface WorkflowRequestsOptions {
  readonly site: string;
  readonly sites: readonly string[];
  readonly token: string;
  readonly decisions: Decisions;
  readonly flows: FlowStore;
  readonly signal: AbortSignal;
}

export const workflowAnswerOf = (record: WorkflowRecord): WorkflowAnswer => ({
  id: record.id,
  kind: record.request.kind,
  step: currentStep(record)?.kind ?? null,
  proofs: [...record.proofs],
  ended: record.ended,
  endedBecause: record.endedBecause,
});

/** Pure: the request, or why it makes no sense now. */
export function requestOf(
  asked: WorkflowAsked,
  view: RecoveryView,
  site: string,
  sites: readonly string[],
): WorkflowRequest | { readonly refused: string } {
  const record = view.epoch?.value;
  const primary = record?.primary ?? null;
  const unknown = [asked.site, asked.to].find((name) => name !== undefined && !sites.includes(name));
  if (unknown !== undefined) return { refused: `there is no site ${unknown}` };
  if (record === undefined || record.phase !== "opened" || primary === null)
    return { refused: "no epoch is opened now: a takeover is under way, or nobody has served yet" };
  const from = asked.site ?? primary;
  switch (asked.kind) {
    case "switchover":
      if (asked.to === undefined) return { refused: "a switchover names its target" };
      if (asked.to === primary) return { refused: `${primary} is the primary already` };
      return { kind: "switchover", from: primary, to: asked.to, coordinator: asked.to };
    case "failover": {
      const coordinator = asked.to ?? (site === primary ? undefined : site);
      if (coordinator === undefined || coordinator === primary)
        return {
          refused: "a failover is coordinated by another site than the primary: ask that one, or name it",
        };
      return { kind: "failover", from: primary, to: null, coordinator };
    }
    case "fence":
    case "unfence":
      return { kind: asked.kind, from, to: null, coordinator: from };
    case "pause":
    case "resume":
      return { kind: asked.kind, from: primary, to: null, coordinator: site };
    default:
      return asked.kind satisfies never;
  }
}

export function startWorkflowRequests(options: WorkflowRequestsOptions): WorkflowAnswers {
  const { site, sites, token, decisions, flows, signal } = options;
  return {
    token,
    async begin(asked) {
      const { view } = decisions.state();
      if (view === null) return { refused: "the store has not answered yet" };
      const request = requestOf(asked, view, site, sites);
      if ("refused" in request) return request;
      const id = flowId(view.epoch?.value.epoch ?? 0);
      const begun = await flows.begin(newWorkflow(id, request, asked.by, asked.reason ?? null), view, signal);
      return begun === null
        ? { refused: "another workflow is under way, or the store did not answer: look at its status" }
        : workflowAnswerOf(begun);
    },
    async read(id) {
      const held = await flows.read(id, signal);
      return held === null ? null : workflowAnswerOf(held.record);
    },
  };
}
