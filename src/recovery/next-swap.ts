// Which swap an agent makes next, if any: one at a time, each compared as rules.ts says. A table by the epoch's phase.
import type { EpochRecord, LeaseRecord, OpenedSet } from "../domain/primaryship.ts";
import { choosePrimary } from "./choose-primary.ts";
import type { Rules } from "./rules.ts";
import type { SiteDecision, SiteState } from "./site-state.ts";
import { type Held, type RecoveryView, revisionOf, sealsOf, type SwapPurpose, type Written } from "./view.ts";

interface Wanted {
  readonly purpose: SwapPurpose;
  readonly write: Written;
}

interface Current {
  readonly rules: Rules;
  readonly state: SiteState;
  readonly view: RecoveryView;
  readonly record: EpochRecord;
  readonly lease: Held<LeaseRecord>;
  readonly opened: OpenedSet;
  readonly nowMs: number;
  /** A read has just come: only then may a silence be acted on, because it runs only while the store answers. */
  readonly justRead: boolean;
}

/** No answer for this many renewals: another swap may go out. Revisions keep the first from doing harm later. */
const PATIENCE_RENEWALS = 2;

export function nextSwap(rules: Rules, state: SiteState, nowMs: number, justRead: boolean): SiteDecision {
  const { view, swap, settings } = state;
  const nothing: SiteDecision = { state, actions: [] };
  if (view?.epoch == null || view.lease === null || view.opened === null) return nothing;
  if (swap !== null && nowMs - swap.sentAtMs < PATIENCE_RENEWALS * settings.timings.renewalMs) return nothing;
  const record = view.epoch.value;
  const lease = view.lease;
  const wanted = BY_PHASE[record.phase]({
    rules,
    state,
    view,
    record,
    lease,
    opened: view.opened.value,
    nowMs,
    justRead,
  });
  if (wanted === null) return nothing;
  return sent(rules, state, view, wanted, nowMs);
}

function sent(
  rules: Rules,
  state: SiteState,
  view: RecoveryView,
  wanted: Wanted,
  nowMs: number,
): SiteDecision {
  const nonce = state.nextNonce;
  const compare = rules
    .compared(wanted.purpose, state.site)
    .map((key) => ({ key, revision: revisionOf(view, key) }));
  return {
    state: {
      ...state,
      swap: { nonce, purpose: wanted.purpose, sentAtMs: nowMs },
      nextNonce: nonce + 1,
    },
    actions: [{ do: "swap", swap: { nonce, purpose: wanted.purpose, compare, write: wanted.write } }],
  };
}

/** A person wants this site to take over now, whatever the silence; the old lease is waited for all the same. */
export function takeOver(
  rules: Rules,
  state: SiteState,
  acceptedLoss: EpochRecord["acceptedLoss"],
  nowMs: number,
): SiteDecision {
  const { view, swap, holder } = state;
  const nothing: SiteDecision = { state, actions: [] };
  if (view?.epoch == null || view.lease === null || view.opened === null) return nothing;
  if (view.epoch.value.phase !== "opened" || swap !== null || holder.kind !== "none") return nothing;
  const record = view.epoch.value;
  const epoch: EpochRecord = {
    epoch: record.epoch + 1,
    phase: "sealing",
    coordinator: state.site,
    primary: null,
    after: rules.runsOut(record, view.lease, state.site),
    acceptedLoss,
  };
  const lease = leaseOf(state, epoch.epoch, state.site);
  return sent(rules, state, view, { purpose: "take", write: { epoch, lease } }, nowMs);
}

const BY_PHASE: Readonly<Record<EpochRecord["phase"], (current: Current) => Wanted | null>> = {
  opened: (current) => releaseOwn(current) ?? take(current),
  sealing: (current) => sealOwn(current) ?? name(current) ?? retarget(current),
  named: (current) => sealOwn(current) ?? open(current) ?? retarget(current),
};

function take(current: Current): Wanted | null {
  const { state, view, lease, nowMs, justRead } = current;
  const { settings, sighting, holder } = state;
  const handedOver = lease.value.releasedTo === state.site;
  if (handedOver) return nextEpoch(current, "take");
  if (view.control?.value.paused === true || settings.trigger === "human") return null;
  if (holder.kind !== "none" || !justRead || sighting === null) return null;
  return nowMs - sighting.quietFromMs >= settings.timings.silenceMs ? nextEpoch(current, "take") : null;
}

/** The same silence tells of a dead coordinator and of a dead named primary: either of them renews the lease. */
function retarget(current: Current): Wanted | null {
  const { state, nowMs, justRead } = current;
  const { sighting, settings, holder } = state;
  if (holder.kind !== "none" || !justRead || sighting === null) return null;
  return nowMs - sighting.quietFromMs >= settings.timings.stuckMs ? nextEpoch(current, "retarget") : null;
}

/** From here on the old holder's renewals fail: the point of no return. */
function nextEpoch({ rules, state, record, lease }: Current, purpose: SwapPurpose): Wanted {
  const epoch: EpochRecord = {
    epoch: record.epoch + 1,
    phase: "sealing",
    coordinator: state.site,
    primary: null,
    after: rules.runsOut(record, lease, state.site),
    acceptedLoss: record.phase === "opened" ? null : record.acceptedLoss,
  };
  return { purpose, write: { epoch, lease: leaseOf(state, epoch.epoch, state.site) } };
}

function sealOwn({ state, view, record }: Current): Wanted | null {
  const { member, site } = state;
  if (member.role === "down" || member.sealedEpoch !== record.epoch || member.promotedEpoch === record.epoch)
    return null;
  if (record.primary === site || view.seals[site]?.value.epoch === record.epoch) return null;
  return { purpose: "seal", write: { seal: { site, epoch: record.epoch, history: member.history } } };
}

function name({ rules, state, view, record, opened }: Current): Wanted | null {
  if (record.coordinator !== state.site) return null;
  // Whom a lease was handed over to is meant: among equals it comes first.
  const { sites } = state.settings;
  const preferred = record.after === null ? [record.coordinator, ...sites] : sites;
  const choice = choosePrimary(rules, record, opened, sealsOf(view), preferred);
  if (choice.kind === "wait") return null;
  return {
    purpose: "name",
    write: {
      epoch: { ...record, phase: "named", primary: choice.primary },
      lease: leaseOf(state, record.epoch, choice.primary),
    },
  };
}

function open({ rules, state, record }: Current): Wanted | null {
  const { member, site, settings } = state;
  if (record.primary !== site || member.role !== "primary" || member.promotedEpoch !== record.epoch)
    return null;
  const wanted = settings.acknowledgements;
  const acknowledgements =
    settings.whenReplicaLost === "continue" ? Math.min(wanted, member.names.length) : wanted;
  if (!rules.isProtected(member.names, member.flushedBy, acknowledgements)) return null;
  return {
    purpose: "open",
    write: {
      epoch: { ...record, phase: "opened" },
      opened: { epoch: record.epoch, primary: site, standbys: member.names, acknowledgements },
    },
  };
}

function releaseOwn({ state, record, lease }: Current): Wanted | null {
  const { holder } = state;
  if (holder.kind !== "releasing" || !holder.closed || holder.epoch !== record.epoch) return null;
  if (lease.value.releasedTo !== null) return null;
  return { purpose: "release", write: { lease: { ...lease.value, nonce: 0, releasedTo: holder.to } } };
}

function leaseOf({ settings: { timings } }: SiteState, epoch: number, holder: string): LeaseRecord {
  const { ticketMs, fenceMs, marginMs } = timings;
  return { epoch, holder, nonce: 0, ticketMs, fenceMs, marginMs, syncAgeMs: null, releasedTo: null };
}
