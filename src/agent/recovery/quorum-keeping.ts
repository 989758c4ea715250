// Carries out quorum-keeper.ts at the site that serves: one step, then it looks again.
import type { OpenedSet } from "../../domain/primaryship.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import { newId } from "../../runtime/random.ts";
import type { DataMember } from "./data-member.ts";
import type { Decisions } from "./decisions.ts";
import type { RecoveryPlan } from "./options.ts";
import { keepQuorum, namesAreSeen, type ProgressOf, progressOf } from "./quorum-keeper.ts";
import type { StoreMembers } from "./store-members.ts";
import { STATE, writesOf } from "./store-view.ts";

export interface QuorumKeepingOptions {
  readonly plan: RecoveryPlan;
  readonly member: DataMember;
  readonly stores: StoreMembers;
  readonly decisions: Decisions;
  readonly author: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const LOOK_MS = 200;
const ACT_MAX_MS = 3_000;

export async function startQuorumKeeping(options: QuorumKeepingOptions): Promise<void> {
  const { plan, member, stores, decisions, author, clock, log, signal } = options;
  let progress: ProgressOf = {};
  /** By the names' words: when all senders had seen them the position was this. */
  let seen: { readonly names: string; readonly at: number } | null = null;
  // An earlier life of this agent may have left a change on its way. Settled by a swap of the same author that changes nothing
  // else: then the earlier one has happened, or never will (store/settle.ts), and the view to plan from is one after that.
  let unsettled = true;
  let settledAt = 0;
  const limit = () => AbortSignal.any([signal, AbortSignal.timeout(ACT_MAX_MS)]);

  async function look(): Promise<void> {
    const { view: store, member: own, site } = decisions.state();
    const record = store?.epoch?.value;
    const opened = store?.opened;
    const serves =
      record?.phase === "opened" && record.primary === site && own.promotedEpoch === record.epoch;
    if (!serves || opened == null || opened.value.epoch !== record.epoch) {
      progress = {};
      seen = null;
      return;
    }
    if (unsettled) {
      const settled = await stores.swap(author, newId(), { compare: [], write: [] }, limit());
      if (settled.kind !== "swapped") return;
      unsettled = false;
      settledAt = settled.revision;
    }
    const observed = await member.observe(limit());
    const view = observed.kind === "known" ? observed.value.replication : undefined;
    if (view === undefined) return;
    const nowMs = clock.nowMs();
    progress = progressOf(progress, view, plan.candidates, nowMs);
    const names = JSON.stringify(view.acknowledgement);
    if (!namesAreSeen(view)) seen = null;
    else if (seen?.names !== names) seen = { names, at: view.flushed };
    const step = keepQuorum({
      opened: opened.value,
      view,
      progress,
      acknowledgements: plan.acknowledgements,
      sites: plan.candidates,
      namesSeenAt: seen?.at ?? null,
      unsettled: (store?.revision ?? 0) < settledAt,
      nowMs,
    });
    if (step.do === "refuse") return log.warning(step.because);
    if (step.do === "names") {
      const { names: members, acknowledgements: count } = step.engine;
      seen = null;
      const told = await member.perform(
        { kind: "acknowledge", acknowledgement: { count, members } },
        limit(),
      );
      log.info(`commits wait for ${count} of ${members.join(", ")}: ${told.kind}`);
    }
    if (step.do === "store") {
      const { voters: standbys, acknowledgements } = step.store;
      const next: OpenedSet = { ...opened.value, standbys, acknowledgements };
      const compare = [
        { key: `${STATE}epoch`, revision: store?.epoch?.revision ?? 0 },
        { key: `${STATE}opened`, revision: opened.revision },
      ];
      const swapped = await stores.swap(
        author,
        newId(),
        { compare, write: writesOf({ opened: next }) },
        limit(),
      );
      unsettled = swapped.kind === "nothing";
      if (swapped.kind === "swapped") settledAt = swapped.revision;
      log.info(`the store counts ${standbys.join(", ")}: ${swapped.kind}`);
    }
  }

  while (!signal.aborted) {
    await look();
    await clock.sleep(LOOK_MS, signal);
  }
}
