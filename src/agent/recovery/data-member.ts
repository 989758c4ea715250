// The process of the site's engine: started, taken over when it still runs, started again when it ends, unless it was stopped on
// purpose. It always starts as a standby; who it follows is in its own settings.
import { join } from "node:path";
import type { Outcome, Reading } from "../../domain/outcome.ts";
import type { Plan } from "../../domain/plan.ts";
import type {
  Engine,
  Installation,
  MemberSpec,
  Observation,
  Proof,
  ReplicationAction,
} from "../../engines/contract.ts";
import type { Clock } from "../../runtime/clock.ts";
import { openProgramLog, readText } from "../../runtime/files.ts";
import type { Log } from "../../runtime/log.ts";
import { restartDelayMs } from "../decide.ts";
import { attachProcess, startProcess, type Supervised } from "../supervise.ts";

export interface DataMemberOptions {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly installed: Installation;
  readonly spec: MemberSpec;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DataMember extends AsyncDisposable {
  hasData(): Promise<boolean>;
  /** Unknown while it does not run. */
  observe(signal: AbortSignal): Promise<Reading<Observation>>;
  perform(action: ReplicationAction, signal: AbortSignal): Promise<Outcome<Proof>>;
  /** Names one life of the engine; null: it does not run. */
  process(): string | null;
  pid(): number | null;
  /** From now on it is kept running. */
  start(): void;
  /** Called whenever the engine has ended. */
  onExit(told: () => void): void;
  /** Ends in order within `graceMs`, else it is killed; and is not started again until it is asked for. */
  stop(graceMs: number): Promise<void>;
}

const PROGRAM_LOG_MAX_BYTES = 16 * 1024 * 1024;
const KILL_GRACE_MS = 50;

export async function startDataMember(options: DataMemberOptions): Promise<DataMember> {
  const { plan, engine, installed, spec, dataFolder, clock, log } = options;
  if (engine.replication === undefined) throw new RangeError(`${engine.kind} has no replication`);
  const attached = engine.replication.attach({ installed, member: spec, plan });
  const identityFile = join(dataFolder, "member.process");
  const over = new AbortController();
  let wanted = false;
  let wake = Promise.withResolvers<void>();
  let running: Supervised | null = await attachProcess(identityFile, clock);
  let life = running === null ? null : await lifeName(running.pid);
  const exits: (() => void)[] = [];
  let failedLives = 0;
  let answered = false;

  /** Boot, process id and start time: never given twice. */
  async function lifeName(pid: number): Promise<string> {
    const boot = ((await readText("/proc/sys/kernel/random/boot_id")) ?? "").trim();
    const stat = (await readText(`/proc/${pid}/stat`)) ?? "";
    return `${boot} ${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "gone"}`;
  }

  async function begin(): Promise<Supervised> {
    const launch = engine.launch(installed, { ...spec, cluster: "existing" }, plan);
    const out = await openProgramLog(join(dataFolder, "member.log"), PROGRAM_LOG_MAX_BYTES);
    try {
      const stdio = ["ignore", out.fd, out.fd] as ["ignore", number, number];
      return await startProcess({ argv: launch.argv, env: launch.env, identityFile, stdio });
    } finally {
      await out.close();
    }
  }

  async function lives(): Promise<void> {
    while (!over.signal.aborted) {
      if (running === null) {
        const { promise: woken } = wake; // before looking, so that no call is missed
        if (!wanted || !(await engine.hasData(spec.dataFolder))) {
          await woken;
          continue;
        }
        const begun = await begin();
        life = await lifeName(begun.pid);
        running = begun;
        answered = false;
        if (!wanted) await begun.stop(KILL_GRACE_MS); // stopped while it was being started
      }
      log.emit({ event: "member-started", member: spec.name, pid: running.pid, attached: running.attached });
      const { code, signal } = await running.exited;
      running = null;
      life = null;
      for (const told of exits) told();
      log.emit({ event: "member-exited", member: spec.name, code, signal });
      failedLives = answered ? 0 : failedLives + 1;
      if (wanted && !over.signal.aborted) await clock.sleep(restartDelayMs(failedLives), over.signal);
    }
  }
  const living = lives();
  const nudge = () => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };

  const member: DataMember = {
    hasData: () => engine.hasData(spec.dataFolder),
    async observe(signal) {
      const asked = running;
      if (asked === null) return { kind: "unknown", reason: "not running", sinceMs: clock.nowMs() };
      const seen = await attached.observe(signal);
      if (running !== asked) return { kind: "unknown", reason: "it has ended", sinceMs: clock.nowMs() };
      if (seen.kind === "known") answered = true;
      return seen;
    },
    perform: (action, signal) => attached.perform(action, signal),
    process: () => life,
    pid: () => running?.pid ?? null,
    onExit: (told) => void exits.push(told),
    start() {
      wanted = true;
      nudge();
    },
    async stop(graceMs) {
      wanted = false;
      const ending = running;
      if (ending === null) return;
      const inOrder = await attached.perform({ kind: "stop" }, AbortSignal.timeout(graceMs));
      if (inOrder.kind !== "done") await ending.stop(KILL_GRACE_MS);
      await ending.exited;
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await member.stop(STOP_GRACE_MS);
      nudge();
      await living;
      await attached[Symbol.asyncDispose]();
    },
  };
  return member;
}

/** The whole agent has to end within a second; the engine is safe when it is killed. */
const STOP_GRACE_MS = 700;
