// One step of quorum bookkeeping by the agent of a primary that serves: the production function is asked, from what this agent
// has read and what its engine says, and what it answers is done.
import { type Model, namesIn } from "./model.ts";
import { type RecoverySwap, revisionOf } from "../../src/recovery/view.ts";
import type { WorldSite } from "./world.ts";

export function quorumStep(model: Model, site: WorldSite, flushed: boolean): WorldSite {
  const { agent, member, swaps } = site;
  const { named, older, wanted } = member;
  const record = agent?.view?.epoch?.value;
  const opened = agent?.view?.opened?.value;
  if (agent?.view == null || record === undefined || opened === undefined || wanted === null) return site;
  if (record.phase !== "opened" || record.primary !== agent.site || member.promotedEpoch !== record.epoch)
    return site;
  const state = {
    store: { voters: opened.standbys, acknowledgements: opened.acknowledgements },
    engine: named,
    unseen: older.length > 0,
    flushed: flushed && older.length === 0,
    unsettled: member.unsettled,
  };
  const step = model.quorum(state, wanted);
  switch (step.do) {
    case "nothing":
    case "refuse":
      return { ...site, member: { ...member, wanted: null } };
    case "wait":
      return site;
    case "names":
      return { ...site, member: { ...member, named: step.engine, older: [...older, named], seenAt: null } };
    case "store": {
      if (swaps !== null) return site;
      const { voters, acknowledgements } = step.store;
      const swap: RecoverySwap = {
        nonce: 0,
        purpose: "open",
        compare: model.rules
          .compared("open", agent.site)
          .map((key) => ({ key, revision: agent.view === null ? 0 : revisionOf(agent.view, key) })),
        write: { opened: { ...opened, standbys: voters, acknowledgements } },
      };
      const message = { kind: "quorum" as const, nonce: 0, swap };
      return { ...site, member: { ...member, unsettled: true }, swaps: { message, reply: null } };
    }
  }
}

/** Every set of voters among the others, with every number of acknowledgements that it can give. */
export function wishes(
  { bounds: { sites }, wishes: only }: Model,
  primary: number,
): { readonly detail: number; readonly text: string }[] {
  const all: { detail: number; text: string }[] = [];
  for (let bits = 1; bits < 1 << sites; bits += 1) {
    if ((bits & (1 << primary)) !== 0) continue;
    const names = namesIn(bits, sites);
    if (only !== null && names.length < sites - 1) continue;
    for (let k = 1; k <= names.length; k += 1)
      if (only === null || only.includes(k))
        all.push({ detail: bits | (k << 8), text: `any ${k} of ${names.join(", ")}` });
  }
  return all;
}
