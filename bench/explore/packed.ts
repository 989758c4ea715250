// Worlds as a few integers. Each relative site and store is kept once, under a number; what a site made of what it was told is
// computed once by the production functions and remembered by those numbers. So a step costs a few look-ups, a waiting world
// 4 bytes for each site and 16 more, and a seen one its fingerprint.
import type { RecoveryView } from "../../src/recovery/view.ts";
import { apply, type Applied, type Interruption, interrupt, type Local, withAnswer } from "./apply.ts";
import { intTable } from "./int-table.ts";
import { type Faults, type Model, siteIndex } from "./model.ts";
import { type Move, movesOf } from "./moves.ts";
import { compact, isDense, rankedSite, rankedStore, type Used, usedBySite, usedByStore } from "./ranks.ts";
import {
  doomedSite,
  isPending,
  relativeSite,
  relativeStore,
  relativeView,
  withoutNonce,
} from "./relative.ts";
import { changed, type Change, type Stop, tell, type Told } from "./site.ts";
import { swapAt } from "./store.ts";
import { CURRENT, type Link, type World, type WorldSite, type Write } from "./world.ts";

const CHANGES: readonly Change[] = [
  "kill agent",
  "lose site",
  "return",
  "thaw",
  "drift",
  "cut",
  "heal",
  "lose renewal",
  "lose swap",
  "see names",
  "quorum",
  "want",
  "copy",
  "rewind",
  "write",
  "sleep",
];
const CHANGE_NUMBER = new Map(CHANGES.map((change, number) => [change, number]));

interface KeptSite {
  readonly site: WorldSite;
  readonly used: Used;
  readonly pending: boolean;
}
interface KeptStore {
  readonly store: RecoveryView;
  readonly used: ReturnType<typeof usedByStore>;
  /** Whose nonce the lease has; -1: nobody's. */
  readonly author: number;
}

const FAULTS: readonly (keyof Faults)[] = [
  "crashes",
  "thaws",
  "drifts",
  "writes",
  "releases",
  "changes",
  "losses",
  "cuts",
  "delays",
];

const withView = (site: WorldSite, view: RecoveryView | null): WorldSite =>
  site.agent === null ? site : { ...site, agent: { ...site.agent, view } };

/** What an agent is told and where it is interrupted, as one number. */
function codeOf(what: Told, stop: Stop | null): number {
  const { flushed, report, answer, swapped, releaseTo, ticks, reads } = what;
  let code = flushed;
  code = code * 2 + (report ? 1 : 0);
  code = code * 3 + (answer === null ? 0 : answer === "renewals" ? 1 : 2);
  code = code * 2 + (swapped ? 1 : 0);
  code = code * 8 + (releaseTo === null ? 0 : releaseTo + 1);
  code = code * 4 + (ticks === null ? 0 : ticks + 1);
  code = code * 2 + (reads ? 1 : 0);
  return code * 64 + (stop === null ? 0 : 1 + stop.after * 2 + (stop.kind === "freeze" ? 1 : 0));
}

export interface Packed {
  /** Words of a packed world: store, sites, writes, budget. */
  readonly words: number;
  /** Takes any world, relative or not. */
  readonly pack: (world: World, to: Int32Array, at: number) => void;
  readonly unpack: (from: Int32Array, at: number) => World;
  /** With what each agent knows spelt out: a world like any other. */
  readonly whole: (world: World) => World;
  readonly moves: (world: World) => Move[];
  readonly apply: (world: World, move: Move) => Applied;
  readonly interrupt: (applied: Applied, interruption: Interruption) => World;
  /** Whether the first budget allows all that the second does. */
  readonly allowsMore: (one: number, other: number) => boolean;
  readonly counts: () => { readonly sites: number; readonly stores: number; readonly remembered: number };
}

export function packedWorlds(model: Model): Packed {
  const count = model.bounds.sites;
  const sites: KeptSite[] = [];
  const siteNumbers = new Map<WorldSite, number>();
  const sitesByText = new Map<string, number>();
  const stores: KeptStore[] = [];
  const storeNumbers = new Map<RecoveryView, number>();
  const storesByText = new Map<string, number>();
  const views = new Map<string, { readonly number: number; readonly view: RecoveryView }>();
  const viewNumbers = new Map<RecoveryView, number>();
  const seenViews = Array.from({ length: count }, () => new Map<RecoveryView, RecoveryView>());

  function keepView(view: RecoveryView): RecoveryView {
    const text = JSON.stringify(view);
    let kept = views.get(text);
    if (kept === undefined) {
      kept = { number: views.size, view };
      views.set(text, kept);
      viewNumbers.set(view, kept.number);
    }
    return kept.view;
  }

  function viewOf(store: RecoveryView, index: number): RecoveryView {
    const seen = seenViews[index] as Map<RecoveryView, RecoveryView>;
    let view = seen.get(store);
    if (view === undefined) {
      view = viewNumbers.has(store) ? store : keepView(relativeView(store, index));
      if (storeNumbers.has(store)) seen.set(store, view);
    }
    return view;
  }

  /** Of a site whose times, nonces and view are relative already. */
  function keepSite(site: WorldSite, index: number): number {
    const { agent } = site;
    const view = agent?.view ?? null;
    const brief = agent && {
      ...agent,
      settings: 0,
      view: view === CURRENT ? -1 : view && viewNumbers.get(view),
    };
    const text = `${index}${JSON.stringify({ ...site, agent: brief })}`;
    const known = sitesByText.get(text);
    if (known !== undefined) return known;
    const number = sites.length;
    sites.push({ site, used: usedBySite(site), pending: isPending(site) });
    sitesByText.set(text, number);
    siteNumbers.set(site, number);
    return number;
  }

  function keepRelative(site: WorldSite, index: number, store: RecoveryView | null): number {
    const view = site.agent?.view ?? null;
    const known = view === null || view === CURRENT ? view : view === store ? CURRENT : viewOf(view, index);
    return keepSite(relativeSite(site, known), index);
  }

  /** With what its agent knows of the store. */
  const informed = (site: WorldSite, store: RecoveryView): WorldSite =>
    site.agent?.view === CURRENT ? withView(site, store) : site;

  function keepStore(store: RecoveryView): number {
    const relative = relativeStore(store);
    const text = JSON.stringify(relative);
    const known = storesByText.get(text);
    if (known !== undefined) return known;
    const number = stores.length;
    const nonce = store.lease?.value.nonce ?? 0;
    const author = nonce === 0 ? -1 : siteIndex(store.lease?.value.holder ?? "");
    stores.push({ store: relative, used: usedByStore(relative, count), author });
    storesByText.set(text, number);
    storeNumbers.set(relative, number);
    return number;
  }

  const kept = (number: number): KeptSite => sites[number] as KeptSite;
  const keptStore = (number: number): KeptStore => stores[number] as KeptStore;
  const numberOf = (site: WorldSite): number => siteNumbers.get(site) as number;
  const storeNumberOf = (store: RecoveryView): number => storeNumbers.get(store) as number;

  const told = intTable(3);
  const altered = intTable(3);
  const outdated = intTable(2);
  const renewed = intTable(2);
  const swapped = intTable(2);
  const answered = intTable(3);
  const doomed = intTable(2);
  const ranked = intTable(6);
  const rankedStores = intTable(5 + count);
  const forgotten = intTable(1);
  const ACTIONS_MAX = 32;

  const local: Local = {
    tell: (site, index, what, store, stop) => {
      told.key[0] = numberOf(site);
      const needsStore = what.reads || what.answer !== null || site.agent?.view === CURRENT;
      told.key[1] = needsStore ? storeNumberOf(store) : -1;
      told.key[2] = codeOf(what, stop);
      let result = told.get();
      if (result < 0) {
        const done = tell(model, informed(site, store), index, what, store, stop);
        if (done.actions >= ACTIONS_MAX) throw new RangeError("too many actions");
        result = told.set(keepRelative(done.site, index, store) * ACTIONS_MAX + done.actions);
      }
      return { site: kept(Math.floor(result / ACTIONS_MAX)).site, actions: result % ACTIONS_MAX };
    },
    changed: (site, index, change, detail, store) => {
      const asks = change === "quorum" && site.agent?.view === CURRENT;
      altered.key[0] = numberOf(site);
      altered.key[1] = (CHANGE_NUMBER.get(change) as number) | (detail << 5);
      altered.key[2] = asks ? storeNumberOf(store) : -1;
      let result = altered.get();
      if (result < 0) {
        const before = asks ? informed(site, store) : site;
        const after = changed(model, before, index, change, detail);
        result = altered.set(
          after === before ? numberOf(site) : keepRelative(after, index, asks ? store : null),
        );
      }
      return kept(result).site;
    },
    outdated: (site, index, was) => {
      if (site.agent?.view !== CURRENT) return site;
      outdated.key[0] = numberOf(site);
      outdated.key[1] = storeNumberOf(was);
      let result = outdated.get();
      if (result < 0) result = outdated.set(keepSite(withView(site, viewOf(was, index)), index));
      return kept(result).site;
    },
    swapAt: (store, site, _index, link) => {
      swapped.key[0] = storeNumberOf(store);
      swapped.key[1] = numberOf(site) * 2 + (link === "renewals" ? 0 : 1);
      let result = swapped.get();
      if (result < 0) {
        const after = swapAt(store, (site[link] as Link).message.swap);
        result = swapped.set(after === store ? storeNumberOf(store) : keepStore(after));
      }
      return keptStore(result).store;
    },
    answered: (site, index, link, isSwapped, store) => {
      answered.key[0] = storeNumberOf(store);
      answered.key[1] = numberOf(site);
      answered.key[2] = (link === "renewals" ? 0 : 1) + (isSwapped ? 2 : 0);
      let result = answered.get();
      if (result < 0)
        result = answered.set(keepRelative(withAnswer(site, index, link, isSwapped, store), index, null));
      return kept(result).site;
    },
  };

  const numbers = new Int32Array(count);

  /** Of a world whose parts are kept: drops what no longer matters between them. Leaves the sites in `numbers`. */
  function settle(storeNumber: number): number {
    let store = storeNumber;
    for (let index = 0; index < count; index += 1) {
      const number = numbers[index] as number;
      if (!kept(number).pending) continue;
      doomed.key[0] = number;
      doomed.key[1] = store;
      let result = doomed.get();
      if (result < 0) {
        const after = doomedSite(kept(number).site, keptStore(store).store);
        result = doomed.set(after === kept(number).site ? number : keepSite(after, index));
      }
      numbers[index] = result;
    }
    const { author, used } = keptStore(store);
    if (author >= 0 && (kept(numbers[author] as number).used.nonce & used.nonce) === 0) {
      forgotten.key[0] = store;
      const result = forgotten.get();
      store = result < 0 ? forgotten.set(keepStore(withoutNonce(keptStore(store).store))) : result;
    }
    store = rankAll(store);
    for (let index = 0; index < count; index += 1) {
      const { site } = kept(numbers[index] as number);
      const view = site.agent?.view ?? null;
      if (view === null || view === CURRENT || viewOf(keptStore(store).store, index) !== view) continue;
      const { key } = renewed;
      [key[0], key[1]] = [numbers[index] as number, store];
      const result = renewed.get();
      numbers[index] = result < 0 ? renewed.set(keepSite(withView(site, CURRENT), index)) : result;
    }
    return store;
  }

  function rankAll(storeNumber: number): number {
    const own = keptStore(storeNumber);
    let { lease, epoch, opened } = own.used;
    for (let index = 0; index < count; index += 1) {
      const { used } = kept(numbers[index] as number);
      lease |= used.lease;
      epoch |= used.epoch;
      opened |= used.opened;
    }
    const common = isDense(lease) && isDense(epoch) && isDense(opened);
    let storeNonce = own.used.nonce;
    const seals: number[] = [];
    let changes = !common;
    for (let index = 0; index < count; index += 1) {
      const number = numbers[index] as number;
      const { used } = kept(number);
      const seal = used.seal | (own.used.seals[index] as number);
      const nonce = used.nonce | (own.author === index ? own.used.nonce : 0);
      if (own.author === index) storeNonce = nonce;
      seals.push(seal);
      if (common && isDense(seal) && isDense(nonce)) continue;
      changes = true;
      const { key } = ranked;
      [key[0], key[1], key[2], key[3], key[4], key[5]] = [number, lease, epoch, opened, seal, nonce];
      let result = ranked.get();
      if (result < 0) {
        const site = rankedSite(kept(number).site, { lease, epoch, opened, seal, nonce });
        const view = site.agent?.view ?? null;
        const whole = view === null || view === CURRENT ? site : withView(site, keepView(view));
        result = ranked.set(keepSite(whole, index));
      }
      numbers[index] = result;
    }
    if (!changes) return storeNumber;
    const { key } = rankedStores;
    [key[0], key[1], key[2], key[3], key[4]] = [storeNumber, lease, epoch, opened, storeNonce];
    for (let index = 0; index < count; index += 1) key[5 + index] = seals[index] as number;
    let result = rankedStores.get();
    if (result < 0) {
      const used = { lease, epoch, opened, seal: 0, nonce: storeNonce };
      result = rankedStores.set(keepStore(rankedStore(own.store, used, seals)));
    }
    return result;
  }

  /** A world from elsewhere: its revisions and nonces may be any. */
  function keepFirst(world: World): number {
    const { store, sites: all } = compact({
      ...world,
      store: relativeStore(world.store),
      sites: world.sites.map((site, index) => {
        const view = site.agent?.view ?? null;
        return relativeSite(site, view && relativeView(view, index));
      }),
    });
    for (let index = 0; index < count; index += 1) {
      const site = all[index] as WorldSite;
      const view = site.agent?.view ?? null;
      numbers[index] = keepSite(withView(site, view && keepView(view)), index);
    }
    return keepStore(store);
  }

  const writes = new Map<number, readonly Write[]>();
  function keepWrites(all: readonly Write[]): number {
    let code = 1;
    for (const { epoch, acknowledged } of all) code = code * 32 + epoch * 2 + (acknowledged ? 1 : 0);
    if (code > 0x7fffffff) throw new RangeError("too many writes to be packed");
    if (!writes.has(code)) writes.set(code, all);
    return code;
  }

  const budgets: Faults[] = [];
  const budgetNumbers = new Map<string, number>();
  function keepBudget(left: Faults): number {
    const text = FAULTS.map((what) => left[what]).join();
    const known = budgetNumbers.get(text);
    if (known !== undefined) return known;
    budgets.push(left);
    budgetNumbers.set(text, budgets.length - 1);
    return budgets.length - 1;
  }

  return {
    words: count + 3,
    pack: (world, to, at) => {
      const { store, sites: all, writes: sent, left } = world;
      const known = storeNumbers.get(store);
      if (known !== undefined)
        for (let index = 0; index < count; index += 1) numbers[index] = numberOf(all[index] as WorldSite);
      to[at] = settle(known ?? keepFirst(world));
      for (let index = 0; index < count; index += 1) to[at + 1 + index] = numbers[index] as number;
      to[at + count + 1] = keepWrites(sent);
      to[at + count + 2] = keepBudget(left);
    },
    unpack: (from, at) => ({
      store: keptStore(from[at] as number).store,
      sites: Array.from({ length: count }, (_, index) => kept(from[at + 1 + index] as number).site),
      writes: writes.get(from[at + count + 1] as number) as readonly Write[],
      left: budgets[from[at + count + 2] as number] as Faults,
    }),
    whole: (world) => ({ ...world, sites: world.sites.map((site) => informed(site, world.store)) }),
    moves: (world) => movesOf(model, local, world),
    apply: (world, move) => apply(model, local, world, move),
    interrupt: (applied, interruption) => interrupt(model, local, applied, interruption),
    allowsMore: (one, other) =>
      FAULTS.every((what) => (budgets[one] as Faults)[what] >= (budgets[other] as Faults)[what]),
    counts: () => ({ sites: sites.length, stores: stores.length, remembered: told.size() }),
  };
}
