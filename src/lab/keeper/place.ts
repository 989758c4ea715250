// One place of a lab while it is up: a process-id and mount namespace on its network namespace, and the processes in it.
// Killing its init ends all of them in one instant, which is how a site is lost.
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import { type Child, start } from "../../runtime/process.ts";
import { KEEPER_FOLDER } from "../disks/disks.ts";
import { inNamespace } from "../apply-network.ts";
import type { Place } from "../topology.ts";

export interface ProcessSpec {
  readonly name: string;
  readonly argv: readonly string[];
  /** true: started again when it ends, as a machine's service manager does. */
  readonly restart: boolean;
}

export interface ProcessStatus {
  readonly name: string;
  readonly pid: number | null;
  readonly restarts: number;
  /** Exit of a process that is not restarted. */
  readonly ended: { readonly code: number | null; readonly signal: string | null } | null;
}

export interface RunningPlace extends AsyncDisposable {
  readonly place: Place;
  /** In the keeper's process-id namespace. */
  readonly initPid: number;
  start(spec: ProcessSpec): Promise<void>;
  /** Every process of the place with this name: argv[0]'s base name, or the outlast verb. */
  pidsOf(name: string): readonly number[];
  status(): readonly ProcessStatus[];
  /** Resolves when that process has ended and will not be restarted, or the place is gone. */
  ended(name: string): Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** SIGTERM to one process and whatever runs below it under its name. */
  stop(name: string): void;
  /** Ends everything in it at once. */
  kill(): Promise<void>;
}

const RESTART_DELAY_MIN_MS = 50;
const RESTART_DELAY_MAX_MS = 2_000;
const HEALTHY_AFTER_MS = 5_000;
const SHARED_MEMORY_MAX = "256m";
// Hides the keeper's folder, has shared memory of its own, then adopts and reaps orphans. SIGKILL from outside is its only end.
const INIT = `mount -t tmpfs -o size=4k,ro outlast ${KEEPER_FOLDER} || exit 1
[ ! -d /dev/shm ] || mount -t tmpfs -o size=${SHARED_MEMORY_MAX},mode=1777 outlast /dev/shm || exit 1
echo up; exec 1>&-; while :; do sleep 3600 & wait $!; done`;

/** gateway/eu-west, balancer → gateway-eu-west-balancer: events end in .jsonl, other words in .log. */
export const logNameOf = (place: string, process: string) => `${place.replace("/", "-")}-${process}`;

interface Supervised {
  readonly spec: ProcessSpec;
  child: Child | null;
  restarts: number;
  ended: { code: number | null; signal: string | null } | null;
  readonly whenEnded: PromiseWithResolvers<{ code: number | null; signal: string | null }>;
}

export async function startPlace(
  place: Place,
  logsFolder: string,
  log: Log,
  clock: Clock,
): Promise<RunningPlace> {
  const gone = new AbortController();
  const init = await start(
    inNamespace(place.namespace, [
      "unshare",
      "--mount",
      "--propagation",
      "slave", // a disk that loses power is gone from every place, or the kernel would not let go of it
      "--ipc", // shared memory is the machine's: gone with it
      "--pid",
      "--fork",
      "--kill-child",
      "--mount-proc",
      "--",
      "sh",
      "-c",
      INIT,
    ]),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise<void>((resolve, reject) => {
    init.process.stdout?.once("data", () => resolve());
    void init.exited.then(({ code, signal }) =>
      reject(new Error(`place ${place.name} did not start: ${code ?? signal}`)),
    );
  });
  init.process.stdout?.resume();
  const initPid = onlyChildOf(init.pid);
  const processNamespace = readlinkSync(`/proc/${initPid}/ns/pid`);
  const supervised = new Map<string, Supervised>();
  void init.exited.then(() => gone.abort());

  const launch = async (entry: Supervised) => {
    const { name, argv } = entry.spec;
    const out = openSync(join(logsFolder, `${logNameOf(place.name, name)}.jsonl`), "a");
    const err = openSync(join(logsFolder, `${logNameOf(place.name, name)}.log`), "a");
    try {
      entry.child = await start(
        ["nsenter", `--target=${initPid}`, "--net", "--pid", "--ipc", "--mount", "--", ...argv],
        // A session of its own, as on a machine of its own: where the kernel shares cores between sessions first
        // (sched_autogroup), all load generators and balancers together would get the share of one engine.
        { stdio: ["ignore", out, err], detached: true },
      );
    } finally {
      closeSync(out);
      closeSync(err);
    }
    log.emit({ event: "process-started", process: `${place.name}/${name}`, pid: entry.child.pid });
  };

  const supervise = async (entry: Supervised) => {
    let delayMs = RESTART_DELAY_MIN_MS;
    for (;;) {
      const startedMs = clock.nowMs();
      const exit = (await entry.child?.exited) ?? { code: null, signal: null };
      log.emit({ event: "process-exited", process: `${place.name}/${entry.spec.name}`, ...exit });
      if (!entry.spec.restart || gone.signal.aborted) {
        entry.ended = exit;
        entry.child = null;
        return entry.whenEnded.resolve(exit);
      }
      delayMs =
        clock.nowMs() - startedMs > HEALTHY_AFTER_MS
          ? RESTART_DELAY_MIN_MS
          : Math.min(delayMs * 2, RESTART_DELAY_MAX_MS);
      await clock.sleep(delayMs, gone.signal);
      if (gone.signal.aborted) {
        entry.ended = exit;
        return entry.whenEnded.resolve(exit);
      }
      entry.restarts += 1;
      await launch(entry);
    }
  };

  const kill = async () => {
    gone.abort();
    try {
      process.kill(initPid, "SIGKILL");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause; // already gone is what we want
    }
    await init.exited;
    await Promise.all([...supervised.values()].map((entry) => entry.whenEnded.promise));
  };

  return {
    place,
    initPid,
    async start(spec) {
      const earlier = supervised.get(spec.name);
      if (earlier !== undefined && earlier.ended === null)
        throw new RangeError(`${place.name}/${spec.name} is already running`);
      const entry: Supervised = {
        spec,
        child: null,
        restarts: 0,
        ended: null,
        whenEnded: Promise.withResolvers(),
      };
      supervised.set(spec.name, entry);
      await launch(entry);
      supervise(entry).catch((error: unknown) => {
        log.error(`${place.name}/${spec.name} can't be supervised: ${String(error)}`);
        entry.ended = { code: null, signal: null };
        entry.whenEnded.resolve(entry.ended);
      });
    },
    pidsOf: (name) => pidsIn(processNamespace).filter((pid) => isNamed(commandLine(pid), name)),
    status: () =>
      [...supervised.values()].map(({ spec, child, restarts, ended }) => ({
        name: spec.name,
        pid: child === null ? null : child.pid,
        restarts,
        ended,
      })),
    ended: (name) =>
      supervised.get(name)?.whenEnded.promise ??
      Promise.reject(new RangeError(`no process ${place.name}/${name}`)),
    stop(name) {
      const entry = supervised.get(name);
      if (entry === undefined) throw new RangeError(`no process ${place.name}/${name}`);
      // nsenter waits for the program it forked into the place and ends with it.
      if (entry.child !== null) for (const pid of childrenOf(entry.child.pid)) process.kill(pid, "SIGTERM");
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

/** nsenter has become unshare (same pid); its fork is the init of the new namespace. */
function onlyChildOf(pid: number): number {
  const [child, ...more] = childrenOf(pid);
  if (child === undefined || more.length > 0) throw new Error(`process ${pid} should have one child`);
  return child;
}

function pidsIn(processNamespace: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/ns/pid`) === processNamespace;
      } catch {
        return false; // it ended while we looked
      }
    });
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return []; // it ended while we looked
  }
}

/**
 * "etcd" by its program, "ledger" by the verb of an outlast command line, "postgres" also by the title that a process gives
 * itself ("postgres: walwriter").
 */
export function isNamed(argv: readonly string[], name: string): boolean {
  if (argv[0]?.startsWith(`${name}: `) === true) return true;
  const base = argv[0]?.split("/").at(-1);
  if (base === name) return true;
  const main = argv.findIndex((argument) => /\/cli\/main\.[jt]s$/.test(argument));
  return main >= 0 && argv[main + 1] === name;
}
