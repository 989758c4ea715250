// Carries the workload's one workflow on, with every other site's agent: a step is taken by the site that it concerns; those that
// concern nobody, by the coordinator, and when it is silent by anybody. What is done next is src/recovery/advance.ts's to say.
import { advance, currentStep, type WorkflowAction } from "../../recovery/advance.ts";
import type { Step } from "../../recovery/workflow.ts";
import type { Log } from "../../runtime/log.ts";
import type { HeldFlow } from "./flow-store.ts";
import { type Performer, siteOfStep, stepPerformers, type StepSurroundings } from "./step-performers.ts";

const LOOK_MS = 50;
/** Without any change of the record for this long it is anybody's. */
const SILENT_MS = 3_000;

export async function carryWorkflowsOn(
  around: StepSurroundings & { readonly sites: readonly string[]; readonly log: Log },
): Promise<void> {
  const { site, sites, decisions, flows, clock, signal, log } = around;
  const performers = stepPerformers(around) as Readonly<Record<string, Performer<Step["kind"]>>>;
  let seen = { key: "", sinceMs: clock.nowMs() };

  function concerns(flow: HeldFlow, step: Step): boolean {
    const { record, revision } = flow;
    const key = `${record.id} ${revision}`;
    if (seen.key !== key) seen = { key, sinceMs: clock.nowMs() };
    const own = siteOfStep(step);
    if (own !== null && sites.includes(own)) return own === site;
    const patience = SILENT_MS * (1 + sites.indexOf(site));
    return record.request.coordinator === site || clock.nowMs() - seen.sinceMs > patience;
  }

  async function follow(first: HeldFlow, step: Step): Promise<void> {
    const performer = performers[step.kind];
    if (performer === undefined) throw new RangeError(`nobody performs ${step.kind}`);
    let flow = first;
    let action: WorkflowAction = { do: "ask", step };
    while (!signal.aborted) {
      const { view } = decisions.state();
      if (view === null) return;
      if (action.do === "ask") {
        const isDone = performer.isDone(step, flow.record);
        action = advance(flow.record, { kind: "asked", isDone }, site);
      } else if (action.do === "perform") {
        const result = await performer.perform(step, flow.record);
        action = advance(flow.record, { kind: "performed", result }, site);
      } else if (action.do === "persist") {
        if (!(await flows.write(flow, action.record, view, signal))) return; // somebody else was here, or the view is old
        const { record, next } = action;
        const last = record.proofs.at(-1);
        if (last !== undefined && record.at !== flow.record.at)
          log.emit({
            event: "workflow-step",
            workflow: record.request.kind,
            step: step.kind,
            what: last.what,
          });
        if (record.ended !== null)
          log.info(
            `${record.request.kind}: ${record.ended}${record.endedBecause === null ? "" : `: ${record.endedBecause}`}`,
          );
        const held = await flows.read(record.id, signal);
        if (next !== "perform" || held === null || held.record.acting?.by !== site) return;
        flow = held;
        action = { do: "perform", step };
      } else return;
    }
  }

  while (!signal.aborted) {
    const id = decisions.state().view?.control?.value.workflow ?? null;
    const flow = id === null ? null : await flows.read(id, signal);
    const step = flow === null ? null : currentStep(flow.record);
    if (flow !== null && step !== null && concerns(flow, step)) await follow(flow, step);
    await clock.sleep(id === null ? LOOK_MS * 4 : LOOK_MS, signal);
  }
}
