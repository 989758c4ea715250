// What a fault, its end, a person or the engine does to one site.
import { type Model, namesIn } from "./model.ts";
import { quorumStep } from "./quorum-step.ts";
import { freshAgent, type LinkName, NOBODY, type WorldMember, type WorldSite } from "./world.ts";

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
        barred: 0, // the next one installs its rules anew
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
        barred: 0,
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
      const voters = namesIn(detail & 0xff, model.bounds.sites);
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
