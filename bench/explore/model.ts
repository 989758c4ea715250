// What is explored: how far (bounds), by which rules, and how what surrounds the decisions behaves. Time in ticks of P/2.
import type { LeaseTimings } from "../../src/domain/primaryship.ts";
import { nextQuorumStep } from "../../src/recovery/quorum.ts";
import { RULES, type Rules } from "../../src/recovery/rules.ts";

export const TICK_MS = 200;

/** What surrounds the decisions and can be planted wrong, one at a time: kernel, member and data path. */
export interface Surroundings {
  /** A confirm refreshes the fence only while its ticket lives. */
  readonly ticketIsChecked: boolean;
  /** A seal survives a restart of the member. */
  readonly sealIsPersisted: boolean;
  /** The receiver is stopped before the position is reported. */
  readonly sealStopsReceiver: boolean;
  /** A write is acknowledged only when the standbys it needs have it on disk. */
  readonly waitsForStandbys: boolean;
  /** "close" removes ticket and fence before it is reported. */
  readonly closeRemoves: boolean;
}

export const SURROUNDINGS: Surroundings = {
  ticketIsChecked: true,
  sealIsPersisted: true,
  sealStopsReceiver: true,
  waitsForStandbys: true,
  closeRemoves: true,
};

/** How often something may happen; each is spent when it does. */
export interface Faults {
  /** Of an agent alone or of a whole site; each comes back. */
  readonly crashes: number;
  readonly thaws: number;
  /** Ticks by which one site's clock differs, in all. */
  readonly drifts: number;
  readonly writes: number;
  /** Switchovers asked for by a human. */
  readonly releases: number;
  /** Changes of the set of synchronous standbys. */
  readonly changes: number;
  /** Lost messages. */
  readonly losses: number;
  /** Cuts of a site from the store; each may be healed at any time. */
  readonly cuts: number;
  /** Ticks by which messages or reads are late, without a cut, in all. */
  readonly delays: number;
}

export interface Bounds extends Faults {
  readonly sites: number;
  readonly takeovers: number;
}

export const NO_FAULTS: Bounds = {
  sites: 3,
  takeovers: 1,
  crashes: 0,
  thaws: 0,
  drifts: 0,
  writes: 0,
  releases: 0,
  changes: 0,
  losses: 0,
  cuts: 0,
  delays: 0,
};

export interface Model {
  readonly bounds: Bounds;
  readonly rules: Rules;
  readonly surroundings: Surroundings;
  readonly timings: LeaseTimings;
  readonly quorum: typeof nextQuorumStep;
  /** Acknowledgements that may be asked of all others together; null: any set of voters may be asked for. */
  readonly wishes: readonly number[] | null;
}

export interface Planted {
  readonly rules?: Partial<Rules>;
  readonly surroundings?: Partial<Surroundings>;
  readonly timings?: Partial<LeaseTimings>;
  readonly quorum?: typeof nextQuorumStep;
  readonly wishes?: readonly number[];
}

/**
 * P 2 ticks, F 3; the margin is exactly the drift that the bounds allow (modelOf). Takers are as impatient as can be: what
 * D and the patience with a takeover are for is availability, and a short one leaves the safety to the rules.
 */
export const TIMINGS: LeaseTimings = {
  ticketMs: 2 * TICK_MS,
  fenceMs: 3 * TICK_MS,
  marginMs: 0,
  renewalMs: TICK_MS,
  retryMs: TICK_MS,
  silenceMs: 2 * TICK_MS,
  stuckMs: 2 * TICK_MS,
  proofOfLifeMs: 1e9,
};

export const modelOf = (bounds: Bounds, planted: Planted = {}): Model => ({
  bounds,
  rules: { ...RULES, ...planted.rules },
  surroundings: { ...SURROUNDINGS, ...planted.surroundings },
  timings: { ...TIMINGS, marginMs: bounds.drifts * TICK_MS, ...planted.timings },
  quorum: planted.quorum ?? nextQuorumStep,
  wishes: planted.wishes ?? null,
});

export const siteName = (index: number): string => String.fromCharCode(97 + index);
export const siteIndex = (name: string): number => name.charCodeAt(0) - 97;

/** Sites given as one bit each. */
export const namesIn = (bits: number, sites: number): string[] =>
  Array.from({ length: sites }, (_, index) => index)
    .filter((index) => (bits & (1 << index)) !== 0)
    .map(siteName);
