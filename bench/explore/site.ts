// One site's agent is told something, decides, and what it decided is carried out at once, unless this is where it is frozen or
// dies: after any number of the actions that follow. A function of this site alone.
import { decide } from "../../src/recovery/decide.ts";
import type { SiteEvent } from "../../src/recovery/site-state.ts";
import type { RecoveryView } from "../../src/recovery/view.ts";
import { carryOut } from "./carry-out.ts";
import { type Model, namesIn, siteName } from "./model.ts";
import { changed, later } from "./site-change.ts";
import { replyTo } from "./store.ts";
import { type LinkName, nowMs, reportOf, type WorldSite } from "./world.ts";

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
    hear({ kind: "member", member: reportOf(site.member, namesIn(followers, model.bounds.sites)) });
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
  if (told.reads) {
    const settled = site.member.unsettled && site.swaps?.message.kind !== "quorum";
    if (settled) site = { ...site, member: { ...site.member, unsettled: false } };
    hear({ kind: "view", view: store, floor: 0 });
  }
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
