// Keeps the site's member running: takes over one that still runs, founds, starts, or replaces from empty, as decideMember
// says. A life of the member:
//
//   attach? ──no──► look (own folder, majority, peers) ──► decide ──wait──► look again
//                                                            ├─replace─► through the living, then look again
//                                                            └─start ──► running ──exit──► look again
import { join } from "node:path";
import type { Reading } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import type { Engine, Installation, MemberSpec, Observation } from "../engines/contract.ts";
import type { Clock } from "../runtime/clock.ts";
import { listFolder, openProgramLog, removeTree, writeFileAtomic } from "../runtime/files.ts";
import type { Log } from "../runtime/log.ts";
import { type DataState, decideMember, type MemberDecision, restartDelayMs } from "./decide.ts";
import { peerData } from "./peers.ts";
import { attachProcess, startProcess, type Supervised } from "./supervise.ts";

/** Below the data folder: who runs the member (supervise.ts). */
export const MEMBER_IDENTITY = "member.process";

export interface MemberOptions {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly installed: Installation;
  /** Its `cluster` is decided here. */
  readonly spec: MemberSpec;
  /** The agent's own folder; the member's data lies below it. */
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How another site's data is asked for; without it, that of its agent's member. */
  readonly peerData?: (
    peer: Pick<MemberSpec, "name" | "address">,
    signal: AbortSignal,
  ) => Promise<Reading<DataState>>;
}

export interface MemberStatus {
  readonly state: "waiting" | "replacing" | "running" | "stopped";
  readonly because: string;
  readonly pid: number | null;
  readonly attached: boolean;
  readonly data: DataState;
  readonly observed: Reading<Observation>;
}

export interface RunningMember extends AsyncDisposable {
  status(): MemberStatus;
  /** Asks the member once. */
  look(signal: AbortSignal): Promise<void>;
}

const WAIT_MS = 150;
const PROGRAM_LOG_MAX_BYTES = 16 * 1024 * 1024;
/** The whole agent has to end within a second; the engine is safe when it is killed. */
const STOP_GRACE_MS = 700;

export function startMember(options: MemberOptions): RunningMember {
  const { plan, engine, installed, spec, dataFolder, clock, log } = options;
  const stop = new AbortController();
  const askPeer = options.peerData ?? ((peer, signal) => peerData(peer, signal, clock));
  const attachment = engine.attach(spec);
  const identityFile = join(dataFolder, MEMBER_IDENTITY);
  const foundingFile = join(dataFolder, "founding");
  const unseen = (reason: string): Reading<Observation> => ({
    kind: "unknown",
    reason,
    sinceMs: clock.nowMs(),
  });
  let status: MemberStatus = {
    state: "waiting",
    because: "the agent has just started",
    pid: null,
    attached: false,
    data: "empty",
    observed: unseen("not asked yet"),
  };
  let running: Supervised | null = null;
  let ready = false;
  let failedLives = 0;
  let term = -1;
  let leader: string | null = null;

  const set = (change: Partial<MemberStatus>) => {
    if (change.because !== undefined && change.because !== status.because)
      log.info(`${spec.name}: ${change.state ?? status.state}: ${change.because}`);
    status = { ...status, ...change };
  };

  async function dataState(): Promise<DataState> {
    if (!(await engine.hasData(spec.dataFolder))) return "empty";
    return (await listFolder(dataFolder)).includes("founding") ? "founding" : "present";
  }

  async function decide(): Promise<MemberDecision> {
    const own = await dataState();
    set({ data: own });
    if (own !== "empty") return decideMember({ own, standing: unknownStanding("not asked"), peers: [] });
    const others = spec.members.filter(({ name }) => name !== spec.name);
    const [standing, ...data] = await Promise.all([
      engine.membership?.standing(spec, stop.signal) ?? unknownStanding("this engine has no membership"),
      ...others.map((peer) => askPeer(peer, stop.signal)),
    ]);
    const peers = others.map(({ name }, at) => ({ site: name, data: data[at] ?? unseen("not asked") }));
    return decideMember({ own, standing, peers: peers as Parameters<typeof decideMember>[0]["peers"] });
  }
  const unknownStanding = (reason: string) => ({ kind: "unknown" as const, reason, sinceMs: clock.nowMs() });

  async function replace(because: string): Promise<void> {
    set({ state: "replacing", because });
    const outcome = await engine.membership?.replace(spec, stop.signal);
    if (outcome?.kind !== "done") {
      set({ state: "waiting", because: outcome?.failure.what ?? "this engine can't replace a member" });
      await clock.sleep(WAIT_MS, stop.signal);
      return;
    }
    await removeTree(spec.dataFolder); // what was left there belongs to the identity that is gone
    log.emit({ event: "member-replaced", member: spec.name, because });
  }

  async function runOnce(cluster: "new" | "existing", because: string): Promise<void> {
    if (cluster === "new") await writeFileAtomic(foundingFile, "");
    const launch = engine.launch(installed, { ...spec, cluster }, plan);
    const out = await openProgramLog(join(dataFolder, "member.log"), PROGRAM_LOG_MAX_BYTES);
    try {
      const stdio = ["ignore", out.fd, out.fd] as ["ignore", number, number];
      running = await startProcess({ argv: launch.argv, env: launch.env, identityFile, stdio });
    } finally {
      await out.close();
    }
    // From here on it may have data at any moment: "empty" must not be told to peers any more.
    if (status.data === "empty") set({ data: cluster === "new" ? "founding" : "present" });
    await untilExit(running, because);
  }

  async function untilExit(process: Supervised, because: string): Promise<void> {
    const { pid, attached } = process;
    running = process;
    ready = false;
    set({ state: "running", because, pid, attached });
    log.emit({ event: "member-started", member: spec.name, pid, attached });
    if (stop.signal.aborted) await process.stop(STOP_GRACE_MS);
    const { code, signal } = await process.exited;
    running = null;
    log.emit({ event: "member-exited", member: spec.name, code, signal });
    failedLives = ready ? 0 : failedLives + 1;
    const how = signal ?? (code === null ? "ended" : `ended with ${code}`);
    set({
      state: "stopped",
      because: ready ? how : `${how}; its own words are in member.log`,
      pid: null,
      observed: unseen("not running"),
    });
    if (!stop.signal.aborted) await clock.sleep(restartDelayMs(failedLives), stop.signal);
  }

  async function life(): Promise<void> {
    set({ data: await dataState() });
    const attached = await attachProcess(identityFile, clock);
    if (attached !== null) await untilExit(attached, "still running from an earlier life of the agent");
    while (!stop.signal.aborted) {
      const decision = await decide();
      if (stop.signal.aborted) return;
      if (decision.kind === "start") await runOnce(decision.cluster, decision.because);
      else if (decision.kind === "replace") await replace(decision.because);
      else {
        set({ state: "waiting", because: decision.because });
        await clock.sleep(WAIT_MS, stop.signal);
      }
    }
  }
  const living = life();

  async function look(signal: AbortSignal): Promise<void> {
    const asked = running;
    if (asked === null) return;
    const observed = await attachment.observe(signal);
    const becomesReady = !ready && observed.kind === "known" && observed.value.quorum;
    if (becomesReady && running === asked) await removeTree(foundingFile);
    if (running !== asked) return; // it ended meanwhile
    // In one step: nobody may read of a majority beside data that is not there yet.
    status = { ...status, observed, ...(becomesReady ? { data: "present" as const } : {}) };
    if (observed.kind === "unknown") return;
    const { value } = observed;
    if (value.term !== term || value.leader !== leader) {
      term = value.term;
      leader = value.leader;
      log.emit({ event: "term-changed", member: spec.name, term, leader });
    }
    if (becomesReady) {
      ready = true;
      failedLives = 0;
      log.emit({ event: "member-ready", member: spec.name, role: value.role, term });
    }
  }

  return {
    status: () => status,
    look,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running?.stop(STOP_GRACE_MS);
      await living;
      await attachment[Symbol.asyncDispose]();
    },
  };
}
