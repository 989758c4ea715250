// What a site made of what it was told, and the store of a message: computed once by the production functions, then remembered
// by the numbers of those that took part.
import { type Local, withAnswer } from "./apply.ts";
import { intTable } from "./int-table.ts";
import { informed, type Kept, withView } from "./kept.ts";
import type { Model } from "./model.ts";
import { tell, type Stop, type Told } from "./site.ts";
import { changed, type Change } from "./site-change.ts";
import { swapAt } from "./store.ts";
import { CURRENT, type Link } from "./world.ts";

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

const ACTIONS_MAX = 32;

/** Takes and gives kept sites and stores only. */
export function remembering(
  model: Model,
  kept: Kept,
): { readonly local: Local; readonly remembered: () => number } {
  const numberOf = (site: Parameters<Kept["siteNumber"]>[0]) => kept.siteNumber(site) as number;
  const storeNumberOf = (store: Parameters<Kept["storeNumber"]>[0]) => kept.storeNumber(store) as number;
  const told = intTable(3);
  const altered = intTable(3);
  const outdated = intTable(2);
  const swapped = intTable(2);
  const answered = intTable(3);

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
        result = told.set(kept.keepRelative(done.site, index, store) * ACTIONS_MAX + done.actions);
      }
      return { site: kept.site(Math.floor(result / ACTIONS_MAX)).site, actions: result % ACTIONS_MAX };
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
          after === before ? numberOf(site) : kept.keepRelative(after, index, asks ? store : null),
        );
      }
      return kept.site(result).site;
    },
    outdated: (site, index, was) => {
      if (site.agent?.view !== CURRENT) return site;
      outdated.key[0] = numberOf(site);
      outdated.key[1] = storeNumberOf(was);
      let result = outdated.get();
      if (result < 0) result = outdated.set(kept.keepSite(withView(site, kept.viewOf(was, index)), index));
      return kept.site(result).site;
    },
    swapAt: (store, site, _index, link) => {
      swapped.key[0] = storeNumberOf(store);
      swapped.key[1] = numberOf(site) * 2 + (link === "renewals" ? 0 : 1);
      let result = swapped.get();
      if (result < 0) {
        const after = swapAt(store, (site[link] as Link).message.swap);
        result = swapped.set(after === store ? storeNumberOf(store) : kept.keepStore(after));
      }
      return kept.store(result).store;
    },
    answered: (site, index, link, isSwapped, store) => {
      answered.key[0] = storeNumberOf(store);
      answered.key[1] = numberOf(site);
      answered.key[2] = (link === "renewals" ? 0 : 1) + (isSwapped ? 2 : 0);
      let result = answered.get();
      if (result < 0)
        result = answered.set(
          kept.keepRelative(withAnswer(site, index, link, isSwapped, store), index, null),
        );
      return kept.site(result).site;
    },
  };
  return { local, remembered: told.size };
}
