// One agent's decisions about primaryship: what it does with each thing that it is told. Pure and over data; the loop in
// agent/ carries out the actions in their order and comes back with events. docs/recovery.md has the whole path.
//
//   opened ──silence D, swap "take"──► sealing ──enough seals, swap "name"──► named ──promoted, protected, swap "open"──► opened
//      ▲                                 └──────silence of its leader, swap "retarget" (next epoch)──────┘                  │
//      └────────────────── the new primary's fence: not before the old lease has run out ◄──────────────────────────────────┘
//
// Until an epoch is opened its lease is that of who leads it (coordinator, then the named primary), so that one silence
// tells of either's death. Every agent acts on the same record; whichever is left carries it on.
import { holderAnswered, holderTick, startHolding, stopped, type HolderDecision } from "./holder.ts";
import { nextSwap, takeOver } from "./next-swap.ts";
import { RULES, type Rules } from "./rules.ts";
import type { SiteAction, SiteDecision, SiteEvent, SiteState } from "./site-state.ts";
import type { RecoveryView } from "./view.ts";

type Handler<K extends SiteEvent["kind"]> = (
  rules: Rules,
  state: SiteState,
  event: Extract<SiteEvent, { kind: K }>,
  nowMs: number,
) => SiteDecision;

const just = (state: SiteState, actions: readonly SiteAction[] = []): SiteDecision => ({ state, actions });

const HANDLERS: { readonly [K in SiteEvent["kind"]]: Handler<K> } = {
  view: (rules, state, { view, floor }, nowMs) => {
    const known = state.view;
    if (known !== null && known.storeId !== view.storeId)
      return distrusted(state, `the store is ${view.storeId}, known was ${known.storeId}`);
    if (view.revision < floor)
      return distrusted(state, `the store is at revision ${view.revision}, known was ${floor}`);
    if (known !== null && view.revision < known.revision) return just(state); // overtaken by a newer read
    const seen = observed(rules, { ...state, view }, nowMs);
    const led = followLeadership(seen, view, nowMs);
    const moved = moveMember(rules, led.state, view);
    const quiet = nextSwap(rules, moved.state, nowMs, true);
    return just(quiet.state, [...led.actions, ...moved.actions, ...quiet.actions]);
  },
  member: (rules, state, { member }, nowMs) => {
    const ended = engineEnded({ ...state, member });
    const named = nameStandbys(ended.state);
    const swapped = nextSwap(rules, named.state, nowMs, false);
    return just(swapped.state, [...ended.actions, ...named.actions, ...swapped.actions]);
  },
  committed: (_rules, state, { syncAgeMs }, nowMs) => {
    const { holder } = state;
    if (holder.kind !== "holding") return just(state);
    return just({ ...state, holder: { ...holder, committedAtMs: nowMs, syncAgeMs } });
  },
  renewal: (rules, state, { nonce, answer }, nowMs) =>
    held(state, holderAnswered(state.holder, nonce, answer, surroundings(rules, state, nowMs))),
  swap: (_rules, state, { nonce, answer }) => {
    if (state.swap?.nonce !== nonce) return just(state);
    const late =
      state.swap.purpose === "take" &&
      answer.kind === "refused" &&
      answer.lease !== null &&
      answer.lease.value.epoch === state.view?.epoch?.value.epoch;
    // What was written, by us or by others, is learnt by reading: an answer is not needed for going on.
    return just({ ...state, swap: null, hasty: state.hasty || late });
  },
  closed: (rules, state, { epoch }, nowMs) => {
    const { holder } = state;
    if (holder.kind !== "releasing" || holder.epoch !== epoch) return just(state);
    return nextSwap(rules, { ...state, holder: { ...holder, closed: true } }, nowMs, false);
  },
  release: (rules, state, { to }, nowMs) => {
    const { holder } = state;
    // Before the lease in front of it has run out there is nothing to hand over: the target would wait for it anyway.
    if (holder.kind !== "holding" || !mayOpen(rules, state, nowMs)) return just(state);
    const { epoch, leaseRevision } = holder;
    return just({ ...state, holder: { kind: "releasing", epoch, to, leaseRevision, closed: false } }, [
      { do: "close", epoch },
    ]);
  },
  "take-over": (rules, state, { acceptedLoss }, nowMs) => takeOver(rules, state, acceptedLoss, nowMs),
  tick: (rules, state, _event, nowMs) => {
    const renewed = held(state, holderTick(state.holder, surroundings(rules, state, nowMs)));
    const swapped = nextSwap(rules, renewed.state, nowMs, false);
    return just(swapped.state, [...renewed.actions, ...swapped.actions]);
  },
};

export function decide(
  state: SiteState,
  event: SiteEvent,
  nowMs: number,
  rules: Rules = RULES,
): SiteDecision {
  if (state.distrust !== null) return just(state);
  const handler = HANDLERS[event.kind] as Handler<SiteEvent["kind"]>;
  return handler(rules, state, event, nowMs);
}

/** The fence may be opened: the epoch is opened, this site is its primary, and the lease before it has run out. */
export function mayOpen(rules: Rules, { view, wait, site }: SiteState, nowMs: number): boolean {
  const record = view?.epoch?.value;
  if (record === undefined || !rules.mayServe(record, site)) return false;
  if (record.after === null) return true;
  if (wait?.leaseRevision !== record.after.leaseRevision) return false;
  return rules.waitIsOver(record.after, wait.sinceMs, nowMs);
}

function surroundings(rules: Rules, state: SiteState, nowMs: number) {
  return {
    site: state.site,
    timings: state.settings.timings,
    rules,
    nowMs,
    mayOpen: mayOpen(rules, state, nowMs),
    nonce: state.nextNonce,
  };
}

function held(state: SiteState, { holder, actions, usedNonce }: HolderDecision): SiteDecision {
  return just({ ...state, holder, nextNonce: state.nextNonce + (usedNonce ? 1 : 0) }, actions);
}

function distrusted(state: SiteState, why: string): SiteDecision {
  const { holder } = state;
  const actions: SiteAction[] = holder.kind === "none" ? [] : [{ do: "close", epoch: holder.epoch }];
  return just({ ...state, holder: { kind: "none" }, swap: null, distrust: why }, actions);
}

/** Silence counts only while the store answers; the wait counts from the sighting of the very lease that has to run out. */
function observed(rules: Rules, state: SiteState, nowMs: number): SiteState {
  const { timings } = state.settings;
  const { lease = null, epoch = null } = state.view ?? {};
  let { sighting, hasty, wait } = state;
  // A wait for a lease is taken over from the sighting that was there before this view.
  const after = epoch?.value.after ?? null;
  if (after !== null && wait?.leaseRevision !== after.leaseRevision)
    wait = { leaseRevision: after.leaseRevision, sinceMs: rules.waitsFrom(after, sighting, nowMs) };
  const graceFromMs = nowMs - timings.silenceMs;
  if (lease !== null && sighting?.leaseRevision !== lease.revision) {
    const short = hasty && sighting !== null;
    const quietFromMs = short ? graceFromMs + 2 * timings.renewalMs : nowMs;
    sighting = { leaseRevision: lease.revision, atMs: nowMs, quietFromMs };
    hasty = false;
  } else if (sighting !== null) {
    const gap = state.readAtMs === null || nowMs - state.readAtMs > 2 * timings.renewalMs;
    if (gap)
      sighting = {
        ...sighting,
        quietFromMs: Math.max(sighting.quietFromMs, graceFromMs + timings.renewalMs + 100),
      };
  }
  return { ...state, sighting, wait, hasty, readAtMs: nowMs };
}

/** The engine that was promoted is gone: what starts again is a standby, so there is nothing left to renew for. */
function engineEnded(state: SiteState): SiteDecision {
  const { holder, view, member, site } = state;
  const record = view?.epoch?.value;
  if (holder.kind !== "holding" || record?.phase !== "opened" || record.primary !== site) return just(state);
  if (record.epoch !== holder.epoch || member.promotedEpoch === record.epoch) return just(state);
  return held(state, stopped(holder));
}

/** Starts or stops holding as the lease says: its holder leads the epoch, or serves under it. */
function followLeadership(state: SiteState, view: RecoveryView, nowMs: number): SiteDecision {
  const { holder, site, member } = state;
  const lease = view.lease;
  const record = view.epoch?.value;
  if (lease === null || record === undefined) return just(state);
  const mine = lease.value.holder === site && lease.value.releasedTo === null;
  if (holder.kind !== "none") {
    if (holder.epoch === lease.value.epoch && mine) return just(state);
    return held(state, stopped(holder));
  }
  if (!mine) return just(state);
  // After a restart of the engine the old primaryship is not taken up again: a takeover proves anew what is on disk.
  const able = record.phase === "sealing" || (record.phase === "named" && member.role !== "down");
  const answers = member.role === "primary" && member.promotedEpoch === record.epoch;
  const serving = record.phase === "opened" && answers;
  if (!able && !serving) return just(state);
  return just({ ...state, holder: startHolding(record.epoch, lease.revision, nowMs) });
}

/**
 * Before it opens its epoch, a new primary waits for exactly those who have followed it: so the set that is opened with
 * holds no site that was lost, and the loss of one more site can be survived at once. Others are added later (quorum.ts).
 */
function nameStandbys(state: SiteState): SiteDecision {
  const { member, view, site, settings } = state;
  const record = view?.epoch?.value;
  if (record?.phase !== "named" || record.primary !== site || member.promotedEpoch !== record.epoch)
    return just(state);
  const enough = settings.whenReplicaLost === "continue" ? 0 : settings.acknowledgements;
  const asWanted = member.names.every((name) => member.flushedBy.includes(name));
  if (member.flushedBy.length < enough || (asWanted && member.names.length >= enough)) return just(state);
  return just(state, [{ do: "names", epoch: record.epoch, standbys: member.flushedBy }]);
}

/** What the record asks of this site's own member: seal, promote, follow. Asked again it does nothing. */
function moveMember(rules: Rules, state: SiteState, view: RecoveryView): SiteDecision {
  const { member, site, settings } = state;
  const record = view.epoch?.value;
  if (record === undefined || member.role === "down") return just(state);
  if (record.phase !== "opened" && member.sealedEpoch < record.epoch && record.primary !== site)
    return just(state, [{ do: "seal", epoch: record.epoch }]);
  if (record.primary === null) return just(state);
  if (record.primary === site) {
    if (member.promotedEpoch === record.epoch) return nameStandbys(state);
    if (record.phase !== "named" || member.sealedEpoch !== record.epoch) return just(state);
    // All others until it is known who has followed: never nobody, or the engine would wait for nobody.
    const standbys = settings.sites.filter((other) => other !== site);
    return just(state, [
      { do: "promote", epoch: record.epoch, standbys, acknowledgements: settings.acknowledgements },
    ]);
  }
  if (member.following === record.epoch || !rules.mayFollow(member.sealedEpoch, record.epoch))
    return just(state);
  return just(state, [{ do: "follow", primary: record.primary, epoch: record.epoch }]);
}
