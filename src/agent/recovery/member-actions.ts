// What decisions ask of the site's own member, carried out one at a time; the newest wish counts, and what is under way is not
// asked for again. Each may be asked again after any interruption.
//
//   seal     remember it, settings and receiver gone, whole log replayed ─► report
//   promote  sealed under that epoch ─► names, promotion, the epoch into the log ─► remember it, report
//   follow   look at the primary: its log goes on from ours ─► follow; else tell what only we have and rewind; else a copy
import { join } from "node:path";
import { OutlastError, type Failure, type Outcome } from "../../domain/outcome.ts";
import type {
  Engine,
  MemberSpec,
  Proof,
  ReplicationAction,
  ReplicationView,
} from "../../engines/contract.ts";
import type { Fence } from "../../fences/contract.ts";
import type { SiteAction } from "../../recovery/site-state.ts";
import type { Clock } from "../../runtime/clock.ts";
import { makeFolder } from "../../runtime/files.ts";
import type { Log } from "../../runtime/log.ts";
import type { DataMember } from "./data-member.ts";
import { type Attachment, attachmentOf } from "./member-report.ts";
import type { AgentMemory } from "./memory.ts";

export type MemberAction =
  | Extract<SiteAction, { do: "seal" | "promote" | "names" | "follow" }>
  /** A new workload's first data, sealed under its first epoch. */
  | { readonly do: "found" };

export interface MemberActionsOptions {
  readonly engine: Engine;
  readonly member: DataMember;
  readonly memory: AgentMemory;
  readonly fence: Pick<Fence, "endReads">;
  readonly spec: MemberSpec;
  readonly acknowledgements: number;
  readonly divergentFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Whatever is under way ends with it; copies leave nothing half done. */
  readonly signal: AbortSignal;
  /** Something was done: look at the member now. */
  readonly onDone: () => Promise<void>;
}

export interface MemberActions {
  offer(action: MemberAction): void;
  /** What is under way, for people. */
  doing(): string | null;
  /** Why the last one did not come to its end; null: it did. */
  complaint(): string | null;
  idle(): Promise<void>;
}

const QUICK_MS = 5_000;
const COPY_MS = 24 * 3_600_000;
const DEMOTE_GRACE_MS = 3_000;
const AGAIN_MS = 20;
const AGAIN_MAX_MS = 2_000;

export function startMemberActions(options: MemberActionsOptions): MemberActions {
  const { engine, member, memory, fence, spec, clock, log, signal, onDone } = options;
  const within = (limitMs: number) => AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  let running: Promise<void> | null = null;
  let doing: string | null = null;
  let complaint: string | null = null;
  let next: MemberAction | null = null;
  /** Of the last action, when it did not come to its end: asked again, it waits. */
  let failed: { readonly action: string; readonly times: number; readonly untilMs: number } | null = null;

  const giveUp = (failure: Failure): never => {
    throw new OutlastError(failure);
  };
  const did = (outcome: Outcome<Proof>): Proof =>
    outcome.kind === "done" ? outcome.value : giveUp(outcome.failure);
  const perform = async (action: ReplicationAction, limitMs = QUICK_MS): Promise<Proof> =>
    did(await member.perform(action, within(limitMs)));
  const wait = (what: string): never =>
    giveUp({
      code: "NOT_YET",
      definite: true,
      what,
      where: `site ${spec.name}`,
      next: "nothing: it is tried again",
    });

  /** With its whole log replayed. */
  async function wholeView(limitMs = QUICK_MS): Promise<ReplicationView> {
    const untilMs = clock.nowMs() + limitMs;
    let reason = "it still replays its log";
    while (!signal.aborted && clock.nowMs() < untilMs) {
      const seen = await member.observe(within(QUICK_MS));
      if (seen.kind === "unknown") reason = seen.reason;
      else if (seen.value.replication?.replaying === false) return seen.value.replication;
      await clock.sleep(10, signal);
    }
    return wait(`the member: ${reason}`);
  }

  /** A primary that is one no more: stopped, and what starts again is a standby of nobody. */
  async function demote(): Promise<void> {
    await member.stop(DEMOTE_GRACE_MS);
    await perform({ kind: "follow", source: null });
    member.start();
    await wholeView(60_000);
  }

  async function seal(epoch: number): Promise<string> {
    if (memory.now().sealedEpoch < epoch)
      await memory.change(() => ({ sealedEpoch: epoch, following: null }));
    const seen = await wholeView();
    if (!seen.inRecovery) await demote();
    else await perform({ kind: "follow", source: null });
    const { flushed } = await wholeView();
    return `sealed under epoch ${epoch}, its log ends at ${flushed}`;
  }

  async function promote(epoch: number, standbys: readonly string[], count: number): Promise<string> {
    if (memory.now().sealedEpoch !== epoch) return wait(`it is not sealed under epoch ${epoch}`);
    const ended = await fence.endReads();
    if (ended.kind !== "done") giveUp(ended.failure);
    const process = member.process();
    await perform({ kind: "promote", acknowledgement: { count, members: count === 0 ? [] : standbys } });
    const { what, position } = await perform({ kind: "record-epoch", epoch });
    if (process === null || process !== member.process()) return wait("the engine has ended meanwhile");
    await memory.change(() => ({ promoted: { epoch, process, flushed: position }, following: null }));
    return what;
  }

  async function names(standbys: readonly string[]): Promise<string> {
    const count = Math.min(options.acknowledgements, standbys.length);
    const acknowledgement = { count, members: count === 0 ? [] : standbys };
    return (await perform({ kind: "acknowledge", acknowledgement })).what;
  }

  async function lookAt(source: Pick<MemberSpec, "name" | "address">): Promise<ReplicationView> {
    const { listenAddress: _own, ...shared } = spec;
    await using attached = engine.attach({ ...shared, ...source });
    const seen = await attached.observe(within(QUICK_MS));
    if (seen.kind === "unknown") return wait(`the primary ${source.name} does not answer: ${seen.reason}`);
    if (seen.value.replication === undefined) throw new RangeError("observed without its replication");
    return seen.value.replication;
  }

  async function follow(primary: string, epoch: number): Promise<string> {
    const source = spec.members.find(({ name }) => name === primary);
    if (source === undefined) throw new RangeError(`no member ${primary}`);
    if (memory.now().sealedEpoch > epoch) return wait(`it is sealed under a later epoch than ${epoch}`);
    const own = await ownView();
    const how = attachmentOf(own, await lookAt(source), epoch);
    if (own !== null && !own.inRecovery && (how.kind === "follow" || how.kind === "wait")) await demote();
    try {
      const done = await ATTACH[how.kind](source, epoch, how);
      await memory.change(() => ({ following: { epoch, source: primary } }));
      return done;
    } finally {
      if (!signal.aborted) member.start(); // also what could not be rewound: as it was, following nobody
    }
  }

  async function ownView(): Promise<ReplicationView | null> {
    if (!(await member.hasData())) return null;
    if (member.process() === null) member.start();
    return await wholeView(60_000);
  }

  type Attach = (
    source: Pick<MemberSpec, "name" | "address">,
    epoch: number,
    how: Attachment,
  ) => Promise<string>;
  const copy: Attach = async (source, epoch) => {
    await member.stop(DEMOTE_GRACE_MS);
    // Before any of it is here: a copy of this epoch follows nothing older.
    await memory.change((known) => ({
      sealedEpoch: Math.max(known.sealedEpoch, epoch),
      following: { epoch, source: source.name },
    }));
    return (await perform({ kind: "reseed", source }, COPY_MS)).what;
  };
  const because = (how: Attachment): string => ("because" in how ? how.because : how.kind);
  const ATTACH: Readonly<Record<Attachment["kind"], Attach>> = {
    wait: async (_source, _epoch, how) => wait(because(how)),
    refuse: async (_source, _epoch, how) =>
      giveUp({
        code: "OTHER_CLUSTER",
        definite: true,
        what: because(how),
        where: `site ${spec.name}`,
        next: "look where this data comes from; nothing was changed",
      }),
    seed: copy,
    follow: async (source) => (await perform({ kind: "follow", source })).what,
    rewind: async (source, epoch) => {
      await member.stop(DEMOTE_GRACE_MS);
      await makeFolder(options.divergentFolder);
      const name = `${clock.wall().replaceAll(":", "-")}-before-epoch-${epoch}.txt`;
      const divergentFile = join(options.divergentFolder, name);
      return (await perform({ kind: "rewind", source, divergentFile }, COPY_MS)).what;
    },
  };

  async function found(): Promise<string> {
    await memory.change(() => ({ sealedEpoch: 1, following: null }));
    const { what } = await perform({ kind: "found" }, COPY_MS);
    member.start();
    await wholeView(60_000);
    return what;
  }

  const carryOut = (action: MemberAction): Promise<string> => {
    switch (action.do) {
      case "seal":
        return seal(action.epoch);
      case "promote":
        return promote(action.epoch, action.standbys, action.acknowledgements);
      case "names":
        return names(action.standbys);
      case "follow":
        return follow(action.primary, action.epoch);
      case "found":
        return found();
      default:
        return action satisfies never;
    }
  };

  async function turn(action: MemberAction): Promise<void> {
    const fromMs = clock.nowMs();
    doing = JSON.stringify(action);
    try {
      const what = await carryOut(action);
      complaint = null;
      failed = null;
      const tookMs = Math.round(clock.nowMs() - fromMs);
      log.emit({ event: "member-moved", member: spec.name, action: action.do, what, tookMs });
    } catch (cause) {
      if (!(cause instanceof OutlastError)) throw cause;
      const { code, what } = cause.failure;
      if (complaint !== what) log.info(`${action.do}: ${code}: ${what}`);
      complaint = what;
      const times = failed?.action === doing ? failed.times + 1 : 0;
      failed = {
        action: doing,
        times,
        untilMs: clock.nowMs() + Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** times),
      };
    }
    await onDone();
  }

  function begin(): void {
    const action = next;
    next = null;
    if (action === null) return;
    running = turn(action).finally(() => {
      doing = null;
      running = null;
      begin();
    });
  }

  return {
    offer(action) {
      const asked = JSON.stringify(action);
      if (signal.aborted || doing === asked || (failed?.action === asked && clock.nowMs() < failed.untilMs))
        return;
      next = action;
      if (running === null) begin();
    },
    doing: () => doing,
    complaint: () => complaint,
    idle: async () => {
      next = null;
      await running;
    },
  };
}
