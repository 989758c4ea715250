// One world for all that behave alike. Of a site: times as ages on its own clock, and those that nobody asks about any more
// as old; nonces that nobody will compare any more as none; messages that can only be refused as just that. Of a whole world:
// revisions and nonces by their rank among those that still occur. What comes out is a world like any other: the production
// functions run on it as they are. test/recovery/relative.test.ts takes steps in both and compares.
import type { LeaseTimings } from "../../src/domain/primaryship.ts";
import type { Holder } from "../../src/recovery/holder.ts";
import type { SiteAction, SiteState } from "../../src/recovery/site-state.ts";
import type { RecoverySwap, RecoveryView } from "../../src/recovery/view.ts";
import { siteName, TICK_MS } from "./model.ts";
import { NEWEST } from "./ranks.ts";
import { isRefused } from "./store.ts";
import type { Link, WorldSite } from "./world.ts";

/** Every site's clock in any relative world. */
export const CLOCK = 1_000;
const NEXT_NONCE = NEWEST + 1;
const NOW_MS = CLOCK * TICK_MS;

export function relativeSite(site: WorldSite, view: RecoveryView | null): WorldSite {
  const shift = CLOCK - site.clock;
  const live = liveNonces(site);
  const { agent } = site;
  return {
    ...site,
    clock: CLOCK,
    nextNonce: NEXT_NONCE,
    agent: agent === null ? null : relativeAgent(agent, shift * TICK_MS, view),
    renewals: relativeLink(site.renewals, live),
    swaps: relativeLink(site.swaps, live),
    tickets: site.tickets
      .filter(({ nonce }) => live.has(nonce))
      .map(({ nonce, until }) => ({ nonce, until: until + shift })),
    fence: site.fence.map(({ epoch, until }) => ({ epoch, until: until + shift })),
  };
}

function relativeAgent(agent: SiteState, shiftMs: number, view: RecoveryView | null): SiteState {
  const { timings } = agent.settings;
  /** Older than that is all the same. */
  const since = (ms: number, oldMs: number) => Math.max(ms + shiftMs, NOW_MS - oldMs);
  const { sighting, wait, swap, readAtMs } = agent;
  const waitMs = timings.ticketMs + timings.fenceMs + timings.marginMs;
  return {
    ...agent,
    view,
    readAtMs: readAtMs === null ? null : since(readAtMs, 2 * timings.renewalMs + TICK_MS),
    sighting: sighting && {
      ...sighting,
      atMs: since(sighting.atMs, waitMs),
      quietFromMs: since(sighting.quietFromMs, Math.max(timings.silenceMs, timings.stuckMs)),
    },
    wait: wait && { ...wait, sinceMs: since(wait.sinceMs, waitMs) },
    holder: relativeHolder(agent.holder, timings, since),
    swap: swap && { ...swap, sentAtMs: since(swap.sentAtMs, 2 * timings.renewalMs) },
    nextNonce: NEXT_NONCE,
  };
}

function relativeHolder(
  holder: Holder,
  timings: LeaseTimings,
  since: (ms: number, oldMs: number) => number,
): Holder {
  if (holder.kind !== "holding") return holder;
  const { attempts, unconfirmed, nextAtMs, committedAtMs } = holder;
  const sentMs = Math.max(timings.ticketMs, timings.renewalMs);
  return {
    ...holder,
    attempts: attempts.map((each) => ({ ...each, sentAtMs: since(each.sentAtMs, sentMs) })),
    // Whether its ticket still lives is the kernel's business.
    unconfirmed: unconfirmed && { ...unconfirmed, sentAtMs: NOW_MS },
    nextAtMs: since(nextAtMs, 0),
    committedAtMs: committedAtMs === null ? null : since(committedAtMs, timings.proofOfLifeMs),
  };
}

/** Those that the agent may still confirm, or by which it may still know an answer as its own. */
function liveNonces({ agent, queue }: WorldSite): Set<number> {
  const live = new Set<number>();
  if (agent === null) return live;
  if (agent.swap !== null) live.add(agent.swap.nonce);
  if (agent.holder.kind === "holding") {
    for (const { nonce } of agent.holder.attempts) live.add(nonce);
    if (agent.holder.unconfirmed !== null) live.add(agent.holder.unconfirmed.nonce);
  }
  for (const action of queue) for (const nonce of noncesOf(action)) live.add(nonce);
  return live;
}

const noncesOf = (action: SiteAction): number[] =>
  action.do === "swap" ? [action.swap.nonce] : "nonce" in action ? [action.nonce] : [];

function relativeLink(link: Link | null, live: ReadonlySet<number>): Link | null {
  if (link === null) return null;
  const { message, reply } = link;
  const known = (nonce: number) => (live.has(nonce) ? nonce : 0);
  const nonce = known(message.nonce);
  if (reply !== null) {
    const { swapped, revision, lease } = reply;
    const told = lease && { ...lease, value: { ...lease.value, nonce: known(lease.value.nonce) } };
    return {
      message: { kind: message.kind, nonce, swap: SAID },
      // A success of which nobody knows any more is ignored.
      reply: { swapped, revision: swapped && nonce === 0 ? 0 : revision, lease: told },
    };
  }
  if (isDoomed(message.swap)) return { ...link, message: { kind: message.kind, nonce, swap: DOOMED } };
  const { write } = message.swap;
  const lease = write.lease && { ...write.lease, nonce: known(write.lease.nonce) };
  const swap = { ...message.swap, nonce, write: { ...write, ...(lease === undefined ? {} : { lease }) } };
  return { ...link, message: { ...message, nonce, swap } };
}

/** Can only be refused. */
const DOOMED: RecoverySwap = {
  nonce: 0,
  purpose: "take",
  compare: [{ key: "lease", revision: -1 }],
  write: {},
};
/** Was carried out or refused: only the answer counts. */
const SAID: RecoverySwap = { ...DOOMED, compare: [] };

const isDoomed = ({ compare }: RecoverySwap): boolean => compare[0]?.revision === -1;

export const isPending = ({ renewals, swaps }: WorldSite): boolean =>
  [renewals, swaps].some((link) => link !== null && link.reply === null && !isDoomed(link.message.swap));

/** Revisions only grow: what would be refused now is refused for ever. */
export function doomedSite(site: WorldSite, store: RecoveryView): WorldSite {
  const doomed = (link: Link | null): Link | null =>
    link?.reply === null && !isDoomed(link.message.swap) && isRefused(store, link.message.swap)
      ? { ...link, message: { ...link.message, swap: DOOMED } }
      : link;
  const [renewals, swaps] = [doomed(site.renewals), doomed(site.swaps)];
  return renewals === site.renewals && swaps === site.swaps ? site : { ...site, renewals, swaps };
}

/** What one site can make of the store: of others' seals and nonces only what counts for this epoch. */
export function relativeView(view: RecoveryView, index: number): RecoveryView {
  const own = siteName(index);
  return {
    ...relativeStore(view),
    lease: view.lease && { ...view.lease, value: { ...view.lease.value, nonce: 0 } },
    seals: Object.fromEntries(
      sealsIn(view)
        .filter(([site, { value }]) => site === own || value.epoch === view.epoch?.value.epoch)
        .map(([site, seal]) => [site, site === own ? seal : { ...seal, revision: 0 }]),
    ),
  };
}

/** Of the seals of older epochs only that there are some. */
export function relativeStore(store: RecoveryView): RecoveryView {
  return { ...store, revision: NEWEST, seals: Object.fromEntries(sealsIn(store)) };
}

const sealsIn = (view: RecoveryView): [string, RecoveryView["seals"][string]][] =>
  Object.keys(view.seals)
    .toSorted()
    .map((site) => {
      const seal = view.seals[site] as RecoveryView["seals"][string];
      const current = seal.value.epoch === view.epoch?.value.epoch;
      return [site, current ? seal : { ...seal, value: { site, epoch: 0, history: [] } }];
    });

export const withoutNonce = (store: RecoveryView): RecoveryView => ({
  ...store,
  lease: store.lease && { ...store.lease, value: { ...store.lease.value, nonce: 0 } },
});
