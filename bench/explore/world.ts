// The world around the production decision functions: sites with their kernel's fence, their member's log and their agent;
// one link each to the store; clocks that may drift. Everything is data, and nothing is ever changed in place.
import type { Named, Voters } from "../../src/recovery/quorum.ts";
import {
  type MemberReport,
  newSite,
  type SiteAction,
  type SiteState,
} from "../../src/recovery/site-state.ts";
import type { RecoverySwap, RecoveryView } from "../../src/recovery/view.ts";
import { type Bounds, type Faults, type Model, siteName, TICK_MS } from "./model.ts";

export interface Message {
  /** "quorum": a change of the voters; nobody waits for its answer, it is learnt by reading. */
  readonly kind: "renewal" | "swap" | "quorum";
  readonly nonce: number;
  readonly swap: RecoverySwap;
}

export interface Reply {
  readonly swapped: boolean;
  /** Of the lease, after it. */
  readonly revision: number;
  readonly lease: RecoveryView["lease"];
}

export interface Link {
  readonly message: Message;
  /** null: still on its way to the store. */
  readonly reply: Reply | null;
}

/** To the store: one for renewals, one for all other swaps; one message each. */
export type LinkName = "renewals" | "swaps";

export interface Source {
  readonly epoch: number;
  readonly site: number;
}

export interface WorldMember {
  readonly role: MemberReport["role"];
  readonly sealedEpoch: number;
  readonly promotedEpoch: number | null;
  readonly following: Source | null;
  /** What it would follow again after a restart. */
  readonly configured: Source | null;
  /** Writes as 1, 2, …; the start of a branch as the epoch below zero. */
  readonly log: readonly number[];
  /** By which the engine acknowledges now, and by which some backend may still do it: it has not seen the reload. */
  readonly named: Named;
  readonly older: readonly Named[];
  /** Length of the log when the newest was seen by all; null: it is not yet. */
  readonly seenAt: number | null;
  /** Voters that a human wants; null: nothing is wanted. */
  readonly wanted: Voters | null;
  /** A change of the voters was sent, and the store has not been read since it was over. */
  readonly unsettled: boolean;
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
  readonly renewals: Link | null;
  readonly swaps: Link | null;
  readonly member: WorldMember;
  /** Deadlines on this site's own clock, in ticks. */
  readonly tickets: readonly { readonly nonce: number; readonly until: number }[];
  readonly fence: readonly { readonly epoch: number; readonly until: number }[];
  /** Epochs up to this one were closed by its agent: no confirm of theirs counts while this agent lives. */
  readonly barred: number;
  /** Its own monotonic clock, in ticks. */
  readonly clock: number;
  /** By which its clock is ahead of true time. */
  readonly ahead: number;
  /** Never used before by this site. */
  readonly nextNonce: number;
}

/** A write was sent under an epoch: its answer belongs to the connection, which belongs to the epoch. */
export interface Write {
  readonly epoch: number;
  readonly acknowledged: boolean;
}

export interface World {
  readonly store: RecoveryView;
  readonly sites: readonly WorldSite[];
  readonly left: Faults;
  readonly writes: readonly Write[];
}

export const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index];
  if (item === undefined) throw new RangeError(`nothing at ${index}`);
  return item;
};

export const replaced = <T>(items: readonly T[], index: number, item: T): T[] => {
  const next = items.slice();
  next[index] = item;
  return next;
};

const namesOf = ({ sites }: Bounds): string[] => Array.from({ length: sites }, (_, index) => siteName(index));

export function freshAgent({ bounds, timings }: Model, index: number, site: WorldSite): SiteState {
  const settings = {
    timings,
    sites: namesOf(bounds),
    acknowledgements: 1,
    whenReplicaLost: "block" as const,
    trigger: "automatic" as const,
  };
  return newSite(siteName(index), settings, reportOf(site.member, []), site.nextNonce);
}

export function reportOf(member: WorldMember, flushedBy: readonly string[]): MemberReport {
  const history: { branch: number; upTo: number }[] = [];
  for (const [position, entry] of member.log.entries()) {
    if (entry > 0) continue;
    const last = history.at(-1);
    if (last !== undefined) last.upTo = position;
    history.push({ branch: -entry, upTo: position + 1 });
  }
  const last = history.at(-1);
  if (last !== undefined) last.upTo = member.log.length;
  return {
    role: member.role,
    sealedEpoch: member.sealedEpoch,
    promotedEpoch: member.promotedEpoch,
    history,
    flushedBy,
    names: member.named.names,
    following: member.following?.epoch ?? null,
  };
}

/** Sites that have the start of the primary's branch on disk: one bit each. */
export function flushedBy(sites: readonly WorldSite[], index: number): number {
  const { promotedEpoch, log } = at(sites, index).member;
  if (promotedEpoch === null) return 0;
  const position = log.indexOf(-promotedEpoch);
  let bits = 0;
  for (let other = 0; other < sites.length; other += 1)
    if (other !== index && position >= 0 && sites[other]?.member.log[position] === -promotedEpoch)
      bits |= 1 << other;
  return bits;
}

/** How far two logs are the same. */
export function commonLength(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

/** Epoch 1 is opened at the first site; the others follow it and have its branch. */
export function firstWorld(model: Model): World {
  const { bounds, timings } = model;
  const names = namesOf(bounds);
  const standbys = names.slice(1);
  const { ticketMs, fenceMs, marginMs } = timings;
  const lease = {
    epoch: 1,
    holder: "a",
    nonce: 0,
    ticketMs,
    fenceMs,
    marginMs,
    syncAgeMs: null,
    releasedTo: null,
  };
  const store: RecoveryView = {
    storeId: "s",
    revision: 1,
    lease: { value: lease, revision: 1 },
    epoch: {
      value: { epoch: 1, phase: "opened", coordinator: "a", primary: "a", after: null, acceptedLoss: null },
      revision: 1,
    },
    opened: { value: { epoch: 1, primary: "a", standbys, acknowledgements: 1 }, revision: 1 },
    control: null,
    seals: {},
  };
  const sites = names.map((_, index): WorldSite => {
    const source = index === 0 ? null : { epoch: 1, site: 0 };
    const site: WorldSite = {
      up: true,
      frozen: false,
      cut: false,
      agent: null,
      queue: [],
      renewals: null,
      swaps: null,
      member: {
        role: index === 0 ? "primary" : "standby",
        sealedEpoch: 1,
        promotedEpoch: index === 0 ? 1 : null,
        following: source,
        configured: source,
        log: [-1],
        named: { names: index === 0 ? standbys : [], acknowledgements: 1 },
        older: [],
        seenAt: index === 0 ? 1 : null,
        wanted: null,
        unsettled: false,
      },
      tickets: [],
      fence: [],
      barred: 0,
      clock: 0,
      ahead: 0,
      nextNonce: 1,
    };
    return { ...site, agent: freshAgent(model, index, site) };
  });
  const { sites: _sites, takeovers: _takeovers, ...left } = bounds;
  return { store, sites, left, writes: [] };
}

/** In a reduced world: of an agent whose last read was the store as it is now. */
export const CURRENT: RecoveryView = {
  storeId: "",
  revision: 0,
  lease: null,
  epoch: null,
  opened: null,
  control: null,
  seals: {},
};

/** Named by nobody who is not a primary. */
export const NOBODY: Named = { names: [], acknowledgements: 1 };

export const nowMs = ({ clock }: WorldSite): number => clock * TICK_MS;

/** Whether packets of this epoch pass at the site now. */
export const isOpen = ({ up, fence, clock }: WorldSite, epoch: number): boolean =>
  up && fence.some((each) => each.epoch === epoch && each.until > clock);
