// One action of an agent, carried out by its kernel, its member or its link. What does not fit any more does nothing: a link
// that carries a message already, an epoch that is not the member's.
import type { SiteAction } from "../../src/recovery/site-state.ts";
import type { RecoverySwap } from "../../src/recovery/view.ts";
import { type Model, siteIndex, TICK_MS } from "./model.ts";
import { NOBODY, type Source, type WorldMember, type WorldSite } from "./world.ts";

export function carryOut(model: Model, site: WorldSite, action: SiteAction): WorldSite {
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
