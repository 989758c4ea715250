// Everything that can happen next in a world. What an agent is told it acts on at once, unless this is where it is frozen or
// dies: after any number of the actions that follow from one event. Messages wait for as long as the search likes.
import { decide } from "../../src/recovery/decide.ts";
import type { SiteAction, SiteEvent } from "../../src/recovery/site-state.ts";
import { type RecoverySwap, type RecoveryView, revisionOf } from "../../src/recovery/view.ts";
import {
  freshAgent,
  type Link,
  localMs,
  type Model,
  openEpochs,
  reportOf,
  siteIndex,
  siteName,
  TICK_MS,
  type World,
  type WorldMember,
  type WorldSite,
} from "./world.ts";

export interface Step {
  readonly name: string;
  readonly to: World;
}

type Interruption = { readonly kind: "freeze" | "crash"; readonly after: number };

const change = (world: World, index: number, to: Partial<WorldSite>): World => ({
  ...world,
  sites: world.sites.map((site, at) => (at === index ? { ...site, ...to } : site)),
});
const spend = (world: World, what: keyof World["left"]): World => ({
  ...world,
  left: { ...world.left, [what]: world.left[what] - 1 },
});
const siteAt = (world: World, index: number): WorldSite => {
  const site = world.sites[index];
  if (site === undefined) throw new RangeError(`no site ${index}`);
  return site;
};

/** Sites that have the start of the primary's branch on disk. */
function flushedBy(world: World, primary: WorldMember): string[] {
  const mark = primary.promotedEpoch === null ? 0 : -primary.promotedEpoch;
  const at = primary.log.indexOf(mark);
  if (at < 0) return [];
  return world.sites.flatMap(({ member }, index) =>
    member !== primary && member.log[at] === mark ? [siteName(index)] : [],
  );
}

function reportEvent(world: World, index: number): SiteEvent {
  const { member } = siteAt(world, index);
  return { kind: "member", member: reportOf(member, flushedBy(world, member)) };
}

/** Carries out actions and what follows from them, up to an interruption. The number of actions carried out tells how many there are. */
function run(
  model: Model,
  start: World,
  index: number,
  events: readonly SiteEvent[],
  leftOver: readonly SiteAction[],
  stop: Interruption | null,
): { world: World; actions: number } {
  let world = start;
  let queue: readonly SiteAction[] = leftOver;
  const tell = (event: SiteEvent) => {
    const site = siteAt(world, index);
    if (site.agent === null) return;
    const { state, actions } = decide(site.agent, event, localMs(world, site), model.rules);
    world = change(world, index, { agent: state });
    queue = [...queue, ...actions];
  };
  for (const event of events) tell(event);
  let actions = 0;
  for (;;) {
    if (stop !== null && actions === stop.after) {
      world =
        stop.kind === "freeze"
          ? spend(change(world, index, { frozen: true, queue }), "thaws")
          : crashAgent(model, spend(world, "crashes"), index);
      return { world, actions };
    }
    const [action, ...rest] = queue;
    if (action === undefined) return { world, actions };
    queue = rest;
    actions += 1;
    const { to, event } = carryOut(model, world, index, action);
    world = to;
    if (event !== null) tell(event);
  }
}

function crashAgent(model: Model, world: World, index: number): World {
  const { member, lives, renewals } = siteAt(world, index);
  return change(world, index, {
    agent: freshAgent(model, index, member, lives + 1),
    lives: lives + 1,
    queue: [],
    frozen: false,
    renewals: withoutAnswer(renewals),
  });
}

/** A request stays on its way; an answer has nobody to go to. */
const withoutAnswer = (link: Link | null): Link | null => (link?.reply === null ? link : null);

function carryOut(
  model: Model,
  world: World,
  index: number,
  action: SiteAction,
): { to: World; event: SiteEvent | null } {
  const site = siteAt(world, index);
  const { member } = site;
  const local = world.now + site.ahead;
  const quiet = (to: Partial<WorldSite>) => ({ to: change(world, index, to), event: null });
  const changed = (to: Partial<WorldMember>) => {
    const next = change(world, index, { member: { ...member, ...to } });
    return { to: next, event: reportEvent(next, index) };
  };
  switch (action.do) {
    case "ticket":
      return quiet({
        tickets: [
          ...site.tickets.filter(({ until }) => until >= local),
          { nonce: action.nonce, until: local + action.lifeMs / TICK_MS },
        ],
      });
    case "confirm": {
      // Inclusive: within this tick the confirm may have come an instant before the ticket ran out.
      const lives = site.tickets.some(({ nonce, until }) => nonce === action.nonce && until >= local);
      if ((model.surroundings.ticketIsChecked && !lives) || action.epoch <= site.barred) return quiet({});
      const others = site.fence.filter(({ epoch, until }) => epoch !== action.epoch && until > local);
      return quiet({ fence: [...others, { epoch: action.epoch, until: local + action.lifeMs / TICK_MS }] });
    }
    case "close": {
      const next = change(world, index, {
        tickets: [],
        fence: !model.surroundings.closeRemoves
          ? site.fence
          : site.fence.filter(({ epoch }) => epoch > action.epoch),
        barred: Math.max(site.barred, action.epoch),
      });
      return { to: next, event: { kind: "closed", epoch: action.epoch } };
    }
    case "renew": {
      const { nonce, lease, leaseRevision } = action;
      const compare = [{ key: "lease" as const, revision: leaseRevision }];
      const swap: RecoverySwap = { nonce, purpose: "take", compare, write: { lease } };
      if (site.renewals !== null) return quiet({});
      return quiet({ renewals: { message: { kind: "renewal", nonce, swap }, reply: null, revision: 0 } });
    }
    case "swap": {
      const { swap } = action;
      if ((swap.write.epoch?.epoch ?? 0) > model.bounds.takeovers + 1) return quiet({});
      const message = { kind: "swap" as const, nonce: swap.nonce, swap };
      return quiet(site.swaps === null ? { swaps: { message, reply: null, revision: 0 } } : {});
    }
    case "seal":
      if (member.sealedEpoch >= action.epoch) return quiet({});
      return changed({
        sealedEpoch: action.epoch,
        following: model.surroundings.sealStopsReceiver ? null : member.following,
        configured: model.surroundings.sealIsPersisted ? null : member.configured,
        role: "standby",
        promotedEpoch: null,
        names: [],
      });
    case "promote":
      if (member.sealedEpoch !== action.epoch || member.role !== "standby") return quiet({});
      return changed({
        role: "primary",
        promotedEpoch: action.epoch,
        following: null,
        configured: null,
        names: action.standbys.map(siteIndex),
        acknowledgements: action.acknowledgements,
        log: [...member.log, -action.epoch],
      });
    case "names":
      if (member.promotedEpoch !== action.epoch) return quiet({});
      return changed({ names: action.standbys.map(siteIndex) });
    case "follow": {
      if (!model.rules.mayFollow(member.sealedEpoch, action.epoch) || member.role === "primary")
        return quiet({});
      const source = { epoch: action.epoch, source: siteIndex(action.primary) };
      return changed({ following: source, configured: source });
    }
  }
}

function atStore(world: World, swap: RecoverySwap): { store: RecoveryView; swapped: boolean } {
  const { store } = world;
  if (swap.compare.some(({ key, revision }) => revisionOf(store, key) !== revision))
    return { store, swapped: false };
  const revision = store.revision + 1;
  const { lease, epoch, opened, seal } = swap.write;
  return {
    swapped: true,
    store: {
      ...store,
      revision,
      ...(lease === undefined ? {} : { lease: { value: lease, revision } }),
      ...(epoch === undefined ? {} : { epoch: { value: epoch, revision } }),
      ...(opened === undefined ? {} : { opened: { value: opened, revision } }),
      ...(seal === undefined ? {} : { seals: { ...store.seals, [seal.site]: { value: seal, revision } } }),
    },
  };
}

function replyEvent({ message, reply, revision }: Link): SiteEvent {
  const refusedBy = reply === "swapped" || reply === null ? null : reply.lease;
  if (message.kind === "renewal")
    return {
      kind: "renewal",
      nonce: message.nonce,
      answer: reply === "swapped" ? { kind: "swapped", revision } : { kind: "refused", lease: refusedBy },
    };
  return {
    kind: "swap",
    nonce: message.nonce,
    answer: reply === "swapped" ? { kind: "swapped" } : { kind: "refused", lease: refusedBy },
  };
}

const viewEvent = (world: World): SiteEvent => ({ kind: "view", view: world.store, floor: 0 });

export function stepsOf(model: Model, world: World): Step[] {
  const steps: Step[] = [];
  /** The event as it is acted on, and every way in which this is interrupted. */
  const told = (name: string, from: World, index: number, events: readonly SiteEvent[]) => {
    const whole = run(model, from, index, events, [], null);
    steps.push({ name, to: whole.world });
    interrupted(name, from, index, events, [], whole.actions);
  };
  const interrupted = (
    name: string,
    from: World,
    index: number,
    events: readonly SiteEvent[],
    queue: readonly SiteAction[],
    actions: number,
  ) => {
    for (let after = 0; after < actions; after += 1) {
      const at = `${siteName(index)} after ${after} of ${actions} actions`;
      if (world.left.thaws > 0)
        steps.push({
          name: `${name}; freeze ${at}`,
          to: run(model, from, index, events, queue, { kind: "freeze", after }).world,
        });
      if (world.left.crashes > 0)
        steps.push({
          name: `${name}; kill agent ${at}`,
          to: run(model, from, index, events, queue, { kind: "crash", after }).world,
        });
    }
  };

  for (const [index, site] of world.sites.entries()) {
    const name = siteName(index);
    const awake = site.agent !== null && !site.frozen;
    for (const which of ["renewals", "swaps"] as const) {
      const link = site[which];
      if (link === null || site.cut) continue;
      const without = change(world, index, { [which]: null });
      if (world.left.losses > 0)
        steps.push({
          name: `${name}'s ${link.reply === null ? "" : "answer to its "}${purpose(link)} is lost`,
          to: spend(without, "losses"),
        });
      if (link.reply === null) {
        const { store, swapped } = atStore(world, link.message.swap);
        const reply = swapped ? ("swapped" as const) : store;
        const answered: Link = { ...link, reply, revision: store.revision };
        const did = `store ${swapped ? "carries out" : "refuses"} ${name}'s ${purpose(link)}`;
        if (which === "renewals") {
          // There and back within a tick, and seen by whoever can read; anything later counts as a delay.
          const between = change({ ...world, store }, index, { renewals: answered });
          const after = awake ? change(between, index, { renewals: null }) : between;
          const readers = swapped ? readersOf(after).filter((one) => one !== index) : [];
          const eventsFor = (at: World, one: number): SiteEvent[] => [
            one === index ? replyEvent(answered) : viewEvent(at),
          ];
          steps.push(...toldTogether(model, did, after, [...(awake ? [index] : []), ...readers], eventsFor));
          if (awake && world.left.delays > 0) {
            const late = toldTogether(
              model,
              `${did}, the answer is late`,
              spend(between, "delays"),
              readers,
              eventsFor,
            );
            const unseen = toldTogether(
              model,
              `${did}, nobody sees it`,
              spend(after, "delays"),
              [index],
              eventsFor,
            );
            steps.push(...late, ...unseen);
          }
          continue;
        }
        // Answers to renewals can be late; those of other swaps are learnt by reading as well: at once or never. And what
        // they wrote is watched: whoever can reach the store reads it now, or at the next tick where that counts as a delay.
        const stored: World = { ...without, store };
        const readers = swapped ? readersOf(stored) : [];
        const all = awake && !readers.includes(index) ? [index, ...readers] : readers;
        const eventsFor = (at: World, one: number): SiteEvent[] => [
          ...(one === index ? [replyEvent(answered)] : []),
          ...(swapped && !siteAt(at, one).cut ? [viewEvent(at)] : []),
        ];
        steps.push(...toldTogether(model, did, stored, all, eventsFor));
        if (stored.left.delays > 0 && swapped)
          for (const late of readers)
            steps.push(
              ...toldTogether(
                model,
                `${did}, ${siteName(late)} does not see it`,
                spend(stored, "delays"),
                all.filter((one) => one !== late),
                eventsFor,
              ),
            );
      } else if (awake)
        told(`${name} gets the answer to its ${purpose(link)}`, without, index, [replyEvent(link)]);
    }
    if (site.frozen) {
      const thawed = change(world, index, { frozen: false, queue: [] });
      const { world: to } = run(model, thawed, index, [], site.queue, null);
      steps.push({ name: `thaw ${name}`, to });
    }
    steps.push(...dataSteps(model, world, index));
    if (world.left.releases > 0 && awake && site.agent?.holder.kind === "holding")
      for (const to of world.sites.keys())
        if (to !== index)
          told(`${name} is asked to release to ${siteName(to)}`, spend(world, "releases"), index, [
            { kind: "release", to: siteName(to) },
          ]);
    if (site.up && world.left.crashes > 0)
      steps.push({ name: `lose site ${name}`, to: loseSite(spend(world, "crashes"), index) });
    if (site.up && !site.cut && world.left.cuts > 0)
      steps.push({
        name: `cut ${name} from the store`,
        to: spend(change(world, index, { cut: true }), "cuts"),
      });
    if (site.cut) steps.push({ name: `heal ${name}`, to: change(world, index, { cut: false }) });
    if (!site.up) steps.push({ name: `site ${name} returns`, to: returnSite(model, world, index) });
  }
  steps.push(...ticks(model, world));
  return world.left.writes === model.bounds.writes
    ? steps
    : steps.map(({ name, to }) => ({ name, to: acknowledged(model, to) }));
}

const purpose = ({ message }: Link): string =>
  message.kind === "renewal" ? "renewal" : `swap "${message.swap.purpose}"`;

function dataSteps(model: Model, world: World, index: number): Step[] {
  const steps: Step[] = [];
  const site = siteAt(world, index);
  const { member } = site;
  const name = siteName(index);
  if (!site.up) return steps;
  const { following } = member;
  const source = following === null ? null : siteAt(world, following.source);
  if (following !== null && source?.up === true && member.role === "standby") {
    const from = source.member;
    if (from.role === "primary" && from.promotedEpoch === following.epoch) {
      const common = member.log.findIndex((entry, at) => from.log[at] !== entry);
      const diverged = common >= 0;
      const entry = from.log[member.log.length];
      if (diverged || entry !== undefined) {
        const log = diverged ? member.log.slice(0, common) : [...member.log, entry ?? 0];
        const copied = change(world, index, { member: { ...member, log } });
        const what = diverged ? "rewinds" : `copies ${String(entry)}`;
        // The primary sees it, when its agent is there to look.
        const { agent, frozen } = siteAt(copied, following.source);
        const seen =
          agent === null || frozen || (!diverged && (entry ?? 0) > 0)
            ? copied
            : run(model, copied, following.source, [reportEvent(copied, following.source)], [], null).world;
        steps.push({ name: `${name} ${what} from ${siteName(following.source)}`, to: seen });
      }
    }
  }
  if (member.role !== "primary" || member.promotedEpoch === null) return steps;
  const open = openEpochs(world, site);
  if (!open.includes(member.promotedEpoch)) return steps;
  if (world.left.writes > 0) {
    const id = world.writes.length + 1;
    const written = change(world, index, { member: { ...member, log: [...member.log, id] } });
    const writes = [...world.writes, { epoch: member.promotedEpoch, acknowledged: false }];
    steps.push({
      name: `write ${id} at ${name}`,
      to: acknowledged(model, { ...spend(written, "writes"), writes }),
    });
  }
  return steps;
}

/** Acknowledged as soon as it can be: later would ask less of the recovery. */
function acknowledged(model: Model, world: World): World {
  let { writes } = world;
  for (const [at, write] of world.writes.entries()) {
    if (write.acknowledged) continue;
    const can = world.sites.some((site) => {
      const { member } = site;
      // A connection, and with it the answer, belongs to the epoch under which it was opened.
      if (member.role !== "primary" || write.epoch !== member.promotedEpoch) return false;
      if (!member.log.includes(at + 1) || !openEpochs(world, site).includes(write.epoch)) return false;
      const holders = member.names.filter((other) => siteAt(world, other).member.log.includes(at + 1));
      return !model.surroundings.waitsForStandbys || holders.length >= member.acknowledgements;
    });
    if (can) writes = writes.map((each, nth) => (nth === at ? { ...each, acknowledged: true } : each));
  }
  return writes === world.writes ? world : { ...world, writes };
}

function loseSite(world: World, index: number): World {
  const { member, renewals } = siteAt(world, index);
  return change(world, index, {
    up: false,
    frozen: false,
    agent: null,
    queue: [],
    tickets: [],
    fence: [],
    renewals: withoutAnswer(renewals),
    member: { ...member, role: "down", promotedEpoch: null, following: null, names: [] },
  });
}

function returnSite(model: Model, world: World, index: number): World {
  const { member, lives } = siteAt(world, index);
  const back: WorldMember = { ...member, role: "standby", following: member.configured };
  return change(world, index, {
    up: true,
    member: back,
    lives: lives + 1,
    agent: freshAgent(model, index, back, lives + 1),
  });
}

/**
 * Time passes for all; one clock may gain or lose a tick. Each agent that is awake is told and reads the store, one after the
 * other. What could have been delivered before, and a read that does not come, count as delays.
 */
function ticks(model: Model, world: World): Step[] {
  const steps: Step[] = [];
  const late = world.sites
    .filter(({ cut }) => !cut)
    .flatMap(({ renewals, swaps, agent, frozen }) =>
      [renewals, swaps].filter(
        (link) => link !== null && (link.reply === null || (agent !== null && !frozen)),
      ),
    ).length;
  if (late > world.left.delays) return steps;
  const prompt: World = { ...world, left: { ...world.left, delays: world.left.delays - late } };
  const awake = awakeOf(world);
  const pass = (name: string, from: World, skipped: readonly number[]) => {
    const later = tidy({ ...from, now: from.now + 1 });
    const eventsFor = (at: World, index: number): SiteEvent[] =>
      siteAt(at, index).cut || skipped.includes(index)
        ? [{ kind: "tick" }]
        : [{ kind: "tick" }, viewEvent(at)];
    steps.push(...toldTogether(model, name, later, awake, eventsFor));
  };
  pass("tick", prompt, []);
  const readers = readersOf(world);
  if (prompt.left.delays > 0)
    for (const one of readers) pass(`tick, ${siteName(one)} does not read`, spend(prompt, "delays"), [one]);
  if (world.left.drifts > 0)
    for (const [index, { ahead }] of world.sites.entries())
      for (const by of [-1, 1])
        if (Math.abs(ahead + by) <= 1)
          pass(
            `tick, ${siteName(index)}'s clock ${by > 0 ? "gains" : "loses"} one`,
            spend(change(prompt, index, { ahead: ahead + by }), "drifts"),
            [],
          );
  return steps;
}

const awakeOf = (world: World): number[] =>
  world.sites.flatMap(({ agent, frozen }, index) => (agent !== null && !frozen ? [index] : []));

const readersOf = (world: World): number[] => awakeOf(world).filter((index) => !siteAt(world, index).cut);

/** Several agents learn of the same thing; one of them may be frozen or die on the way. What each does now is local. */
function toldTogether(
  model: Model,
  name: string,
  from: World,
  all: readonly number[],
  eventsFor: (at: World, index: number) => readonly SiteEvent[],
): Step[] {
  const told = (to: World, index: number) => run(model, to, index, eventsFor(to, index), [], null).world;
  const steps: Step[] = [{ name, to: all.reduce(told, from) }];
  if (from.left.thaws === 0 && from.left.crashes === 0) return steps;
  for (const one of all) {
    const before = all.filter((index) => index !== one).reduce(told, from);
    const own = eventsFor(before, one);
    const { actions } = run(model, before, one, own, [], null);
    for (let after = 0; after < actions; after += 1)
      for (const kind of ["freeze", "crash"] as const)
        if (before.left[kind === "freeze" ? "thaws" : "crashes"] > 0)
          steps.push({
            name: `${name}; ${kind === "freeze" ? "freeze" : "kill agent"} ${siteName(one)} after ${after} of ${actions} actions`,
            to: run(model, before, one, own, [], { kind, after }).world,
          });
  }
  return steps;
}

/** What has run out is gone. */
const tidy = (world: World): World => ({
  ...world,
  sites: world.sites.map((site) => {
    const local = world.now + site.ahead;
    return {
      ...site,
      tickets: site.tickets.filter(({ until }) => until >= local),
      fence: site.fence.filter(({ until }) => until > local),
    };
  }),
});
