// Carries a workflow on, whoever asks: pure, one thing at a time. Before a step acts, the store says that it will; before that
// its performer is asked whether it is done already. So an agent that dies anywhere leaves a record from which another goes on,
// and a step is carried out a second time only when nobody can tell whether it was the first time.
//
//   pending ──isDone? yes: proof──► done          acting ──isDone? yes──► done
//      └──no──► persisted as acting ──► perform ──────┘ no (its agent died, or it failed): perform again
import type { Step, WorkflowRequest } from "./workflow.ts";
import { pointOfNoReturn, stepsOf } from "./workflow.ts";

export interface Proof {
  readonly what: string;
  readonly by: string;
}

export interface WorkflowRecord {
  readonly id: string;
  readonly request: WorkflowRequest;
  readonly requestedBy: string;
  readonly reason: string | null;
  /** How far it is: of this step, whether it may have begun. Steps before it are done, each with its proof. */
  readonly at: number;
  readonly acting: { readonly by: string } | null;
  readonly proofs: readonly Proof[];
  readonly ended: "done" | "cancelled" | "refused" | null;
  readonly endedBecause: string | null;
}

export type WorkflowEvent =
  /** The record as the store holds it, and what the step's performer says of it. */
  | { readonly kind: "asked"; readonly isDone: Proof | "not done" | "unknown" }
  | { readonly kind: "performed"; readonly result: Proof | "unknown" | { readonly refused: string } }
  | { readonly kind: "cancel"; readonly by: string };

export type WorkflowAction =
  | { readonly do: "ask"; readonly step: Step }
  /** Compare-and-swap of the record; then `next`. Refused: somebody else carries it on; read again. */
  | { readonly do: "persist"; readonly record: WorkflowRecord; readonly next: "perform" | "ask" | "nothing" }
  | { readonly do: "perform"; readonly step: Step }
  | { readonly do: "wait"; readonly because: string }
  | { readonly do: "refuse"; readonly because: string };

export const newWorkflow = (
  id: string,
  request: WorkflowRequest,
  requestedBy: string,
  reason: string | null,
): WorkflowRecord => ({
  id,
  request,
  requestedBy,
  reason,
  at: 0,
  acting: null,
  proofs: [],
  ended: null,
  endedBecause: null,
});

/** One workflow a workload: the same request joins the one that runs, another is refused (exit 4). */
export function begin(running: WorkflowRecord | null, wanted: WorkflowRecord): "start" | "join" | "refuse" {
  if (running === null || running.ended !== null) return "start";
  const same = running.request.kind === wanted.request.kind && running.request.to === wanted.request.to;
  return same ? "join" : "refuse";
}

export const currentStep = (record: WorkflowRecord): Step | null =>
  record.ended === null ? (stepsOf(record.request)[record.at] ?? null) : null;

/** What an agent does first with a record that it finds, its own from an earlier life or another's. */
export function resume(record: WorkflowRecord): WorkflowAction {
  const step = currentStep(record);
  return step === null ? { do: "wait", because: "it has ended" } : { do: "ask", step };
}

export function advance(record: WorkflowRecord, event: WorkflowEvent, agent: string): WorkflowAction {
  const step = currentStep(record);
  if (event.kind === "cancel") return cancel(record, event.by);
  if (step === null) return { do: "wait", because: "it has ended" };
  const answer = event.kind === "asked" ? event.isDone : event.result;
  if (answer === "unknown") return { do: "wait", because: `nobody can tell whether ${step.kind} is done` };
  if (answer === "not done") {
    if (record.acting?.by === agent) return { do: "perform", step };
    return { do: "persist", record: { ...record, acting: { by: agent } }, next: "perform" };
  }
  if ("refused" in answer) {
    const ended = { ...record, ended: "refused", endedBecause: answer.refused } as const;
    return { do: "persist", record: ended, next: "nothing" };
  }
  return completed(record, answer);
}

function completed(record: WorkflowRecord, proof: Proof): WorkflowAction {
  const at = record.at + 1;
  const over = at >= stepsOf(record.request).length;
  return {
    do: "persist",
    record: { ...record, at, acting: null, proofs: [...record.proofs, proof], ended: over ? "done" : null },
    next: over ? "nothing" : "ask",
  };
}

function cancel(record: WorkflowRecord, by: string): WorkflowAction {
  if (record.ended !== null) return { do: "refuse", because: "it has ended" };
  const begun = record.acting === null ? record.at : record.at + 1;
  if (begun > pointOfNoReturn(stepsOf(record.request)))
    return { do: "refuse", because: "the epoch has been swapped: only finishing it is safe" };
  return {
    do: "persist",
    record: { ...record, ended: "cancelled", endedBecause: `by ${by}` },
    next: "nothing",
  };
}
