// The world around the production decision functions: sites with their kernel's fence, their member's log and their agent;
// one link each to the store; clocks that may drift. Everything is data; a step copies what it changes. Time in ticks of P/2.
import type { LeaseTimings } from "../../src/domain/primaryship.ts";
import { RULES, type Rules } from "../../src/recovery/rules.ts";
import {
  type MemberReport,
  newSite,
  type SiteAction,
  type SiteState,
} from "../../src/recovery/site-state.ts";
import type { RecoverySwap, RecoveryView } from "../../src/recovery/view.ts";

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

export interface Bounds {
  readonly sites: number;
  readonly takeovers: number;
  /** Of an agent alone or of a whole site; each comes back. */
  readonly crashes: number;
  readonly thaws: number;
  /** Ticks by which one site's clock differs, in all. */
  readonly drifts: number;
  readonly writes: number;
  /** Switchovers asked for by a human. */
  readonly releases: number;
  /** Lost messages. */
  readonly losses: number;
  /** Cuts of a site from the store; each may be healed at any time. */
  readonly cuts: number;
  /** Ticks by which messages or reads are late, without a cut, in all. */
  readonly delays: number;
}

export interface Model {
  readonly bounds: Bounds;
  readonly rules: Rules;
  readonly surroundings: Surroundings;
  readonly timings: LeaseTimings;
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

export const modelOf = (
  bounds: Bounds,
  planted: {
    readonly rules?: Partial<Rules>;
    readonly surroundings?: Partial<Surroundings>;
    readonly timings?: Partial<LeaseTimings>;
  } = {},
): Model => ({
  bounds,
  rules: { ...RULES, ...planted.rules },
  surroundings: { ...SURROUNDINGS, ...planted.surroundings },
  timings: { ...TIMINGS, marginMs: bounds.drifts * TICK_MS, ...planted.timings },
});

export type Message =
  | { readonly kind: "renewal"; readonly nonce: number; readonly swap: RecoverySwap }
  | { readonly kind: "swap"; readonly nonce: number; readonly swap: RecoverySwap };

export interface Link {
  readonly message: Message;
  /** null: still on its way to the store. */
  readonly reply: "swapped" | RecoveryView | null;
  readonly revision: number;
}

export interface WorldMember {
  readonly role: MemberReport["role"];
  readonly sealedEpoch: number;
  readonly promotedEpoch: number | null;
  readonly following: { readonly epoch: number; readonly source: number } | null;
  /** What it would follow again after a restart. */
  readonly configured: { readonly epoch: number; readonly source: number } | null;
  /** Writes as 1, 2, …; the start of a branch as the epoch below zero. */
  readonly log: readonly number[];
  readonly names: readonly number[];
  readonly acknowledgements: number;
}

export interface WorldSite {
  readonly up: boolean;
  readonly frozen: boolean;
  /** From the store. */
  readonly cut: boolean;
  /** null: the site is down. */
  readonly agent: SiteState | null;
  /** Left over when the agent was frozen. */
  readonly queue: readonly SiteAction[];
  /** To the store: one for renewals, one for all other swaps; one message each. */
  readonly renewals: Link | null;
  readonly swaps: Link | null;
  readonly member: WorldMember;
  /** Deadlines on this site's own clock, in ticks. */
  readonly tickets: readonly { readonly nonce: number; readonly until: number }[];
  readonly fence: readonly { readonly epoch: number; readonly until: number }[];
  /** Epochs up to this one were closed for good. */
  readonly barred: number;
  /** By which its clock is ahead, in ticks. */
  readonly ahead: number;
  readonly lives: number;
}

export interface World {
  readonly now: number;
  readonly store: RecoveryView;
  readonly sites: readonly WorldSite[];
  readonly left: Omit<Bounds, "sites" | "takeovers">;
  /** Epoch under which each write was sent, and whether it was acknowledged. */
  readonly writes: readonly { readonly epoch: number; readonly acknowledged: boolean }[];
}

export const siteName = (index: number): string => String.fromCharCode(97 + index);
export const siteIndex = (name: string): number => name.charCodeAt(0) - 97;
export const localMs = (world: World, site: WorldSite): number => (world.now + site.ahead) * TICK_MS;

const NONCES_A_LIFE = 1_000_000;

export function freshAgent(model: Model, index: number, member: WorldMember, lives: number): SiteState {
  const settings = {
    timings: model.timings,
    sites: Array.from({ length: model.bounds.sites }, (_, at) => siteName(at)),
    acknowledgements: 1,
    whenReplicaLost: "block" as const,
    trigger: "automatic" as const,
  };
  const nonce = 1 + (index * 20 + lives) * NONCES_A_LIFE;
  return newSite(siteName(index), settings, reportOf(member, []), nonce);
}

export function reportOf(member: WorldMember, flushedBy: readonly string[]): MemberReport {
  const history: { branch: number; upTo: number }[] = [];
  for (const [at, entry] of member.log.entries()) {
    if (entry < 0) {
      const last = history.at(-1);
      if (last !== undefined) last.upTo = at;
      history.push({ branch: -entry, upTo: at + 1 });
    }
  }
  const last = history.at(-1);
  if (last !== undefined) last.upTo = member.log.length;
  return {
    role: member.role,
    sealedEpoch: member.sealedEpoch,
    promotedEpoch: member.promotedEpoch,
    history,
    flushedBy,
    names: member.names.map(siteName),
    following: member.following?.epoch ?? null,
  };
}

/** Epoch 1 is opened at the first site; the others follow it and have its branch. */
export function firstWorld(model: Model): World {
  const { bounds, timings } = model;
  const names = Array.from({ length: bounds.sites }, (_, at) => siteName(at));
  const standbys = names.slice(1);
  const { ticketMs, fenceMs, marginMs } = timings;
  const store: RecoveryView = {
    storeId: "s",
    revision: 1,
    lease: {
      value: {
        epoch: 1,
        holder: "a",
        nonce: 0,
        ticketMs,
        fenceMs,
        marginMs,
        syncAgeMs: null,
        releasedTo: null,
      },
      revision: 1,
    },
    epoch: {
      value: { epoch: 1, phase: "opened", coordinator: "a", primary: "a", after: null, acceptedLoss: null },
      revision: 1,
    },
    opened: { value: { epoch: 1, primary: "a", standbys, acknowledgements: 1 }, revision: 1 },
    control: null,
    seals: {},
  };
  const sites = names.map((_, index): WorldSite => {
    const source = { epoch: 1, source: 0 };
    const member: WorldMember = {
      role: index === 0 ? "primary" : "standby",
      sealedEpoch: 1,
      promotedEpoch: index === 0 ? 1 : null,
      following: index === 0 ? null : source,
      configured: index === 0 ? null : source,
      log: [-1],
      names: index === 0 ? names.map((_name, at) => at).slice(1) : [],
      acknowledgements: 1,
    };
    return {
      up: true,
      frozen: false,
      cut: false,
      agent: freshAgent(model, index, member, 0),
      queue: [],
      renewals: null,
      swaps: null,
      member,
      tickets: [],
      fence: [],
      barred: 0,
      ahead: 0,
      lives: 0,
    };
  });
  const { sites: _sites, takeovers: _takeovers, ...left } = bounds;
  return { now: 0, store, sites, left, writes: [] };
}

/** Epochs whose packets pass at a site now. */
export const openEpochs = (world: World, site: WorldSite): number[] =>
  site.up ? site.fence.filter(({ until }) => until > world.now + site.ahead).map(({ epoch }) => epoch) : [];

/** What must never be; null: all is well. */
export function violation(world: World): string | null {
  const serving = world.sites.flatMap((site, index) =>
    openEpochs(world, site).map((epoch) => ({ site, index, epoch })),
  );
  if (serving.length > 1)
    return `two epochs served at once: ${serving.map(({ index, epoch }) => `${siteName(index)} epoch ${epoch}`).join(", ")}`;
  for (const { site, index, epoch } of serving) {
    if (site.member.role !== "primary" || site.member.promotedEpoch !== epoch) continue;
    for (const [at, { acknowledged }] of world.writes.entries())
      if (acknowledged && !site.member.log.includes(at + 1))
        return `an acknowledged write is lost: write ${at + 1} is not at ${siteName(index)}, which serves epoch ${epoch}`;
    // Epoch 1 was opened before the exploration began.
    const holders = site.member.names.filter((other) => world.sites[other]?.member.log.includes(-epoch));
    if (epoch > 1 && holders.length < site.member.acknowledgements)
      return `${siteName(index)} serves epoch ${epoch} unprotected: no standby has followed it`;
  }
  return null;
}
