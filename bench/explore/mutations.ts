// One wrong rule at a time, and where its harm is looked for: by every interleaving within small bounds, in short walks with
// few faults, or in the long ones with many. A rule without an entry here is held by unit tests (src/recovery/*.test.ts) or
// doubled by another rule; docs/recovery.md says which.
import { advance, currentStep } from "../../src/recovery/advance.ts";
import { nextQuorumStep, type QuorumState, type Voters } from "../../src/recovery/quorum.ts";
import { RULES } from "../../src/recovery/rules.ts";
import { type Bounds, NO_FAULTS, type Planted, TICK_MS } from "./model.ts";
import { WORKFLOW_RULES, type WorkflowRules } from "./workflow-walk.ts";

export interface Mutation {
  readonly name: string;
  readonly by: "search" | "walks";
  /** Of the search, or of short walks; null: the long ones with many faults. */
  readonly bounds: Bounds | null;
  readonly planted: Planted;
  readonly finds: RegExp;
  /** A few seconds of walks are enough. */
  readonly quick: boolean;
}

/** A confirm is never late by much, so that one renewal more or less is what counts. */
const LONG_FENCE = { ticketMs: TICK_MS, fenceMs: 8 * TICK_MS };

/** Few ticks until it has run out: fewer states for a search. */
const SHORT_FENCE = { ticketMs: TICK_MS, fenceMs: 2 * TICK_MS };

const TWO_EPOCHS = /two epochs served at once/;
const LOST = /acknowledged write is lost/;
const ANY = /two epochs|is lost|unprotected/;

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "the ticket is put into the kernel after the renewal succeeded (naive refresh)",
    by: "walks",
    bounds: { ...NO_FAULTS, thaws: 1, delays: 2 },
    planted: { rules: { ticketed: "after success" } },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "the kernel refreshes the fence without looking for a ticket",
    by: "walks",
    bounds: null,
    planted: { surroundings: { ticketIsChecked: false } },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "the wait leaves out the life of the ticket",
    by: "walks",
    bounds: { ...NO_FAULTS, cuts: 1, delays: 4 },
    planted: {
      rules: { waitIsOver: ({ waitMs }, sinceMs, nowMs) => nowMs - sinceMs >= waitMs - 4 * TICK_MS },
    },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "no margin, and clocks that drift",
    by: "walks",
    bounds: { ...NO_FAULTS, cuts: 1, drifts: 2, delays: 3 },
    planted: { timings: { ...LONG_FENCE, marginMs: 0 } },
    finds: TWO_EPOCHS,
    quick: false,
  },
  {
    name: "the swap does not compare the lease that was observed",
    by: "search",
    bounds: { ...NO_FAULTS, cuts: 1, losses: 1, delays: 1 },
    planted: {
      timings: SHORT_FENCE,
      rules: {
        compared: (purpose, site) => RULES.compared(purpose, site).filter((key) => key !== "lease"),
      },
    },
    finds: TWO_EPOCHS,
    quick: false,
  },
  {
    name: "the wait counts from whatever renewal was seen last",
    by: "walks",
    bounds: { ...NO_FAULTS, cuts: 2, delays: 6 },
    planted: {
      timings: LONG_FENCE,
      rules: { waitsFrom: (_after, sighting, nowMs) => sighting?.atMs ?? nowMs },
    },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "the second takeover forgets the wait of the first",
    by: "walks",
    bounds: { ...NO_FAULTS, takeovers: 2, cuts: 2, delays: 4 },
    planted: {
      rules: {
        runsOut: (record, lease, taker) =>
          record.phase === "opened" ? RULES.runsOut(record, lease, taker) : null,
      },
    },
    finds: TWO_EPOCHS,
    quick: false,
  },
  {
    name: "a named primary serves before its epoch is opened",
    by: "walks",
    bounds: null,
    planted: {
      rules: { mayServe: (record, site) => record.phase !== "sealing" && record.primary === site },
    },
    finds: /unprotected/,
    quick: true,
  },
  {
    name: "an epoch is opened before any standby has followed",
    by: "walks",
    bounds: null,
    planted: { rules: { isProtected: () => true } },
    finds: /unprotected/,
    quick: true,
  },
  {
    name: "one seal is enough",
    by: "walks",
    bounds: null,
    planted: { rules: { enough: (_opened, sealed) => sealed.length >= 1 } },
    finds: LOST,
    quick: true,
  },
  {
    name: "the lowest log is chosen",
    by: "walks",
    bounds: null,
    planted: { rules: { higher: (a, b) => a < b } },
    finds: LOST,
    quick: true,
  },
  {
    name: "a sealed standby goes on receiving",
    by: "walks",
    bounds: { ...NO_FAULTS, writes: 1, cuts: 2, delays: 2 },
    planted: { surroundings: { sealStopsReceiver: false } },
    finds: LOST,
    quick: true,
  },
  {
    name: "a restarted standby follows its old primary again",
    by: "walks",
    bounds: { ...NO_FAULTS, writes: 2, cuts: 2, crashes: 1, delays: 2 },
    planted: { surroundings: { sealIsPersisted: false } },
    finds: LOST,
    quick: false,
  },
  {
    name: "writes are acknowledged before a standby has them",
    by: "walks",
    bounds: null,
    planted: { surroundings: { waitsForStandbys: false } },
    finds: LOST,
    quick: true,
  },
  {
    name: "a switchover's release does not remove the fence",
    by: "walks",
    bounds: { ...NO_FAULTS, releases: 1, delays: 2 },
    planted: { surroundings: { closeRemoves: false } },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "a lease of one's own is taken for the success of the newest attempt, whatever wrote it",
    by: "search",
    bounds: { ...NO_FAULTS, delays: 2, losses: 1, cuts: 1 },
    planted: {
      timings: SHORT_FENCE,
      rules: {
        ownSuccess: (lease, site, epoch, nonces) =>
          lease.holder === site && lease.epoch === epoch ? (nonces.at(-1) ?? null) : null,
      },
    },
    finds: TWO_EPOCHS,
    quick: false,
  },
  {
    name: "naming a primary does not compare the epoch",
    by: "walks",
    bounds: null,
    planted: {
      rules: { compared: (purpose, site) => (purpose === "name" ? [] : RULES.compared(purpose, site)) },
    },
    finds: ANY,
    quick: false,
  },
  {
    name: "opening an epoch does not compare it",
    by: "walks",
    bounds: null,
    planted: {
      rules: { compared: (purpose, site) => (purpose === "open" ? [] : RULES.compared(purpose, site)) },
    },
    finds: ANY,
    quick: false,
  },
  {
    name: "a log counts to its end, whatever branch it is on",
    by: "walks",
    bounds: null,
    planted: { rules: { countsUpTo: (history) => history.at(-1)?.upTo ?? null } },
    finds: LOST,
    quick: false,
  },
  {
    name: "seals of sites outside the opened set count",
    by: "walks",
    bounds: null,
    planted: {
      rules: {
        enough: ({ standbys, acknowledgements }, sealed) =>
          sealed.length + acknowledgements > standbys.length,
      },
    },
    finds: LOST,
    quick: false,
  },
  {
    name: "the store forgets a voter before all backends have seen the new names",
    by: "walks",
    bounds: null,
    planted: {
      quorum: (state, target) => nextQuorumStep({ ...state, unseen: false, flushed: true }, target),
    },
    finds: LOST,
    quick: false,
  },
  {
    name: "the store forgets a voter before what it alone acknowledged is flushed by others",
    by: "walks",
    bounds: null,
    planted: { quorum: (state, target) => nextQuorumStep({ ...state, flushed: true }, target) },
    finds: LOST,
    quick: false,
  },
  {
    name: "voters change while an earlier change may still be carried out",
    by: "search",
    bounds: { ...NO_FAULTS, changes: 2, writes: 1, cuts: 1 },
    planted: {
      timings: SHORT_FENCE,
      wishes: [1, 2],
      quorum: (state, target) => nextQuorumStep({ ...state, unsettled: false }, target),
    },
    finds: LOST,
    quick: false,
  },
  {
    name: "a standby is named before the store knows it as a voter",
    by: "walks",
    bounds: null,
    planted: { quorum: namesFirst },
    finds: LOST,
    quick: false,
  },
  {
    name: "a change of the voters does not compare the epoch",
    by: "walks",
    bounds: null,
    planted: {
      rules: {
        compared: (purpose, site) =>
          RULES.compared(purpose, site).filter((key) => purpose !== "open" || key !== "epoch"),
      },
    },
    finds: ANY,
    quick: false,
  },
];

/** The order of the two sets turned round: what the engine waits for is changed first. */
function namesFirst(state: QuorumState, target: Voters): ReturnType<typeof nextQuorumStep> {
  const { names, acknowledgements } = state.engine;
  const same = names.length === target.voters.length && names.every((name) => target.voters.includes(name));
  if (same && acknowledgements === target.acknowledgements) return nextQuorumStep(state, target);
  return { do: "names", engine: { names: target.voters, acknowledgements: target.acknowledgements } };
}

export interface WorkflowMutation {
  readonly name: string;
  readonly rules: WorkflowRules;
  readonly finds: RegExp;
}

/** Of how a workflow is carried on. */
export const WORKFLOW_MUTATIONS: readonly WorkflowMutation[] = [
  {
    name: "a step is performed before the store says that it will",
    rules: {
      ...WORKFLOW_RULES,
      advance: (record, event, agent) => {
        const action = advance(record, event, agent);
        const step = currentStep(record);
        return action.do === "persist" && action.next === "perform" && step !== null
          ? { do: "perform", step }
          : action;
      },
    },
    finds: /before the store says/,
  },
  {
    name: "unknown counts as done",
    rules: {
      ...WORKFLOW_RULES,
      advance: (record, event, agent) =>
        event.kind === "asked" && event.isDone === "unknown"
          ? advance(record, { kind: "asked", isDone: { what: "perhaps", by: agent } }, agent)
          : advance(record, event, agent),
    },
    finds: /recorded as done and is not/,
  },
  {
    name: "a record is persisted over one that was not read",
    rules: { ...WORKFLOW_RULES, compares: false },
    finds: /leaps|has ended and was changed|replaces|recorded as done/,
  },
  {
    name: "a human may cancel after the point of no return",
    rules: {
      ...WORKFLOW_RULES,
      advance: (record, event, agent) =>
        event.kind === "cancel" && record.ended === null
          ? {
              do: "persist",
              record: { ...record, ended: "cancelled", endedBecause: `by ${event.by}` },
              next: "nothing",
            }
          : advance(record, event, agent),
    },
    finds: /cancelled after its point of no return/,
  },
  {
    name: "a second workflow starts beside the first",
    rules: { ...WORKFLOW_RULES, begin: () => "start" },
    finds: /replaces/,
  },
];
