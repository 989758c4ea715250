// What a world becomes. Whoever is told something acts on it at once; what each site then does is its own business (site.ts),
// so those that are told the same act independently of each other, and one of them may be frozen or die on the way.
import type { RecoveryView } from "../../src/recovery/view.ts";
import type { Faults, Model } from "./model.ts";
import { siteIndex, siteName } from "./model.ts";
import { isAwake, isFlushed, lateMessages, type Move, reads, spentBy } from "./moves.ts";
import { type Done, NOTHING, type Stop, tell, type Told } from "./site.ts";
import { changed, type Change } from "./site-change.ts";
import { replyTo, swapAt } from "./store.ts";
import {
  at,
  flushedBy,
  isOpen,
  type Link,
  type LinkName,
  replaced,
  type World,
  type WorldSite,
} from "./world.ts";

/** The functions of one site or of the store alone. The search remembers what they answered (packed.ts). */
export interface Local {
  readonly tell: (site: WorldSite, index: number, told: Told, store: RecoveryView, stop: Stop | null) => Done;
  readonly changed: (
    site: WorldSite,
    index: number,
    change: Change,
    detail: number,
    store: RecoveryView,
  ) => WorldSite;
  /** Of a site that does not read what the store has become: what it knows is what the store was. */
  readonly outdated: (site: WorldSite, index: number, was: RecoveryView) => WorldSite;
  /** The same object when the message is refused. */
  readonly swapAt: (store: RecoveryView, site: WorldSite, index: number, link: LinkName) => RecoveryView;
  /** Keeps the answer on the link. */
  readonly answered: (
    site: WorldSite,
    index: number,
    link: LinkName,
    swapped: boolean,
    store: RecoveryView,
  ) => WorldSite;
}

export const directly = (model: Model): Local => ({
  tell: (site, index, told, store, stop) => tell(model, site, index, told, store, stop),
  changed: (site, index, change, detail) => changed(model, site, index, change, detail),
  outdated: (site) => site,
  swapAt: (store, site, _index, link) => swapAt(store, (site[link] as Link).message.swap),
  answered: (site, index, link, swapped, store) => withAnswer(site, index, link, swapped, store),
});

/** Who was told what on the way to a world. */
interface Hearing {
  readonly index: number;
  readonly before: WorldSite;
  readonly told: Told;
  readonly actions: number;
}

export interface Applied {
  readonly world: World;
  readonly store: RecoveryView;
  readonly heard: readonly Hearing[];
}

export interface Interruption extends Stop {
  readonly site: number;
}

const spend = (left: Faults, what: keyof Faults | null, count = 1): Faults =>
  what === null || count === 0 ? left : { ...left, [what]: left[what] - count };

export function apply(model: Model, local: Local, world: World, move: Move): Applied {
  const left = spend(world.left, spentBy(move));
  switch (move.kind) {
    case "deliver":
      return deliver(model, local, { ...world, left }, move);
    case "answer":
      return together(model, local, world, [[move.site, { ...NOTHING, answer: move.link }]]);
    case "lose message":
      return alone(
        model,
        local,
        { ...world, left },
        move.site,
        move.link === "renewals" ? "lose renewal" : "lose swap",
        0,
      );
    case "thaw": {
      const site = at(world.sites, move.site);
      const thawed = {
        ...world,
        sites: replaced(world.sites, move.site, local.changed(site, move.site, "thaw", 0, world.store)),
      };
      return together(model, local, thawed, [[move.site, NOTHING]]);
    }
    case "lose site":
    case "return":
    case "cut":
    case "heal":
    case "see names":
      return alone(model, local, { ...world, left }, move.site, move.kind, 0);
    case "want":
      return alone(model, local, { ...world, left }, move.site, "want", move.detail);
    case "quorum":
      return alone(model, local, world, move.site, "quorum", isFlushed(world, move.site) ? 1 : 0);
    case "release":
      return together(model, local, { ...world, left }, [[move.site, { ...NOTHING, releaseTo: move.to }]]);
    case "copy":
      return copy(model, local, world, move);
    case "write": {
      const { promotedEpoch } = at(world.sites, move.site).member;
      const write = { epoch: promotedEpoch ?? 0, acknowledged: false };
      const written = { ...world, left, writes: [...world.writes, write] };
      return alone(model, local, written, move.site, "write", written.writes.length);
    }
    case "tick":
      return tick(model, local, { ...world, left: spend(left, "delays", lateMessages(world)) }, move);
  }
}

/** The same, but one of those who were told is frozen or dies after some of its actions. */
export function interrupt(
  model: Model,
  local: Local,
  applied: Applied,
  { site, kind, after }: Interruption,
): World {
  const { world, store, heard } = applied;
  const hearing = heard.find(({ index }) => index === site);
  if (hearing === undefined) throw new RangeError("nobody was told there");
  const done = local.tell(hearing.before, site, hearing.told, store, { kind, after });
  const left = spend(world.left, kind === "freeze" ? "thaws" : "crashes");
  return acknowledge(model, { ...world, left, sites: replaced(world.sites, site, done.site) });
}

/** Every way in which what was just applied can be interrupted. */
export function interruptions({ world, heard }: Applied): Interruption[] {
  const all: Interruption[] = [];
  if (world.left.thaws === 0 && world.left.crashes === 0) return all;
  for (const { index, actions } of heard)
    for (let after = 0; after < actions; after += 1) {
      if (world.left.thaws > 0) all.push({ site: index, kind: "freeze", after });
      if (world.left.crashes > 0) all.push({ site: index, kind: "crash", after });
    }
  return all;
}

export const describeInterruption = ({ site, kind, after }: Interruption): string =>
  `; ${kind === "freeze" ? "freeze" : "kill agent of"} ${siteName(site)} after ${after} of its actions`;

function alone(
  model: Model,
  local: Local,
  world: World,
  index: number,
  change: Change,
  detail: number,
): Applied {
  const site = local.changed(at(world.sites, index), index, change, detail, world.store);
  const next = acknowledge(model, { ...world, sites: replaced(world.sites, index, site) });
  return { world: next, store: world.store, heard: [] };
}

function together(
  model: Model,
  local: Local,
  world: World,
  all: readonly (readonly [number, Told])[],
): Applied {
  const heard: Hearing[] = [];
  let { sites } = world;
  for (const [index, told] of all) {
    const before = at(world.sites, index);
    const { site, actions } = local.tell(before, index, told, world.store, null);
    heard.push({ index, before, told, actions });
    sites = replaced(sites, index, site);
  }
  return { world: acknowledge(model, { ...world, sites }), store: world.store, heard };
}

/**
 * A renewal goes there and back within a tick, and is seen by whoever can read; anything later counts as a delay. Answers to
 * renewals can be late; those of other swaps are learnt by reading as well: at once or never. What they wrote is watched:
 * whoever can reach the store reads it now, or at the next tick where that counts as a delay.
 */
function deliver(
  model: Model,
  local: Local,
  world: World,
  { site: index, link, how, missedBy }: Extract<Move, { kind: "deliver" }>,
): Applied {
  const site = at(world.sites, index);
  const store = local.swapAt(world.store, site, index, link);
  const swapped = store !== world.store;
  const answered = isAwake(site) && how !== "answer late" && missedBy !== index;
  const all: [number, Told][] = [];
  let { sites } = world;
  for (let one = 0; one < sites.length; one += 1) {
    const before = at(sites, one);
    const sees = swapped && how !== "unseen" && one !== missedBy && reads(before);
    if (swapped && !sees) sites = replaced(sites, one, local.outdated(before, one, world.store));
    if (one === index && answered) all.push([one, { ...NOTHING, answer: link, swapped, reads: sees }]);
    else if (sees) all.push([one, { ...NOTHING, reads: true }]);
  }
  if (answered) return together(model, local, { ...world, store, sites }, all);
  // A late answer stays on the link, also for one who is frozen; otherwise there is nobody to have it.
  const kept =
    link === "renewals" && site.agent !== null
      ? local.answered(at(sites, index), index, link, swapped, store)
      : local.changed(at(sites, index), index, link === "renewals" ? "lose renewal" : "lose swap", 0, store);
  return together(model, local, { ...world, store, sites: replaced(sites, index, kept) }, all);
}

export function withAnswer(
  site: WorldSite,
  index: number,
  link: LinkName,
  swapped: boolean,
  store: RecoveryView,
): WorldSite {
  const { message } = site[link] as Link;
  return { ...site, [link]: { message, reply: replyTo(store, swapped, index) } };
}

function copy(
  model: Model,
  local: Local,
  world: World,
  { site: index, source, rewindTo }: Extract<Move, { kind: "copy" }>,
): Applied {
  const site = at(world.sites, index);
  const entry = at(world.sites, source).member.log[site.member.log.length] ?? 0;
  const copied =
    rewindTo === null
      ? local.changed(site, index, "copy", entry, world.store)
      : local.changed(site, index, "rewind", rewindTo, world.store);
  const next: World = { ...world, sites: replaced(world.sites, index, copied) };
  // The primary sees who follows it, when its agent is there to look.
  if (!isAwake(at(next.sites, source)) || (rewindTo === null && entry > 0))
    return { world: acknowledge(model, next), store: world.store, heard: [] };
  return together(model, local, next, [
    [source, { ...NOTHING, report: true, flushed: flushedBy(next.sites, source) }],
  ]);
}

function tick(
  model: Model,
  local: Local,
  world: World,
  { missedBy, drift }: Extract<Move, { kind: "tick" }>,
): Applied {
  const all: [number, Told][] = [];
  let { sites } = world;
  for (let index = 0; index < sites.length; index += 1) {
    const site = at(world.sites, index);
    const by = drift?.site === index ? drift.by : 0;
    const drifted = by === 0 ? site : local.changed(site, index, "drift", by, world.store);
    if (isAwake(site)) {
      sites = replaced(sites, index, drifted);
      const told = { ...NOTHING, report: true, flushed: flushedBy(world.sites, index), ticks: 1 + by };
      all.push([index, { ...told, reads: !site.cut && missedBy !== index }]);
    } else sites = replaced(sites, index, local.changed(drifted, index, "sleep", 1 + by, world.store));
  }
  return together(model, local, { ...world, sites }, all);
}

/** Acknowledged as soon as it can be: later would ask less of the recovery. */
function acknowledge(model: Model, world: World): World {
  let { writes } = world;
  for (let index = 0; index < writes.length; index += 1) {
    const write = at(writes, index);
    if (write.acknowledged || !canAcknowledge(model, world, index + 1, write.epoch)) continue;
    writes = replaced(writes, index, { ...write, acknowledged: true });
  }
  return writes === world.writes ? world : { ...world, writes };
}

function canAcknowledge(model: Model, world: World, write: number, epoch: number): boolean {
  for (const site of world.sites) {
    const { member } = site;
    if (member.role !== "primary" || epoch !== member.promotedEpoch) continue;
    if (!member.log.includes(write) || !isOpen(site, epoch)) continue;
    if (!model.surroundings.waitsForStandbys) return true;
    // Each backend waits by the names that it has seen last.
    for (const { names, acknowledgements } of [member.named, ...member.older]) {
      const holders = names.filter((name) => at(world.sites, siteIndex(name)).member.log.includes(write));
      if (holders.length >= acknowledgements) return true;
    }
  }
  return false;
}
