// Workflows carried on by agents that die, stall and come back, in seeded random order: the production functions of advance.ts
// over one record in the store. Agents do one thing at a time (read, ask, persist, perform); between any two of them they may
// die or fall behind; what one has begun to perform may take effect after its death; answers are sometimes unknown; a human
// cancels; the next workflow follows.
import {
  advance,
  begin,
  currentStep,
  newWorkflow,
  resume,
  type Proof,
  type WorkflowAction,
  type WorkflowRecord,
} from "../../src/recovery/advance.ts";
import { pointOfNoReturn, type Step, stepsOf, type WorkflowKind } from "../../src/recovery/workflow.ts";
import { seededRandom } from "../../src/runtime/random.ts";

export interface WorkflowRules {
  readonly advance: typeof advance;
  readonly begin: typeof begin;
  /** A record is persisted only over the one that was read. */
  readonly compares: boolean;
}

export const WORKFLOW_RULES: WorkflowRules = { advance, begin, compares: true };

export interface WorkflowsWalked {
  readonly steps: number;
  readonly ended: number;
  readonly violation: string | null;
  readonly seed: number | null;
  readonly trace: readonly string[];
}

interface Agent {
  readonly name: string;
  /** As it read it, at this revision; null: it has read nothing. */
  readonly record: WorkflowRecord | null;
  readonly revision: number;
  readonly next: WorkflowAction | null;
}

/** Begun by somebody, done at any time later, whether its author still lives or not. */
interface Performing {
  readonly workflow: string;
  readonly at: number;
}

const KINDS: readonly WorkflowKind[] = [
  "failover",
  "switchover",
  "failback",
  "fence",
  "unfence",
  "pause",
  "resume",
  "reinitialise",
];
const AGENTS = ["paris", "london", "frankfurt"];
const CALM_STEPS = 4_000;

export function walkWorkflows(rules: WorkflowRules, seed: number, stepsMax: number): WorkflowsWalked {
  const random = seededRandom(seed);
  const trace: string[] = [];
  let record: WorkflowRecord | null = null;
  let revision = 0;
  let ended = 0;
  let wrong: string | null = null;
  let performing: Performing[] = [];
  /** Steps done, of each workflow; how often each was begun while an earlier one was not over. */
  const done = new Set<string>();
  let agents = AGENTS.map((name): Agent => ({ name, record: null, revision: 0, next: null }));

  const violated = (why: string) => (wrong ??= why);
  const set = (index: number, to: Partial<Agent>) => {
    agents = agents.map((agent, nth) => (nth === index ? { ...agent, ...to } : agent));
  };

  function persist(next: WorkflowRecord, over: number): boolean {
    if (rules.compares && over !== revision) return false;
    if (record?.id === next.id) {
      if (record.ended !== null) violated(`${next.id} has ended and was changed`);
      if (next.at !== record.at && next.at !== record.at + 1)
        violated(`${next.id} leaps from ${record.at} to ${next.at}`);
      if (next.at > record.at && !done.has(`${next.id} ${record.at}`))
        violated(`${next.id}: step ${record.at} is recorded as done and is not`);
      if (next.proofs.length !== next.at) violated(`${next.id}: a step has no proof`);
      const swap = pointOfNoReturn(stepsOf(next.request));
      const swapped =
        done.has(`${next.id} ${swap}`) ||
        performing.some(({ workflow, at }) => workflow === next.id && at === swap);
      if (next.ended === "cancelled" && swapped)
        violated(`${next.id} was cancelled after its point of no return`);
    } else if (record !== null && record.ended === null)
      violated(`${next.id} replaces ${record.id}, which runs`);
    record = next;
    revision += 1;
    if (next.ended !== null) ended += 1;
    return true;
  }

  function perform(mine: WorkflowRecord): void {
    const { id, at } = mine;
    for (let before = 0; before < at; before += 1)
      if (!done.has(`${id} ${before}`))
        violated(`${id}: step ${at} is performed before step ${before} is done`);
    if (record?.id === id && record.at <= at && record.acting === null)
      violated(`${id}: step ${at} is performed before the store says that it will`);
    performing = [...performing, { workflow: id, at }];
  }

  /** The next of what an agent does; `calm`: nothing is unknown any more. */
  function act(index: number, calm: boolean): string {
    const agent = agents[index] as Agent;
    const { name, record: mine, next } = agent;
    if (mine === null || next === null) {
      set(index, { record, revision, next: record === null ? null : resume(record) });
      return `${name} reads`;
    }
    switch (next.do) {
      case "ask": {
        const sure = calm || random.next() < 0.8;
        const isDone: Proof | "not done" | "unknown" = !sure
          ? "unknown"
          : done.has(`${mine.id} ${mine.at}`)
            ? { what: "seen", by: name }
            : "not done";
        set(index, { next: rules.advance(mine, { kind: "asked", isDone }, name) });
        return `${name} asks whether ${currentStep(mine)?.kind ?? "nothing"} is done: ${typeof isDone === "string" ? isDone : "yes"}`;
      }
      case "persist": {
        if (!persist(next.record, agent.revision)) {
          set(index, { record: null, next: null });
          return `${name} is refused and reads again`;
        }
        const again = resume(next.record);
        const step = currentStep(next.record);
        set(index, {
          record: next.record,
          revision,
          next:
            next.next === "nothing" || step === null
              ? null
              : next.next === "perform"
                ? { do: "perform", step }
                : again,
        });
        return `${name} persists ${next.record.ended ?? `step ${next.record.at}`}`;
      }
      case "perform":
        perform(mine);
        // Whether it takes effect is seen by asking.
        set(index, { record: null, next: null });
        return `${name} performs ${(next.step satisfies Step).kind}`;
      case "wait":
      case "refuse":
        set(index, { record: null, next: null });
        return `${name} waits`;
    }
  }

  function takeEffect(): string {
    const [one, ...others] = performing;
    if (one === undefined) return "nothing is under way";
    performing = others;
    done.add(`${one.workflow} ${one.at}`);
    return `step ${one.at} of ${one.workflow} takes effect`;
  }

  function human(): string {
    if (record !== null && record.ended === null && random.next() < 0.5) {
      const action = rules.advance(record, { kind: "cancel", by: "ada" }, "human");
      if (action.do === "persist") persist(action.record, revision);
      return `ada cancels: ${action.do}`;
    }
    const request = { kind: random.pick(KINDS), from: "paris", to: "london", coordinator: "london" };
    const wanted = newWorkflow(`${request.kind} ${revision}`, request, "ada", null);
    const answer = rules.begin(record, wanted);
    if (answer === "start") persist(wanted, revision);
    return `ada asks for ${request.kind}: ${answer}`;
  }

  function oneStep(): string {
    const chance = random.next();
    const index = random.below(AGENTS.length);
    if (chance < 0.03) return human();
    if (chance < 0.08) {
      set(index, { record: null, next: null });
      return `${AGENTS[index] ?? ""} dies`;
    }
    if (chance < 0.1) {
      performing = performing.slice(1); // it died before it took effect
      return "what was performed is lost";
    }
    return chance < 0.3 ? takeEffect() : act(index, false);
  }

  let steps = 0;
  const over = (): WorkflowsWalked => ({
    steps,
    ended,
    violation: wrong,
    seed: wrong === null ? null : seed,
    trace: wrong === null ? [] : trace,
  });
  for (; steps < stepsMax; steps += 1) {
    trace.push(oneStep());
    if (wrong !== null) return over();
  }
  // All faults are over: one agent that is left finishes what runs.
  for (let calm = 0; calm < CALM_STEPS && running(record); calm += 1) {
    trace.push(calm % 2 === 0 ? act(0, true) : takeEffect());
    steps += 1;
    if (wrong !== null) return over();
  }
  if (running(record)) violated("a workflow does not end although all faults are over");
  return over();
}

const running = (record: WorkflowRecord | null): boolean => record !== null && record.ended === null;

/** With seed, seed + 1, … until so many steps were made or one is violated. */
export function walksOfWorkflows(rules: WorkflowRules, seed: number, stepsMax: number): WorkflowsWalked {
  const sum = { steps: 0, ended: 0 };
  for (let walk = 0; sum.steps < stepsMax; walk += 1) {
    const one = walkWorkflows(rules, (seed + walk) >>> 0, 600);
    sum.steps += one.steps;
    sum.ended += one.ended;
    if (one.violation !== null) return { ...one, ...sum };
  }
  return { ...sum, violation: null, seed: null, trace: [] };
}
