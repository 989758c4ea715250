// One supervised process: started, noticed when it ends, taken over when it is still running from an earlier life of the
// agent. The process writes its own identity (pid and start time) before it becomes the program, so that there is no
// moment at which it runs and the agent's next life could not find it.
import { type ProcessIdentity, identityFromStat, isRunning } from "../runtime/process-identity.ts";
import type { Clock } from "../runtime/clock.ts";
import { readText } from "../runtime/files.ts";
import { start } from "../runtime/process.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Supervised {
  readonly pid: number;
  readonly attached: boolean;
  /** An attached process is nobody's child here: its code is not known. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
}

export interface SuperviseOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly identityFile: string;
  readonly stdio: ["ignore", number | "inherit", number | "inherit"];
}

const LOOK_MS = 25;

/** sh becomes the program after it has written who it is. */
const BECOME = `IFS= read -r stat </proc/self/stat && IFS= read -r boot </proc/sys/kernel/random/boot_id && printf '%s\\n%s\\n' "$boot" "$stat" >"$1" && shift && exec "$@"`;

/** The process that an earlier life started, when it still runs. */
export async function attachProcess(identityFile: string, clock: Clock): Promise<Supervised | null> {
  const identity = identityFromStat(await readText(identityFile));
  if (identity === null || !(await isRunning(identity))) return null;
  const gone = new AbortController();
  const exited = (async (): Promise<Exit> => {
    while (!gone.signal.aborted && (await isRunning(identity))) await clock.sleep(LOOK_MS, gone.signal);
    return { code: null, signal: null };
  })();
  return {
    pid: identity.pid,
    attached: true,
    exited,
    stop: async (graceMs) => {
      await terminate(identity, graceMs, clock);
      gone.abort();
      await exited;
    },
  };
}

export async function startProcess(options: SuperviseOptions): Promise<Supervised> {
  const child = await start(["sh", "-c", BECOME, "sh", options.identityFile, ...options.argv], {
    env: options.env,
    stdio: options.stdio,
    detached: true, // a process group of its own: it outlives the agent, and the agent's terminal signals
  });
  child.process.unref();
  return {
    pid: child.pid,
    attached: false,
    exited: child.exited,
    stop: (graceMs) => child.stop(graceMs),
  };
}

async function terminate(identity: ProcessIdentity, graceMs: number, clock: Clock): Promise<void> {
  const untilMs = clock.nowMs() + graceMs;
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!(await isRunning(identity))) return;
    try {
      process.kill(identity.pid, signal);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ESRCH") return;
      throw cause;
    }
    while (await isRunning(identity)) {
      if (signal === "SIGTERM" && clock.nowMs() > untilMs) break;
      await clock.sleep(LOOK_MS);
    }
  }
}
