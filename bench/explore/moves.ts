// What can happen next in a world, as data. Nothing is decided or carried out here (apply.ts does).
import { type Faults, type Model, siteName } from "./model.ts";
import type { Local } from "./apply.ts";
import { wishes } from "./quorum-step.ts";
import { isRefused } from "./store.ts";
import { at, commonLength, isOpen, type LinkName, type World, type WorldSite } from "./world.ts";

export type Move =
  /** The store carries out or refuses a message; whoever can reach it reads at once what was written, but for `missedBy`. */
  | {
      readonly kind: "deliver";
      readonly site: number;
      readonly link: LinkName;
      /** "unseen": by all others. */
      readonly how: "prompt" | "answer late" | "unseen";
      readonly missedBy: number | null;
    }
  | { readonly kind: "answer"; readonly site: number; readonly link: LinkName }
  | { readonly kind: "lose message"; readonly site: number; readonly link: LinkName }
  | { readonly kind: "thaw" | "lose site" | "return" | "cut" | "heal"; readonly site: number }
  | { readonly kind: "release"; readonly site: number; readonly to: number }
  | {
      readonly kind: "copy";
      readonly site: number;
      readonly source: number;
      readonly rewindTo: number | null;
    }
  | { readonly kind: "write"; readonly site: number }
  | { readonly kind: "want"; readonly site: number; readonly detail: number; readonly text: string }
  | { readonly kind: "quorum" | "see names"; readonly site: number }
  /** Time passes for all; one may not read, and one clock may gain or lose a tick. */
  | {
      readonly kind: "tick";
      readonly missedBy: number | null;
      readonly drift: { readonly site: number; readonly by: number } | null;
    };

export const isAwake = ({ agent, frozen }: WorldSite): boolean => agent !== null && !frozen;
export const reads = (site: WorldSite): boolean => isAwake(site) && !site.cut;

const LINKS: readonly LinkName[] = ["renewals", "swaps"];
const PROMPT = { how: "prompt", missedBy: null } as const;

export function movesOf(model: Model, local: Local, world: World): Move[] {
  const { left, sites, store } = world;
  const moves: Move[] = [];
  for (let index = 0; index < sites.length; index += 1) {
    const site = at(sites, index);
    const awake = isAwake(site);
    if (!site.cut)
      for (const link of LINKS) {
        const carried = site[link];
        if (carried === null) continue;
        if (left.losses > 0) moves.push({ kind: "lose message", site: index, link });
        if (carried.reply !== null) {
          if (awake) moves.push({ kind: "answer", site: index, link });
          continue;
        }
        moves.push({ kind: "deliver", site: index, link, ...PROMPT });
        if (left.delays === 0) continue;
        const refused = isRefused(store, carried.message.swap);
        if (link === "renewals") {
          if (awake) moves.push({ kind: "deliver", site: index, link, how: "answer late", missedBy: null });
          if (!refused) moves.push({ kind: "deliver", site: index, link, how: "unseen", missedBy: null });
        } else if (!refused)
          for (let one = 0; one < sites.length; one += 1)
            if (reads(at(sites, one)))
              moves.push({ kind: "deliver", site: index, link, how: "prompt", missedBy: one });
      }
    if (site.frozen) moves.push({ kind: "thaw", site: index });
    dataMoves(model, local, world, index, moves);
    if (left.releases > 0 && awake && site.agent?.holder.kind === "holding")
      for (let to = 0; to < sites.length; to += 1)
        if (to !== index) moves.push({ kind: "release", site: index, to });
    if (site.up && left.crashes > 0) moves.push({ kind: "lose site", site: index });
    if (site.up && !site.cut && left.cuts > 0) moves.push({ kind: "cut", site: index });
    if (site.cut) moves.push({ kind: "heal", site: index });
    if (!site.up) moves.push({ kind: "return", site: index });
  }
  tickMoves(world, moves);
  return moves;
}

function dataMoves(model: Model, local: Local, world: World, index: number, moves: Move[]): void {
  const site = at(world.sites, index);
  const { member } = site;
  if (!site.up) return;
  const { following, promotedEpoch } = member;
  if (following !== null && member.role === "standby") {
    const source = at(world.sites, following.site);
    const { role, promotedEpoch: branch, log } = source.member;
    if (source.up && role === "primary" && branch === following.epoch) {
      const common = commonLength(member.log, log);
      const rewindTo = common < member.log.length ? common : null;
      if (rewindTo !== null || common < log.length)
        moves.push({ kind: "copy", site: index, source: following.site, rewindTo });
    }
  }
  if (member.role !== "primary" || promotedEpoch === null) return;
  if (world.left.writes > 0 && isOpen(site, promotedEpoch)) moves.push({ kind: "write", site: index });
  if (member.older.length > 0) moves.push({ kind: "see names", site: index });
  if (!isAwake(site)) return;
  if (member.wanted !== null) {
    const flushed = isFlushed(world, index) ? 1 : 0;
    if (local.changed(site, index, "quorum", flushed, world.store) !== site)
      moves.push({ kind: "quorum", site: index });
  }
  const record = world.store.epoch?.value;
  if (world.left.changes > 0 && record?.phase === "opened" && record.epoch === promotedEpoch)
    for (const wish of wishes(model, index)) moves.push({ kind: "want", site: index, ...wish });
}

/** What was acknowledged before all had seen the newest names is on as many of these as they ask for. */
export function isFlushed(world: World, index: number): boolean {
  const { member } = at(world.sites, index);
  const { seenAt, named } = member;
  if (seenAt === null) return false;
  const holders = world.sites.filter(
    (other, nth) =>
      named.names.includes(siteName(nth)) && commonLength(other.member.log, member.log) >= seenAt,
  );
  return holders.length >= named.acknowledgements;
}

/** What could have been delivered before, and a read that does not come, count as delays. */
function tickMoves(world: World, moves: Move[]): void {
  const { sites, left } = world;
  const late = lateMessages(world);
  if (late > left.delays) return;
  moves.push({ kind: "tick", missedBy: null, drift: null });
  for (let index = 0; index < sites.length; index += 1) {
    const site = at(sites, index);
    if (left.delays > late && reads(site)) moves.push({ kind: "tick", missedBy: index, drift: null });
    if (left.drifts > 0)
      for (const by of [-1, 1])
        if (Math.abs(site.ahead + by) <= 1)
          moves.push({ kind: "tick", missedBy: null, drift: { site: index, by } });
  }
}

export function lateMessages({ sites }: World): number {
  let late = 0;
  for (const site of sites)
    if (!site.cut)
      for (const link of LINKS) {
        const carried = site[link];
        if (carried !== null && (carried.reply === null || isAwake(site))) late += 1;
      }
  return late;
}

/** What a move takes from the budget of faults; null: nothing. A tick's late messages are apart. */
export function spentBy(move: Move): keyof Faults | null {
  switch (move.kind) {
    case "deliver":
      return move.how === "prompt" && move.missedBy === null ? null : "delays";
    case "tick":
      return move.drift !== null ? "drifts" : move.missedBy !== null ? "delays" : null;
    case "lose message":
      return "losses";
    case "lose site":
      return "crashes";
    case "cut":
      return "cuts";
    case "release":
      return "releases";
    case "write":
      return "writes";
    case "want":
      return "changes";
    case "answer":
    case "thaw":
    case "return":
    case "heal":
    case "copy":
    case "quorum":
    case "see names":
      return null;
  }
}

/** For people. */
export function describe(world: World, move: Move): string {
  const name = (index: number) => siteName(index);
  const message = (site: number, link: LinkName) => {
    const carried = at(world.sites, site)[link]?.message;
    if (carried === undefined) return "nothing";
    if (carried.kind === "swap") return `swap "${carried.swap.purpose}"`;
    return carried.kind === "quorum" ? "change of the voters" : "renewal";
  };
  switch (move.kind) {
    case "deliver": {
      const { site, link, how, missedBy } = move;
      const swap = at(world.sites, site)[link]?.message.swap;
      const refused = swap !== undefined && isRefused(world.store, swap);
      const aside =
        missedBy !== null
          ? `, ${name(missedBy)} does not see it`
          : { prompt: "", "answer late": ", the answer is late", unseen: ", nobody sees it" }[how];
      return `store ${refused ? "refuses" : "carries out"} ${name(site)}'s ${message(site, link)}${aside}`;
    }
    case "answer":
      return `${name(move.site)} gets the answer to its ${message(move.site, move.link)}`;
    case "lose message":
      return `${name(move.site)}'s ${message(move.site, move.link)} is lost`;
    case "thaw":
      return `thaw ${name(move.site)}`;
    case "lose site":
      return `lose site ${name(move.site)}`;
    case "return":
      return `site ${name(move.site)} returns`;
    case "cut":
      return `cut ${name(move.site)} from the store`;
    case "heal":
      return `heal ${name(move.site)}`;
    case "release":
      return `${name(move.site)} is asked to release to ${name(move.to)}`;
    case "copy": {
      const { site, source, rewindTo } = move;
      const entry = at(world.sites, source).member.log[at(world.sites, site).member.log.length] ?? 0;
      const what = entry < 0 ? `the start of epoch ${-entry}` : `write ${entry}`;
      return `${name(site)} ${rewindTo === null ? `copies ${what}` : "rewinds"} from ${name(source)}`;
    }
    case "write":
      return `write ${world.writes.length + 1} at ${name(move.site)}`;
    case "want":
      return `${name(move.site)} is asked for ${move.text}`;
    case "quorum":
      return `${name(move.site)} takes a step towards its new voters`;
    case "see names":
      return `all backends of ${name(move.site)} have seen its names`;
    case "tick":
      if (move.drift !== null)
        return `tick, ${name(move.drift.site)}'s clock ${move.drift.by > 0 ? "gains" : "loses"} one`;
      return move.missedBy === null ? "tick" : `tick, ${name(move.missedBy)} does not read`;
  }
}
