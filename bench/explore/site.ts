// What happens at one site: its agent is told something, decides, and what it decided is carried out at once, unless this is
// where it is frozen or dies: after any number of the actions that follow. Functions of this site alone.
import { decide } from "../../src/recovery/decide.ts";
import type { SiteAction, SiteEvent } from "../../src/recovery/site-state.ts";
import type { RecoverySwap, RecoveryView } from "../../src/recovery/view.ts";
import { type Model, siteIndex, siteName, TICK_MS } from "./model.ts";
import { quorumStep } from "./quorum-step.ts";
import { replyTo } from "./store.ts";
import {
  freshAgent,
  type LinkName,
  nowMs,
  reportOf,
  type Source,
  type WorldMember,
  type WorldSite,
} from "./world.ts";

/** All that an agent is told in one go, in this order: report, answer, release, tick, view, and what quorum asks for. */
export interface Told {
  /** Sites that have the start of its branch, one bit each. */
  readonly flushed: number;
  readonly report: boolean;
  /** The link whose message is answered; it is free from then on. */
  readonly answer: LinkName | null;
  /** Of an answer that comes at once; one that was late is on the link. */
  readonly swapped: boolean;
  readonly releaseTo: number | null;
  /** By which its clock has moved on since it was last told of a tick; null: no tick. */
  readonly ticks: number | null;
  readonly reads: boolean;
}

export const NOTHING: Told = {
  flushed: 0,
  report: false,
  answer: null,
  swapped: false,
  releaseTo: null,
  ticks: null,
  reads: false,
};

export interface Stop {
  readonly kind: "freeze" | "crash";
  /** So many actions. */
  readonly after: number;
}

export interface Done {
  readonly site: WorldSite;
  /** How many actions were carried out. */
  readonly actions: number;
}

const namesOf = (bits: number, sites: number): string[] =>
  Array.from({ length: sites }, (_, index) => index)
    .filter((index) => (bits & (1 << index)) !== 0)
    .map(siteName);

export function tell(
  model: Model,
  start: WorldSite,
  index: number,
  told: Told,
  store: RecoveryView,
  stop: Stop | null,
): Done {
  const { flushed, ticks, answer } = told;
  let site = ticks === null ? start : later(start, ticks);
  const late = answer === null ? null : site[answer];
  if (answer !== null) site = { ...site, [answer]: null };
  let queue = site.queue;
  const hear = (event: SiteEvent) => {
    if (site.agent === null) return;
    const { state, actions } = decide(site.agent, event, nowMs(site), model.rules);
    site = { ...site, agent: state, nextNonce: state.nextNonce };
    if (actions.length > 0) queue = [...queue, ...actions];
  };
  /** Whoever has just been promoted is followed by nobody yet. */
  const report = () => {
    const { promotedEpoch } = site.member;
    const followers = promotedEpoch === start.member.promotedEpoch ? flushed : 0;
    hear({ kind: "member", member: reportOf(site.member, namesOf(followers, model.bounds.sites)) });
  };
  if (told.report) report();
  if (late !== null && late.message.kind !== "quorum") {
    const { kind, nonce } = late.message;
    const { swapped, revision, lease } = late.reply ?? replyTo(store, told.swapped, index);
    if (kind === "renewal")
      hear({ kind, nonce, answer: swapped ? { kind: "swapped", revision } : { kind: "refused", lease } });
    else hear({ kind, nonce, answer: swapped ? { kind: "swapped" } : { kind: "refused", lease } });
  }
  if (told.releaseTo !== null) hear({ kind: "release", to: siteName(told.releaseTo) });
  if (ticks !== null) hear({ kind: "tick" });
  if (told.reads) hear({ kind: "view", view: store, floor: 0 });
  for (let actions = 0; ; actions += 1) {
    if (stop?.after === actions)
      return {
        site:
          stop.kind === "freeze"
            ? { ...site, frozen: true, queue }
            : changed(model, site, index, "kill agent", 0),
        actions,
      };
    const [action, ...rest] = queue;
    if (action === undefined) return { site: { ...site, queue: [] }, actions };
    queue = rest;
    const before = site;
    site = carryOut(model, site, action);
    if (action.do === "close") hear({ kind: "closed", epoch: action.epoch });
    else if (site.member !== before.member) report();
  }
}

function carryOut(model: Model, site: WorldSite, action: SiteAction): WorldSite {
  const { member, clock } = site;
  const moved = (to: Partial<WorldMember>): WorldSite => ({ ...site, member: { ...member, ...to } });
  switch (action.do) {
    case "ticket":
      return {
        ...site,
        tickets: [...site.tickets, { nonce: action.nonce, until: clock + action.lifeMs / TICK_MS }],
      };
    case "confirm": {
      // Inclusive: within this tick the confirm may have come an instant before the ticket ran out.
      const lives = site.tickets.some(({ nonce, until }) => nonce === action.nonce && until >= clock);
      if ((model.surroundings.ticketIsChecked && !lives) || action.epoch <= site.barred) return site;
      const others = site.fence.filter(({ epoch }) => epoch !== action.epoch);
      return {
        ...site,
        fence: [...others, { epoch: action.epoch, until: clock + action.lifeMs / TICK_MS }],
      };
    }
    case "close":
      return {
        ...site,
        tickets: [],
        fence: model.surroundings.closeRemoves
          ? site.fence.filter(({ epoch }) => epoch > action.epoch)
          : site.fence,
        barred: Math.max(site.barred, action.epoch),
      };
    case "renew": {
      if (site.renewals !== null) return site;
      const { nonce, lease, leaseRevision } = action;
      const compare = [{ key: "lease" as const, revision: leaseRevision }];
      const swap: RecoverySwap = { nonce, purpose: "take", compare, write: { lease } };
      return { ...site, renewals: { message: { kind: "renewal", nonce, swap }, reply: null } };
    }
    case "swap": {
      const { swap } = action;
      if (site.swaps !== null || (swap.write.epoch?.epoch ?? 0) > model.bounds.takeovers + 1) return site;
      return { ...site, swaps: { message: { kind: "swap", nonce: swap.nonce, swap }, reply: null } };
    }
    case "seal":
      if (member.sealedEpoch >= action.epoch) return site;
      return moved({
        sealedEpoch: action.epoch,
        following: model.surroundings.sealStopsReceiver ? null : member.following,
        configured: model.surroundings.sealIsPersisted ? null : member.configured,
        role: "standby",
        promotedEpoch: null,
        named: NOBODY,
        older: [],
        seenAt: null,
        wanted: null,
      });
    case "promote": {
      if (member.sealedEpoch !== action.epoch || member.role !== "standby") return site;
      const { epoch, standbys, acknowledgements } = action;
      const log = [...member.log, -epoch];
      return moved({
        role: "primary",
        promotedEpoch: epoch,
        following: null,
        configured: null,
        named: { names: standbys, acknowledgements },
        older: [],
        seenAt: log.length,
        wanted: null,
        log,
      });
    }
    case "names":
      if (member.promotedEpoch !== action.epoch) return site;
      return moved({ named: { ...member.named, names: action.standbys }, seenAt: member.log.length });
    case "follow": {
      if (!model.rules.mayFollow(member.sealedEpoch, action.epoch) || member.role === "primary") return site;
      const source: Source = { epoch: action.epoch, site: siteIndex(action.primary) };
      return moved({ following: source, configured: source });
    }
  }
}

const NOBODY = { names: [], acknowledgements: 1 };

/** Its clock moves on; what has run out is gone. */
export function later(site: WorldSite, ticks: number): WorldSite {
  const clock = site.clock + ticks;
  return {
    ...site,
    clock,
    tickets: site.tickets.filter(({ until }) => until >= clock),
    fence: site.fence.filter(({ until }) => until > clock),
  };
}

/** What a fault, its end, a person or the engine does to a site. */
export type Change =
  | "kill agent"
  | "lose site"
  | "return"
  | "thaw"
  /** By so many ticks, more or less than true time. */
  | "drift"
  | "cut"
  | "heal"
  | "lose renewal"
  | "lose swap"
  | "see names"
  /** 1: what it needs flushed is. */
  | "quorum"
  /** Voters in bits, from the 8th on how many acknowledge. */
  | "want"
  /** The next entry of its source's log. */
  | "copy"
  /** To so many entries. */
  | "rewind"
  /** The number of the write. */
  | "write"
  /** So many ticks pass while nobody is awake. */
  | "sleep";

export function changed(
  model: Model,
  site: WorldSite,
  index: number,
  change: Change,
  detail: number,
): WorldSite {
  const moved = (to: Partial<WorldMember>): WorldSite => ({ ...site, member: { ...site.member, ...to } });
  switch (change) {
    case "kill agent": {
      const dead: WorldSite = {
        ...site,
        agent: null,
        queue: [],
        frozen: false,
        renewals: withoutAnswer(site.renewals),
        swaps: withoutAnswer(site.swaps),
      };
      return { ...dead, agent: freshAgent(model, index, dead) };
    }
    case "lose site":
      return {
        ...site,
        up: false,
        frozen: false,
        agent: null,
        queue: [],
        tickets: [],
        fence: [],
        renewals: withoutAnswer(site.renewals),
        swaps: withoutAnswer(site.swaps),
        member: {
          ...site.member,
          role: "down",
          promotedEpoch: null,
          following: null,
          named: NOBODY,
          older: [],
          seenAt: null,
          wanted: null,
        },
      };
    case "return": {
      const member: WorldMember = { ...site.member, role: "standby", following: site.member.configured };
      const back: WorldSite = { ...site, up: true, member };
      return { ...back, agent: freshAgent(model, index, back) };
    }
    case "thaw":
      return { ...site, frozen: false };
    case "drift":
      return { ...site, ahead: site.ahead + detail };
    case "cut":
      return { ...site, cut: true };
    case "heal":
      return { ...site, cut: false };
    case "lose renewal":
      return { ...site, renewals: null };
    case "lose swap":
      return { ...site, swaps: null };
    case "see names":
      return moved({ older: [], seenAt: site.member.log.length });
    case "quorum":
      return quorumStep(model, site, detail === 1);
    case "want": {
      const voters = namesOf(detail & 0xff, model.bounds.sites);
      return moved({ wanted: { voters, acknowledgements: detail >> 8 } });
    }
    case "copy":
    case "write":
      return moved({ log: [...site.member.log, detail] });
    case "rewind":
      return moved({ log: site.member.log.slice(0, detail) });
    case "sleep":
      return later(site, detail);
  }
}

/** A request stays on its way; an answer has nobody to go to. */
const withoutAnswer = (link: WorldSite[LinkName]): WorldSite[LinkName] =>
  link?.reply === null ? link : null;
