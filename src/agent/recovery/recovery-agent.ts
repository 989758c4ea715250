// The agent where one primary commits: it renews and confirms the lease of its own primary, or watches the one of another's and
// takes over when it falls silent. What is decided is src/recovery's; what is done is in the files beside this one.
//
//   store ──views──►┐                          ┌──► fence: ticket, renewal, confirm, close     holder-actions.ts
//   member ─report─►├─ decide (decisions.ts) ──┼──► store: take, seal, name, open              store-members.ts
//   clock ──tick───►┘                          └──► member: seal, promote, names, follow       member-actions.ts
import { join } from "node:path";
import { OutlastError } from "../../domain/outcome.ts";
import { FENCED_ENGINE_ADDRESS, PORTS } from "../../domain/plan.ts";
import type { MemberSpec } from "../../engines/contract.ts";
import { LEASE_TIMINGS } from "../../recovery/lease-timings.ts";
import { newSite, type SiteAction, type SiteState } from "../../recovery/site-state.ts";
import { makeFolder } from "../../runtime/files.ts";
import { takeLock } from "../../runtime/lock.ts";
import { agesOf, type FactAges, factsOf, noteFacts } from "../fact-ages.ts";
import { startFrontend } from "../frontend.ts";
import { replicasNews } from "../replicas.ts";
import { watchLinks } from "../link-watch.ts";
import { startAgentServer } from "../server.ts";
import { startBeginning } from "./beginning.ts";
import { caughtUp } from "./caught-up.ts";
import { startDataMember } from "./data-member.ts";
import { startDecisions } from "./decisions.ts";
import { startFenceWatch } from "./fence-watch.ts";
import { leaseFound, startHolderActions } from "./holder-actions.ts";
import { startLooking } from "./looking.ts";
import { startMemberActions } from "./member-actions.ts";
import { DOWN } from "./member-report.ts";
import { openMemory } from "./memory.ts";
import { reserveNonces } from "./nonces.ts";
import { type RecoveryAgentOptions, type RecoveryPlan, recoveryPlan } from "./options.ts";
import { startProofOfLife } from "./proof-of-life.ts";
import { startQuorumKeeping } from "./quorum-keeping.ts";
import { recoveryReport, type RecoverySeen, recoveryStatus } from "./status.ts";
import { NO_LAGS, noteLag } from "./standby-lag.ts";
import { startStoreMembers } from "./store-members.ts";
import { startStorePlace } from "./store-place.ts";
import { stateSwap } from "./store-view.ts";
import { startStoreViews } from "./store-views.ts";
import { readToken, startWorkflows } from "./workflows.ts";

/** Fine enough that a lease's end is not waited for longer than it lasts. */
const TICK_MS = 10;
const READ_EVERY_MS = 60;
/** At the store's member of this site and at the front-end, for people and readiness. */
const LOOK_MS = 300;
const SWAP_SETTLED_MS = 3_000;

export interface RecoveryAgent extends AsyncDisposable {
  /** Resolves when it can't go on: the fence is gone. */
  readonly failed: Promise<OutlastError>;
}

/** Throws OutlastError (PORT_IN_USE, DATA_FOLDER_LOCKED, ADDRESS_MISSING, UNKNOWN_SITE, what the fence throws). */
export async function startRecoveryAgent(options: RecoveryAgentOptions): Promise<RecoveryAgent> {
  const { site, dataFolder, clock, log } = options;
  const plan = recoveryPlan(options);
  const timings = LEASE_TIMINGS;
  const stop = new AbortController();
  const failed = Promise.withResolvers<OutlastError>();
  await using stack = new AsyncDisposableStack();

  await makeFolder(dataFolder);
  const lock = await takeLock(join(dataFolder, "lock"));
  if (lock === null) throw locked(dataFolder);
  stack.defer(() => lock.close());
  const memory = await openMemory(join(dataFolder, "recovery.json"));
  const spec = specOf(options, plan, lock.fd);

  // The fence stands, closed, before anything may listen behind it.
  const fence = stack.use(
    await options.startFence({
      workload: options.plan.name,
      address: spec.address,
      engineAddress: FENCED_ENGINE_ADDRESS,
      peers: plan.members.filter(({ name }) => name !== site).map(({ address }) => address),
      timings,
    }),
  );
  const storePlace = stack.use(
    await startStorePlace({
      ...options,
      engine: options.storeEngine,
      installed: options.storeInstalled,
      members: plan.members,
    }),
  );
  const authors = {
    renewals: `${site}/renewals`,
    swaps: `${site}/swaps`,
    quorum: `${site}/quorum`,
    flows: `${site}/flows`,
  };
  const ordered = [
    ...plan.members.filter(({ name }) => name === site),
    ...plan.members.filter(({ name }) => name !== site),
  ];
  const stores = stack.use(
    startStoreMembers({
      stores: ordered.map(({ address }) => options.openStore(address)),
      authors: Object.values(authors),
      retryMs: timings.retryMs,
      clock,
    }),
  );
  const member = stack.use(await startDataMember({ ...options, spec }));

  const settings = {
    timings,
    sites: plan.candidates,
    acknowledgements: plan.acknowledgements,
    whenReplicaLost: "block" as const,
    trigger: plan.trigger,
  };
  const nonces = await reserveNonces(memory);
  const decisions = startDecisions(newSite(site, settings, DOWN, nonces.first), clock, log, perform);
  const holding = startHolderActions({
    fence,
    stores,
    author: authors.renewals,
    answerMs: timings.ticketMs,
    clock,
    log,
    signal: stop.signal,
    tell: (event) => decisions.tell(event),
  });
  const looking = startLooking({
    member,
    memory,
    clock,
    state: decisions.state,
    tell: decisions.tell,
    news: replicasNews(
      site,
      plan.members.map(({ name }) => name).filter((name) => name !== site),
      log,
    ),
  });
  const actions = startMemberActions({
    engine: options.engine,
    member,
    memory,
    fence,
    spec,
    acknowledgements: plan.acknowledgements,
    divergentFolder: join(dataFolder, "divergent"),
    clock,
    log,
    signal: stop.signal,
    onDone: looking.now,
  });

  function perform(action: SiteAction, state: SiteState): void {
    switch (action.do) {
      case "ticket":
      case "renew":
      case "confirm":
      case "close":
        holding.perform(action, state.holder.kind === "none" ? 0 : state.holder.epoch, handingOver(state));
        return;
      case "seal":
      case "promote":
      case "names":
      case "follow":
        actions.offer(action);
        return;
      case "swap":
        void swap(action.swap);
        return;
      default:
        action satisfies never;
    }
  }

  function handingOver({ holder }: SiteState): (() => Promise<void>) | undefined {
    if (holder.kind !== "releasing") return undefined;
    return () => caughtUp(member, holder.to, clock, stop.signal);
  }

  async function swap(wanted: Extract<SiteAction, { do: "swap" }>["swap"]): Promise<void> {
    const settled = AbortSignal.any([stop.signal, AbortSignal.timeout(SWAP_SETTLED_MS)]);
    const swapped = await stores.swap(authors.swaps, String(wanted.nonce), stateSwap(wanted), settled);
    const answer =
      swapped.kind === "refused"
        ? { kind: "refused" as const, lease: leaseFound(swapped.found) }
        : { kind: swapped.kind };
    decisions.tell({ kind: "swap", nonce: wanted.nonce, answer });
  }

  const beginning = startBeginning({
    site,
    plan,
    member,
    memory,
    actions,
    stores,
    author: authors.swaps,
    acknowledgements: plan.acknowledgements,
    timings,
    state: decisions.state,
    signal: stop.signal,
    clock,
    log,
  });
  const views = stack.use(
    startStoreViews({
      stores,
      members: ordered.length,
      everyMs: READ_EVERY_MS,
      clock,
      log,
      floor: beginning.floor,
      onView: (view, floor) => {
        const strange = beginning.strange(view);
        if (strange !== null) decisions.distrust(strange);
        else decisions.tell({ kind: "view", view, floor });
      },
    }),
  );
  const frontend =
    options.frontendArgv === null
      ? null
      : startFrontend({
          argv: options.frontendArgv,
          identityFile: join(dataFolder, "frontend.process"),
          readyUrl: `http://${spec.address}:${options.plan.balancer.port}/health/ready`,
          clock,
          log,
        });
  const workflows = startWorkflows({
    site,
    plan,
    objectives: options.plan.objectives,
    member,
    memory,
    decisions,
    stores,
    author: authors.flows,
    token: await readToken(options.tokenFile, dataFolder),
    closeFence: () => holding.perform({ do: "close", epoch: 0 }, 0),
    clock,
    log,
    signal: stop.signal,
  });
  const { fencedBecause } = memory.now();
  if (fencedBecause !== null) decisions.distrust(fencedBecause);
  let hasData = await member.hasData();
  let lags = NO_LAGS;
  let ages: FactAges = {};
  const loops = [
    beginning.run(),
    workflows.run(),
    looking.run(stop.signal),
    startProofOfLife({ member, decisions, clock, signal: stop.signal }),
    startQuorumKeeping({
      plan,
      member,
      stores,
      decisions,
      author: authors.quorum,
      clock,
      log,
      signal: stop.signal,
    }),
    startFenceWatch({ fence, member, clock, log, signal: stop.signal, onMissing: failed.resolve }),
    nonces.keepAhead(decisions.state, clock, stop.signal),
    watchLinks(
      { plan: options.plan, site, peers: plan.members.filter(({ name }) => name !== site), clock, log },
      stop.signal,
    ),
    looks(),
    tellsOfWorkflows(),
    ticks(),
  ];
  async function ticks(): Promise<void> {
    while (!stop.signal.aborted) {
      decisions.tell({ kind: "tick" });
      await clock.sleep(TICK_MS, stop.signal);
    }
  }
  async function tellsOfWorkflows(): Promise<void> {
    while (!stop.signal.aborted) {
      await workflows.news.look();
      await clock.sleep(LOOK_MS, stop.signal);
    }
  }
  async function looks(): Promise<void> {
    while (!stop.signal.aborted) {
      await Promise.all([storePlace.look(stop.signal), frontend?.look(stop.signal)]);
      const observed = looking.observed();
      lags = noteLag(lags, observed.kind === "known" ? observed.value.replication : undefined, clock.nowMs());
      ages = noteFacts(ages, factsOf(recoveryStatus(seen()), recoveryReport(seen())), clock.nowMs());
      hasData = await member.hasData();
      await clock.sleep(LOOK_MS, stop.signal);
    }
  }

  const seen = (): RecoverySeen => ({
    site,
    installed: options.installed,
    state: decisions.state(),
    observed: looking.observed(),
    pid: member.pid(),
    hasData,
    remembered: memory.now(),
    storeMember: storePlace.status(),
    storeReadAtMs: views.readAtMs(),
    storeComplaint: views.complaint(),
    doing: actions.doing(),
    complaint: actions.complaint(),
    confirmed: holding.confirmed(),
    fenceLeavesOpen: fence.leavesOpen,
    fenceMs: timings.fenceMs,
    lags,
    workflows: workflows.news.seen(),
    frontend: frontend === null ? null : { pid: frontend.pid(), report: frontend.report() },
    nowMs: clock.nowMs(),
  });
  stack.defer(async () => {
    stop.abort();
    await actions.idle();
    // At once: the whole agent has to end within a second.
    const ends = [
      frontend?.[Symbol.asyncDispose](),
      member[Symbol.asyncDispose](),
      storePlace[Symbol.asyncDispose](),
    ];
    await Promise.all([...loops, ...ends]);
  });
  stack.use(
    await startAgentServer(spec.address, {
      site,
      status: () => ({ ...recoveryStatus(seen()), heldForMs: agesOf(ages, clock.nowMs()) }),
      report: () => recoveryReport(seen()),
      returned: async () => null,
      workflows: workflows.answers,
    }),
  );
  const moved = stack.move();
  return { failed: failed.promise, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

function specOf(options: RecoveryAgentOptions, plan: RecoveryPlan, lock: number): MemberSpec {
  return {
    ...plan.self,
    dataFolder: join(options.dataFolder, "member"),
    members: plan.members,
    cluster: "existing",
    listenAddress: FENCED_ENGINE_ADDRESS,
    replicationPort: PORTS.postgresqlReplication,
    lock,
    ...(options.unsafeNoFsync ? { unsafeNoFsync: true } : {}),
  };
}

const locked = (folder: string): OutlastError =>
  new OutlastError({
    code: "DATA_FOLDER_LOCKED",
    definite: true,
    what: "another agent, or a program that it started, works on this data",
    where: folder,
    next: "end the other agent ('fuser' on the file lock names it), or give this one its own folder",
  });
