// The loop around the decisions: one event after the other into `decide`, and its actions to those who carry them out. What they
// come to arrives as further events. Nothing here waits, so an event is never decided on an old state.
import { decide } from "../../recovery/decide.ts";
import type { SiteAction, SiteEvent, SiteState } from "../../recovery/site-state.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";

export interface Decisions {
  tell(event: SiteEvent): void;
  state(): SiteState;
  /** The store is not the one that was known, or a person fences this site: from now on nothing is decided any more. */
  distrust(why: string): void;
  /** A person has allowed this site again: what is decided begins anew with the next view. */
  trust(): void;
}

export function startDecisions(
  first: SiteState,
  clock: Clock,
  log: Log,
  perform: (action: SiteAction, state: SiteState) => void,
): Decisions {
  let state = first;
  const events: SiteEvent[] = [];
  let deciding = false;

  function news(before: SiteState): void {
    const record = state.view?.epoch?.value;
    const known = before.view?.epoch?.value;
    if (record !== undefined && (record.epoch !== known?.epoch || record.phase !== known.phase)) {
      const { epoch, phase, coordinator, primary } = record;
      log.emit({ event: "epoch-changed", epoch, phase, coordinator, primary });
    }
    if (state.distrust !== null && before.distrust === null)
      log.error(`nothing is decided here any more: ${state.distrust}`);
  }

  return {
    state: () => state,
    distrust(why) {
      const before = state;
      state = { ...state, distrust: why };
      news(before);
    },
    trust() {
      state = { ...first, member: state.member, nextNonce: state.nextNonce };
    },
    tell(event) {
      events.push(event);
      if (deciding) return;
      deciding = true;
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        const before = state;
        // What nothing is decided on any more is still shown.
        if (state.distrust !== null && next.kind === "view") state = { ...state, view: next.view };
        const decided = decide(state, next, clock.nowMs());
        state = decided.state;
        news(before);
        for (const action of decided.actions) perform(action, state);
      }
      deciding = false;
    },
  };
}
