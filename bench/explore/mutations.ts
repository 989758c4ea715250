// One wrong rule at a time, and where its harm is looked for: in short walks with few faults, or in the long ones with many. A rule without an entry here is
// held by unit tests (src/recovery/*.test.ts) or doubled by another rule; docs/recovery.md says which.
import type { LeaseTimings } from "../../src/domain/primaryship.ts";
import { RULES, type Rules } from "../../src/recovery/rules.ts";
import { type Bounds, type Surroundings, TICK_MS } from "./world.ts";

export interface Mutation {
  readonly name: string;
  /** Of short walks; null: the long ones with many faults. */
  readonly bounds: Bounds | null;
  readonly planted: {
    readonly rules?: Partial<Rules>;
    readonly surroundings?: Partial<Surroundings>;
    readonly timings?: Partial<LeaseTimings>;
  };
  readonly finds: RegExp;
  /** A few seconds of walks are enough. */
  readonly quick: boolean;
}

export const NO_FAULTS: Bounds = {
  sites: 3,
  takeovers: 1,
  crashes: 0,
  thaws: 0,
  drifts: 0,
  writes: 0,
  releases: 0,
  losses: 0,
  cuts: 0,
  delays: 0,
};

/** A confirm is never late by much, so that one renewal more or less is what counts. */
const LONG_FENCE = { ticketMs: TICK_MS, fenceMs: 8 * TICK_MS };

const TWO_EPOCHS = /two epochs served at once/;
const LOST = /acknowledged write is lost/;

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "the ticket is put into the kernel after the renewal succeeded (naive refresh)",
    bounds: { ...NO_FAULTS, thaws: 1, delays: 2 },
    planted: { rules: { ticketed: "after success" } },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "the kernel refreshes the fence without looking for a ticket",
    bounds: null,
    planted: { surroundings: { ticketIsChecked: false } },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "the wait leaves out the life of the ticket",
    bounds: { ...NO_FAULTS, cuts: 1, delays: 4 },
    planted: {
      rules: { waitIsOver: ({ waitMs }, sinceMs, nowMs) => nowMs - sinceMs >= waitMs - 4 * TICK_MS },
    },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "no margin, and clocks that drift",
    bounds: { ...NO_FAULTS, cuts: 1, drifts: 2, delays: 3 },
    planted: { timings: { ...LONG_FENCE, marginMs: 0 } },
    finds: TWO_EPOCHS,
    quick: false,
  },
  {
    name: "the swap does not compare the lease that was observed",
    bounds: { ...NO_FAULTS, cuts: 1, delays: 4, losses: 2 },
    planted: {
      rules: {
        compared: (purpose, site) => RULES.compared(purpose, site).filter((key) => key !== "lease"),
      },
    },
    finds: TWO_EPOCHS,
    quick: false,
  },
  {
    name: "the wait counts from whatever renewal was seen last",
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
    bounds: { ...NO_FAULTS, takeovers: 2, cuts: 2, delays: 4 },
    planted: {
      rules: {
        runsOut: (record, lease, taker) =>
          record.phase === "opened" ? RULES.runsOut(record, lease, taker) : null,
      },
    },
    finds: TWO_EPOCHS,
    quick: true,
  },
  {
    name: "a named primary serves before its epoch is opened",
    bounds: null,
    planted: {
      rules: { mayServe: (record, site) => record.phase !== "sealing" && record.primary === site },
    },
    finds: /unprotected/,
    quick: true,
  },
  {
    name: "an epoch is opened before any standby has followed",
    bounds: null,
    planted: { rules: { isProtected: () => true } },
    finds: /unprotected/,
    quick: true,
  },
  {
    name: "one seal is enough",
    bounds: null,
    planted: { rules: { enough: (_opened, sealed) => sealed.length >= 1 } },
    finds: LOST,
    quick: true,
  },
  {
    name: "the lowest log is chosen",
    bounds: null,
    planted: { rules: { higher: (a, b) => a < b } },
    finds: LOST,
    quick: true,
  },
  {
    name: "a sealed standby goes on receiving",
    bounds: { ...NO_FAULTS, writes: 1, cuts: 2, delays: 2 },
    planted: { surroundings: { sealStopsReceiver: false } },
    finds: LOST,
    quick: true,
  },
  {
    name: "a restarted standby follows its old primary again",
    bounds: { ...NO_FAULTS, writes: 2, cuts: 2, crashes: 1, delays: 2 },
    planted: { surroundings: { sealIsPersisted: false } },
    finds: LOST,
    quick: false,
  },
  {
    name: "writes are acknowledged before a standby has them",
    bounds: null,
    planted: { surroundings: { waitsForStandbys: false } },
    finds: LOST,
    quick: true,
  },
  {
    name: "a switchover's release does not remove the fence",
    bounds: { ...NO_FAULTS, releases: 1, delays: 2 },
    planted: { surroundings: { closeRemoves: false } },
    finds: TWO_EPOCHS,
    quick: true,
  },
];
