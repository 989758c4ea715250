// From nothing to a member that runs: data found or copied, the workload's first record, and whether this store is the one that
// was known. Decisions are in start-decision.ts.
import { newId } from "../../runtime/random.ts";
import type { LeaseTimings } from "../../domain/primaryship.ts";
import type { SiteState } from "../../recovery/site-state.ts";
import type { RecoveryView } from "../../recovery/view.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import type { DataMember } from "./data-member.ts";
import type { MemberActions } from "./member-actions.ts";
import type { AgentMemory } from "./memory.ts";
import type { RecoveryPlan } from "./options.ts";
import { peerData } from "./peers.ts";
import { decideBeginning, firstRecord, mayWriteFirst, strangeStore } from "./start-decision.ts";
import type { StoreMembers } from "./store-members.ts";
import { STATE, writesOf } from "./store-view.ts";

export interface BeginningOptions {
  readonly site: string;
  readonly plan: RecoveryPlan;
  readonly member: DataMember;
  readonly memory: AgentMemory;
  readonly actions: MemberActions;
  readonly stores: StoreMembers;
  readonly author: string;
  readonly acknowledgements: number;
  readonly timings: LeaseTimings;
  readonly state: () => SiteState;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Beginning {
  run(): Promise<void>;
  /** The highest revision of the store that is known. */
  floor(): number;
  /** Why this view must not be believed; null: it may. It is remembered. */
  strange(view: RecoveryView): string | null;
}

const LOOK_MS = 200;
const SWAP_MAX_MS = 3_000;
const REMEMBER_EVERY_MS = 10_000;

export function startBeginning(options: BeginningOptions): Beginning {
  const { site, plan, member, memory, actions, stores, author, state, signal, clock, log } = options;
  let revision = memory.now().store?.revision ?? 0;
  let rememberedAtMs = -Infinity;
  let said: string | null = null;

  /** What the engine's settings say must be what is remembered, before it may run. */
  async function reconcile(): Promise<void> {
    if (!(await member.hasData())) return;
    const { following, promoted } = memory.now();
    const own = promoted !== null && promoted.process === member.process();
    if (following === null && !own) {
      const outcome = await member.perform({ kind: "follow", source: null }, AbortSignal.timeout(5_000));
      if (outcome.kind !== "done" && outcome.failure.code !== "IS_PRIMARY")
        log.warning(`${outcome.failure.code}: ${outcome.failure.what}`);
    }
    member.start();
  }

  async function decide(): Promise<void> {
    const hasData = await member.hasData();
    const { view } = state();
    const { candidates, members } = plan;
    const founds = !hasData && view !== null && view.epoch === null && candidates[0] === site;
    const others = founds ? members.filter(({ name }) => name !== site) : [];
    const peers = await Promise.all(
      others.map(async (peer) => ({
        site: peer.name,
        data: await peerData(peer, "member", signal, clock),
      })),
    );
    const decision = decideBeginning({ site, candidates, hasData, view, peers });
    const because = "because" in decision ? decision.because : null;
    if (because !== null && because !== said) log.info(`waits: ${because}`);
    said = because;
    if (decision.kind === "found") actions.offer({ do: "found" });
    else if (decision.kind === "seed")
      actions.offer({ do: "follow", primary: decision.primary, epoch: decision.epoch });
    else if (decision.kind === "start") await writeFirst(view);
  }

  async function writeFirst(view: RecoveryView | null): Promise<void> {
    if (view === null || view.epoch !== null || plan.candidates[0] !== site) return;
    const seen = await member.observe(AbortSignal.timeout(1_000));
    const own = seen.kind === "known" ? seen.value.replication : undefined;
    if (own === undefined || own.replaying) return;
    if (!mayWriteFirst({ site, candidates: plan.candidates, view }, own)) return;
    await memory.change(({ sealedEpoch }) => ({ sealedEpoch: Math.max(1, sealedEpoch) }));
    const names = ["lease", "epoch", "opened"];
    const swapped = await stores.swap(
      author,
      `first-${newId()}`,
      {
        compare: names.map((name) => ({ key: STATE + name, revision: 0 })),
        write: writesOf(firstRecord(site, options.acknowledgements, options.timings)),
      },
      AbortSignal.any([signal, AbortSignal.timeout(SWAP_MAX_MS)]),
    );
    log.info(`the first record of this workload: ${swapped.kind}`);
  }

  function remember(view: RecoveryView): void {
    const known = memory.now().store;
    const epoch = view.epoch?.value.epoch ?? 0;
    const due = clock.nowMs() - rememberedAtMs >= REMEMBER_EVERY_MS;
    if (known !== null && known.epoch === epoch && !due) return;
    rememberedAtMs = clock.nowMs();
    void memory.change(() => ({ store: { id: view.storeId, revision: view.revision, epoch } }));
  }

  return {
    floor: () => revision,
    strange(view) {
      const { history } = state().member;
      const why = strangeStore(memory.now().store, view, history.at(-1)?.branch ?? 0);
      if (why !== null) return why;
      revision = Math.max(revision, view.revision);
      remember(view);
      return null;
    },
    async run() {
      await reconcile();
      while (!signal.aborted) {
        if (member.process() === null || state().view?.epoch === null) await decide();
        await clock.sleep(LOOK_MS, signal);
      }
    },
  };
}
