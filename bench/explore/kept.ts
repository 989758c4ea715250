// Each different relative site, store and view, kept once under a number. Everything that is kept is canonical: two that behave
// alike are the same object.
import type { RecoveryView } from "../../src/recovery/view.ts";
import { siteIndex } from "./model.ts";
import { type Used, usedBySite, usedByStore } from "./ranks.ts";
import { isPending, relativeSite, relativeStore, relativeView } from "./relative.ts";
import { CURRENT, type WorldSite } from "./world.ts";

export interface KeptSite {
  readonly site: WorldSite;
  readonly used: Used;
  readonly pending: boolean;
}
export interface KeptStore {
  readonly store: RecoveryView;
  readonly used: ReturnType<typeof usedByStore>;
  /** Whose nonce the lease has; -1: nobody's. */
  readonly author: number;
}

export interface Kept {
  readonly site: (number: number) => KeptSite;
  readonly store: (number: number) => KeptStore;
  /** undefined: it is not one of the kept. */
  readonly siteNumber: (site: WorldSite) => number | undefined;
  readonly storeNumber: (store: RecoveryView) => number | undefined;
  /** Of a site whose times, nonces and view are relative already. */
  readonly keepSite: (site: WorldSite, index: number) => number;
  /** Of any site; `store`: what its agent has read is that. */
  readonly keepRelative: (site: WorldSite, index: number, store: RecoveryView | null) => number;
  readonly keepStore: (store: RecoveryView) => number;
  readonly keepView: (view: RecoveryView) => RecoveryView;
  /** What a site makes of a store. */
  readonly viewOf: (store: RecoveryView, index: number) => RecoveryView;
  readonly counts: () => { readonly sites: number; readonly stores: number };
}

export const withView = (site: WorldSite, view: RecoveryView | null): WorldSite =>
  site.agent === null ? site : { ...site, agent: { ...site.agent, view } };

/** With what its agent knows of the store spelt out. */
export const informed = (site: WorldSite, store: RecoveryView): WorldSite =>
  site.agent?.view === CURRENT ? withView(site, store) : site;

export function keptParts(count: number): Kept {
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

  return {
    site: (number) => sites[number] as KeptSite,
    store: (number) => stores[number] as KeptStore,
    siteNumber: (site) => siteNumbers.get(site),
    storeNumber: (store) => storeNumbers.get(store),
    keepSite,
    keepRelative,
    keepStore,
    keepView,
    viewOf,
    counts: () => ({ sites: sites.length, stores: stores.length }),
  };
}
