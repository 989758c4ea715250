// The only place that starts processes. Every wait is bounded and takes a signal; every kept output is bounded.
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  spawn,
  type StdioOptions,
} from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { OutlastError } from "../domain/outcome.ts";

const OUTPUT_MAX_BYTES = 4 * 1024 * 1024;

export interface Finished {
  /** null: ended by `signal`. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Open files that the program inherits, as 3, 4 …: what they lock stays locked until it ends. */
  readonly inherit?: readonly number[];
}

/** Runs a program to its end. Throws only when it can't be started (PROGRAM_NOT_STARTED), is aborted or times out. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program, ...args] = argv;
  if (program === undefined) throw new RangeError("run: empty argv");
  const timeoutMs = options.timeoutMs ?? 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe", ...(options.inherit ?? [])],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    }) as ChildProcessWithoutNullStreams; // its first three are pipes
    const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const size = { stdout: 0, stderr: 0 };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].on("data", (chunk: Buffer) => {
        size[stream] += chunk.length;
        if (size[stream] <= OUTPUT_MAX_BYTES) kept[stream].push(chunk);
      });
    }
    let stopped: "aborted" | "timed out" | null = null;
    const stop = (why: "aborted" | "timed out") => {
      stopped = why;
      child.kill("SIGKILL");
    };
    const onAbort = () => stop("aborted");
    if (options.signal?.aborted) onAbort();
    options.signal?.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => stop("timed out"), timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
    };
    child.on("error", (cause) => {
      settle();
      reject(
        new OutlastError({
          code: "PROGRAM_NOT_STARTED",
          definite: true,
          what: `${program} could not be started: ${cause.message}`,
          where: argv.join(" "),
          next: `install ${program}, or see 'outlast check --preflight'`,
          cause,
        }),
      );
    });
    child.on("close", (code, signal) => {
      settle();
      const stdout = Buffer.concat(kept.stdout).toString();
      const stderr = Buffer.concat(kept.stderr).toString();
      if (stopped === null) return resolve({ code, signal, stdout, stderr });
      reject(
        new OutlastError(
          {
            code: stopped === "aborted" ? "INTERRUPTED" : "PROGRAM_TIMED_OUT",
            definite: false,
            what: `${program} was ${stopped}${stopped === "aborted" ? "" : ` after ${timeoutMs} ms`}`,
            where: argv.join(" "),
            next:
              stopped === "aborted"
                ? "start it again when wanted"
                : `look at its last words: ${stderr.slice(-300)}`,
          },
          stopped === "aborted" ? 130 : 3,
        ),
      );
    });
    child.stdin.on("error", () => undefined); // it may end before it reads all of its input
    child.stdin.end(options.input ?? "");
  });
}

/** Like run, but an exit code other than 0 throws PROGRAM_FAILED with the program's own words. */
export async function runOk(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const finished = await run(argv, options);
  if (finished.code === 0) return finished;
  throw new OutlastError({
    code: "PROGRAM_FAILED",
    definite: false,
    what: `${argv[0]} ended with ${finished.code ?? finished.signal}: ${(finished.stderr || finished.stdout).trim().slice(-600)}`,
    where: argv.join(" "),
    next: "run the same command by hand to see more",
  });
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it is gone. */
  stop(graceMs?: number, signal?: "SIGTERM" | "SIGINT"): Promise<void>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: StdioOptions;
  readonly detached?: boolean;
}

/** Starts a long-lived program. Throws PROGRAM_NOT_STARTED. */
export async function start(argv: readonly string[], options: StartOptions = {}): Promise<Child> {
  const [program, ...args] = argv;
  if (program === undefined) throw new RangeError("start: empty argv");
  const child = spawn(program, args, {
    stdio: options.stdio ?? ["ignore", "inherit", "inherit"],
    detached: options.detached ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) =>
      reject(
        new OutlastError({
          code: "PROGRAM_NOT_STARTED",
          definite: true,
          what: `${program} could not be started: ${cause.message}`,
          where: argv.join(" "),
          next: `install ${program}`,
          cause,
        }),
      ),
    );
  });
  const stop = async (graceMs = 5_000, signal: "SIGTERM" | "SIGINT" = "SIGTERM") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return { pid: child.pid ?? -1, process: child, exited, stop, [Symbol.asyncDispose]: () => stop() };
}

/** Folders with system programs that are often missing in an ordinary user's PATH. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/** The absolute path of a program on PATH or in the system's folders; null when there is none. */
export async function findProgram(name: string): Promise<string | null> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  for (const folder of folders) {
    if (!folder.startsWith("/")) continue;
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return null;
}

/** The command line of `outlast VERB …` with this very Node.js and this very tree (src/*.ts or dist/*.js). */
export function outlastCommand(...args: readonly string[]): string[] {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const main = fileURLToPath(new URL(`../cli/main.${extension}`, import.meta.url));
  return [process.execPath, "--disable-warning=ExperimentalWarning", main, ...args];
}

/**
 * Gives a process a better place in the queue (niceness, −20 … 19); false when this user may not. Its whole session gets it:
 * where the kernel shares cores between sessions first (sched_autogroup), a process's own niceness counts within its session only.
 */
export function raisePriority(pid: number, niceness: number): boolean {
  try {
    setPriority(pid, niceness);
    const session = `/proc/${pid}/autogroup`;
    if (existsSync(session)) writeFileSync(session, String(niceness));
    return true;
  } catch {
    return false; // it has ended, or we are an ordinary user; measured lateness tells whether it matters
  }
}

/** A signal that aborts on SIGINT or SIGTERM: what every command waits with. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}
