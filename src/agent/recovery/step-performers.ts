// One performer for each kind of step: asked whether it is done, and told to do it. Whoever is asked answers from what the store
// and its own member say, so another agent's answer to the same question is the same.
import type { Proof, WorkflowRecord } from "../../recovery/advance.ts";
import type { SiteState } from "../../recovery/site-state.ts";
import type { Step, StepKind } from "../../recovery/workflow.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { DataMember } from "./data-member.ts";
import type { Decisions } from "./decisions.ts";
import { epochOfFlow, type FlowStore } from "./flow-store.ts";
import type { AgentMemory } from "./memory.ts";

export interface StepSurroundings {
  readonly site: string;
  readonly member: DataMember;
  readonly memory: AgentMemory;
  readonly decisions: Decisions;
  readonly flows: FlowStore;
  /** What would be lost, in words; and whether a person has to accept it. */
  readonly judgeLoss: () => Promise<{ readonly what: string; readonly within: boolean }>;
  /** Nothing passes here from now on, until it is allowed again. */
  readonly setFenced: (why: string | null) => Promise<void>;
  /** Each site's epoch and position as its agent says, in words. */
  readonly tellEpochs: () => Promise<string>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type Result = Proof | "unknown" | { readonly refused: string };

export interface Performer<K extends StepKind> {
  isDone(step: Extract<Step, { kind: K }>, flow: WorkflowRecord): Proof | "not done" | "unknown";
  perform(step: Extract<Step, { kind: K }>, flow: WorkflowRecord): Promise<Result>;
}

/** Whose business a step is; null: the coordinator's, and when that is silent anybody's. */
export function siteOfStep(step: Step): string | null {
  if (step.kind === "release") return step.from;
  if (step.kind === "swap-epoch") return step.coordinator;
  if (step.kind === "promote") return null;
  return "site" in step ? step.site : null;
}

const STEP_MAX_MS = 15_000;
const LOOK_MS = 20;

export function stepPerformers(around: StepSurroundings): { readonly [K in StepKind]: Performer<K> } {
  const { site, member, memory, decisions, flows, clock, signal } = around;
  const proof = (what: string): Proof => ({ what, by: site });
  const epochNow = (state: SiteState) => state.view?.epoch?.value ?? null;
  const notYet = "not done" as const;

  /** By looking, until it is so. */
  async function until(holds: (state: SiteState) => Proof | null): Promise<Result> {
    const untilMs = clock.nowMs() + STEP_MAX_MS;
    while (!signal.aborted && clock.nowMs() < untilMs) {
      const seen = holds(decisions.state());
      if (seen !== null) return seen;
      await clock.sleep(LOOK_MS, signal);
    }
    return "unknown";
  }

  /** Done by the decisions of all agents together: here it is only watched. */
  const watched = (what: (flow: WorkflowRecord, state: SiteState) => string | null) => {
    const seen = (flow: WorkflowRecord, state: SiteState): Proof | null => {
      const words = what(flow, state);
      return words === null ? null : proof(words);
    };
    return {
      isDone: (_step: unknown, flow: WorkflowRecord) => seen(flow, decisions.state()) ?? notYet,
      perform: (_step: unknown, flow: WorkflowRecord) => until((state) => seen(flow, state)),
    };
  };
  const later = (flow: WorkflowRecord, state: SiteState): number | null => {
    const epoch = epochNow(state)?.epoch ?? 0;
    return epoch > epochOfFlow(flow.id) ? epoch : null;
  };
  const nothingToDo = (what: string) => ({
    isDone: () => notYet,
    perform: async (): Promise<Result> => proof(what),
  });
  const notHere = (what: string) => ({
    isDone: () => notYet,
    perform: async (): Promise<Result> => ({ refused: what }),
  });
  const swapped = watched((flow, state) => {
    const epoch = later(flow, state);
    return epoch === null ? null : `epoch ${epoch} has begun`;
  });

  return {
    "judge-loss": {
      isDone: () => notYet,
      perform: async (_step, flow) => {
        const { what, within } = await around.judgeLoss();
        if (within || flow.reason !== null) return proof(what);
        return { refused: `${what}; a person may accept it with --allow-data-loss and a reason` };
      },
    },
    checkpoint: {
      isDone: () => notYet,
      perform: async () => {
        const done = await member.perform(
          { kind: "checkpoint" },
          AbortSignal.any([signal, AbortSignal.timeout(STEP_MAX_MS)]),
        );
        return done.kind === "done" ? proof(done.value.what) : { refused: done.failure.what };
      },
    },
    drain: nothingToDo("clients are refused by the fence, definitely, when it closes"),
    release: {
      isDone: (step, flow) => released(step, flow, decisions.state()) ?? notYet,
      perform: async (step, flow) => {
        decisions.tell({ kind: "release", to: step.to });
        return await until((state) => released(step, flow, state));
      },
    },
    "shut-down": watched((flow, state) => {
      const epoch = later(flow, state);
      const serves =
        state.member.promotedEpoch !== null && state.member.promotedEpoch === epochOfFlow(flow.id);
      return epoch === null || serves ? null : "it is a primary no more";
    }),
    "swap-epoch": {
      isDone: swapped.isDone,
      perform: async (step, flow) => {
        if (later(flow, decisions.state()) === null && flow.request.kind === "failover") {
          const { requestedBy: by, reason } = flow;
          decisions.tell({ kind: "take-over", acceptedLoss: reason === null ? null : { by, reason } });
        }
        return await swapped.perform(step, flow);
      },
    },
    seal: watched((flow, state) => {
      const record = epochNow(state);
      return later(flow, state) === null || record?.primary == null ? null : "enough sites are sealed";
    }),
    promote: watched((flow, state) => {
      const record = epochNow(state);
      return later(flow, state) === null || record?.primary == null
        ? null
        : `${record.primary} is the primary`;
    }),
    protect: watched((flow, state) => openedWords(flow, state)),
    open: watched((flow, state) => openedWords(flow, state)),
    "switch-route": nothingToDo("balancers follow what sites say of themselves"),
    reattach: watched((_flow, state) => {
      const record = epochNow(state);
      const { member: own } = state;
      if (record === null || record.phase !== "opened") return null;
      if (record.primary === site) return `${site} is the primary itself`;
      return own.following === record.epoch ? `follows ${record.primary} under epoch ${record.epoch}` : null;
    }),
    "close-fence": {
      isDone: (_step, flow) =>
        memory.now().fencedBecause === fencedWords(flow) ? proof("nothing passes") : notYet,
      perform: async (_step, flow) => {
        await around.setFenced(fencedWords(flow));
        return proof("nothing passes here, until somebody allows it again");
      },
    },
    "show-epochs": {
      isDone: () => notYet,
      perform: async () => proof(await around.tellEpochs()),
    },
    "allow-fence": {
      isDone: () => (memory.now().fencedBecause === null ? proof("it may open again") : notYet),
      perform: async () => {
        await around.setFenced(null);
        return proof("it may open again, when an epoch says so");
      },
    },
    "set-paused": {
      isDone: ({ paused }) =>
        (decisions.state().view?.control?.value.paused ?? false) === paused
          ? proof(paused ? "no new takeover begins by itself" : "takeovers begin by themselves")
          : notYet,
      perform: async ({ paused }) => {
        const { view } = decisions.state();
        if (view === null) return "unknown";
        const done = await flows.pause(paused, view, signal);
        return done ? proof(paused ? "paused" : "resumed") : "unknown";
      },
    },
    "extract-divergent": notHere("reinitialise is not carried out by agents yet"),
    empty: notHere("reinitialise is not carried out by agents yet"),
    seed: notHere("reinitialise is not carried out by agents yet"),
  };

  function released(
    { to }: Extract<Step, { kind: "release" }>,
    flow: WorkflowRecord,
    state: SiteState,
  ): Proof | null {
    if (later(flow, state) !== null) return proof("another epoch has begun");
    return state.view?.lease?.value.releasedTo === to
      ? proof(`the lease is ${to}'s, the fence is closed`)
      : null;
  }

  function openedWords(flow: WorkflowRecord, state: SiteState): string | null {
    const record = epochNow(state);
    const opened = state.view?.opened?.value;
    if (later(flow, state) === null || record?.phase !== "opened" || opened === undefined) return null;
    return `epoch ${record.epoch} is opened at ${opened.primary}, with ${opened.standbys.join(", ") || "no standby"}`;
  }
}

const fencedWords = ({ requestedBy, reason }: WorkflowRecord): string =>
  `fenced by ${requestedBy}${reason === null ? "" : `: ${reason}`}`;
