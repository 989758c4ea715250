// Worlds as a few integers: the numbers of their kept sites and store, their writes and what is left of the faults. A step costs
// a few look-ups (remembered.ts), a waiting world 4 bytes for each site and 12 more, a seen one its fingerprint (seen.ts).
import { apply, type Applied, interrupt, type Interruption } from "./apply.ts";
import { intTable } from "./int-table.ts";
import { keptParts, withView } from "./kept.ts";
import type { Faults, Model } from "./model.ts";
import { type Move, movesOf } from "./moves.ts";
import { compact, isDense, rankedSite, rankedStore } from "./ranks.ts";
import { doomedSite, relativeSite, relativeStore, relativeView, withoutNonce } from "./relative.ts";
import { remembering } from "./remembered.ts";
import { CURRENT, type World, type WorldSite, type Write } from "./world.ts";

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

export interface Packed {
  /** Words of a packed world: store, sites, writes, budget. */
  readonly words: number;
  /** Takes any world, relative or not. */
  readonly pack: (world: World, to: Int32Array, at: number) => void;
  readonly unpack: (from: Int32Array, at: number) => World;
  /** The same when all faults are over, with takeovers to spare. What it gives is packed and unpacked again. */
  readonly calm: {
    readonly moves: (world: World) => Move[];
    readonly apply: (world: World, move: Move) => World;
  };
  readonly moves: (world: World) => Move[];
  readonly apply: (world: World, move: Move) => Applied;
  readonly interrupt: (applied: Applied, interruption: Interruption) => World;
  /** Whether the first budget allows all that the second does. */
  readonly allowsMore: (one: number, other: number) => boolean;
  readonly counts: () => { readonly sites: number; readonly stores: number; readonly remembered: number };
}

const CALM_TAKEOVERS = 4;

export function packedWorlds(model: Model): Packed {
  const count = model.bounds.sites;
  const kept = keptParts(count);
  const { local, remembered } = remembering(model, kept);
  const calmModel: Model = {
    ...model,
    bounds: { ...model.bounds, takeovers: model.bounds.takeovers + CALM_TAKEOVERS },
  };
  const calm = remembering(calmModel, kept);
  const renewed = intTable(2);
  const doomed = intTable(2);
  const ranked = intTable(6);
  const rankedStores = intTable(5 + count);
  const forgotten = intTable(1);
  const numbers = new Int32Array(count);

  /** Of a world whose parts are kept: drops what no longer matters between them. Leaves the sites in `numbers`. */
  function settle(storeNumber: number): number {
    let store = storeNumber;
    for (let index = 0; index < count; index += 1) {
      const number = numbers[index] as number;
      if (!kept.site(number).pending) continue;
      doomed.key[0] = number;
      doomed.key[1] = store;
      let result = doomed.get();
      if (result < 0) {
        const after = doomedSite(kept.site(number).site, kept.store(store).store);
        result = doomed.set(after === kept.site(number).site ? number : kept.keepSite(after, index));
      }
      numbers[index] = result;
    }
    const { author, used } = kept.store(store);
    if (author >= 0 && (kept.site(numbers[author] as number).used.nonce & used.nonce) === 0) {
      forgotten.key[0] = store;
      const result = forgotten.get();
      store = result < 0 ? forgotten.set(kept.keepStore(withoutNonce(kept.store(store).store))) : result;
    }
    store = rankAll(store);
    for (let index = 0; index < count; index += 1) {
      const { site } = kept.site(numbers[index] as number);
      const view = site.agent?.view ?? null;
      if (view === null || view === CURRENT || kept.viewOf(kept.store(store).store, index) !== view) continue;
      const { key } = renewed;
      [key[0], key[1]] = [numbers[index] as number, store];
      const result = renewed.get();
      numbers[index] = result < 0 ? renewed.set(kept.keepSite(withView(site, CURRENT), index)) : result;
    }
    return store;
  }

  function rankAll(storeNumber: number): number {
    const own = kept.store(storeNumber);
    let { lease, epoch, opened } = own.used;
    for (let index = 0; index < count; index += 1) {
      const { used } = kept.site(numbers[index] as number);
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
      const { used } = kept.site(number);
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
        const site = rankedSite(kept.site(number).site, { lease, epoch, opened, seal, nonce });
        const view = site.agent?.view ?? null;
        const whole = view === null || view === CURRENT ? site : withView(site, kept.keepView(view));
        result = ranked.set(kept.keepSite(whole, index));
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
      result = rankedStores.set(kept.keepStore(rankedStore(own.store, used, seals)));
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
      numbers[index] = kept.keepSite(withView(site, view && kept.keepView(view)), index);
    }
    return kept.keepStore(store);
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
  const budgetNumbers = new Map<number, number>();
  function keepBudget(left: Faults): number {
    let code = 0;
    for (const what of FAULTS) code = code * (model.bounds[what] + 1) + left[what];
    const known = budgetNumbers.get(code);
    if (known !== undefined) return known;
    budgets.push(left);
    budgetNumbers.set(code, budgets.length - 1);
    return budgets.length - 1;
  }

  function pack(world: World, to: Int32Array, at: number): void {
    const { store, sites: all, writes: sent, left } = world;
    const known = kept.storeNumber(store);
    if (known !== undefined)
      for (let index = 0; index < count; index += 1)
        numbers[index] = kept.siteNumber(all[index] as WorldSite) as number;
    to[at] = settle(known ?? keepFirst(world));
    for (let index = 0; index < count; index += 1) to[at + 1 + index] = numbers[index] as number;
    to[at + count + 1] = keepWrites(sent);
    to[at + count + 2] = keepBudget(left);
  }

  function unpack(from: Int32Array, at: number): World {
    return {
      store: kept.store(from[at] as number).store,
      sites: Array.from({ length: count }, (_, index) => kept.site(from[at + 1 + index] as number).site),
      writes: writes.get(from[at + count + 1] as number) as readonly Write[],
      left: budgets[from[at + count + 2] as number] as Faults,
    };
  }

  const words = new Int32Array(count + 3);
  return {
    words: words.length,
    pack,
    unpack,
    calm: {
      moves: (world) => movesOf(calmModel, calm.local, world),
      apply: (world, move) => {
        pack(apply(calmModel, calm.local, world, move).world, words, 0);
        return unpack(words, 0);
      },
    },
    moves: (world) => movesOf(model, local, world),
    apply: (world, move) => apply(model, local, world, move),
    interrupt: (applied, interruption) => interrupt(model, local, applied, interruption),
    allowsMore: (one, other) =>
      FAULTS.every((what) => (budgets[one] as Faults)[what] >= (budgets[other] as Faults)[what]),
    counts: () => ({ ...kept.counts(), remembered: remembered() }),
  };
}
