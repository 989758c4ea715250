// What people are told of workflows: the one that runs, and the last that ended. Read from the store only when its control
// record says that something has changed, or one runs.
import type { WorkflowAnswer } from "../../api/agent.ts";
import type { Decisions } from "./decisions.ts";
import type { FlowStore, HeldFlow } from "./flow-store.ts";
import { workflowAnswerOf } from "./workflow-requests.ts";

export interface WorkflowsSeen {
  readonly running: WorkflowAnswer | null;
  readonly last: WorkflowAnswer | null;
}

export interface WorkflowNews {
  look(): Promise<void>;
  seen(): WorkflowsSeen;
}

/** The last: whose record was changed last. */
export function workflowsSeen(flows: readonly HeldFlow[], running: string | null): WorkflowsSeen {
  const ended = flows
    .filter(({ record }) => record.ended !== null)
    .toSorted((a, b) => b.revision - a.revision)[0];
  const now = flows.find(({ record }) => record.id === running);
  return {
    running: now === undefined ? null : workflowAnswerOf(now.record),
    last: ended === undefined ? null : workflowAnswerOf(ended.record),
  };
}

export function startWorkflowNews(
  flows: Pick<FlowStore, "all">,
  decisions: Pick<Decisions, "state">,
  signal: AbortSignal,
): WorkflowNews {
  let seen: WorkflowsSeen = { running: null, last: null };
  let revision = -1;
  return {
    seen: () => seen,
    async look() {
      const { view } = decisions.state();
      if (view === null) return;
      const running = view.control?.value.workflow ?? null;
      const now = view.control?.revision ?? 0;
      if (now === revision && running === null) return;
      const all = await flows.all(signal);
      if (all === null) return;
      seen = workflowsSeen(all, running);
      revision = now;
    },
  };
}
