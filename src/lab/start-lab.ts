// Starts a lab: `unshare` into new namespaces with the keeper as their first process. Disposing it, or the death of this
// process (unless detached), ends everything in it.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { OutlastError } from "../domain/outcome.ts";
import { type Child, outlastCommand, start } from "../runtime/process.ts";
import type { DiskKind } from "./disks/disks.ts";
import { startDisks } from "./disks/start-disks.ts";
import { connectKeeper, type KeeperClient } from "./keeper-client.ts";
import { findLabs } from "./find-labs.ts";
import type { LinkDriverKind } from "./link.ts";
import { favourRelay } from "./favour-relay.ts";
import type { LabConfig } from "./keeper/keeper.ts";

export interface Lab extends KeeperClient, AsyncDisposable {
  readonly name: string;
  /** What the sites keep their data on. */
  readonly disks: DiskKind;
  readonly links: LinkDriverKind;
}

export interface StartLabOptions {
  /** Goes on when this process ends (`outlast lab up`); otherwise the lab's life hangs on ours. */
  readonly detached: boolean;
  /** Added in front of PATH, for provisioned tools. */
  readonly toolFolders: readonly string[];
  /** The starter's PATH. */
  readonly path: string;
  readonly signal: AbortSignal;
}

const UNSHARE = [
  "unshare",
  "--user",
  "--map-root-user",
  "--net",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "--",
];
/** In front of the last of UNSHARE: mounts made in the namespace we come from appear, ours do not appear there. */
const RECEIVE_MOUNTS = ["--propagation", "slave"];
const DOWN_GRACE_MS = 3_000;

export async function startLab(config: LabConfig, options: StartLabOptions): Promise<Lab> {
  if (findLabs().some((lab) => lab.name === config.name))
    throw new OutlastError(
      {
        code: "LAB_EXISTS",
        definite: true,
        what: `a lab named "${config.name}" is already running`,
        where: "this machine's process table",
        next: `choose another name with --lab NAME, or end it: outlast lab down --lab ${config.name}`,
      },
      2,
    );
  // Every process of the lab inherits its name: whose it is can be read from outside.
  const path = [...options.toolFolders, options.path].join(":");
  const env = { PATH: path, OUTLAST_LAB: config.name };
  const disks =
    config.disks === "loop"
      ? await startDisks({ lab: config.name, bytesPerDisk: config.diskBytesPerPlace, env })
      : null;
  const unshare =
    disks === null
      ? UNSHARE
      : ["nsenter", `--target=${disks.pid}`, "--mount", "--", ...UNSHARE.toSpliced(-1, 0, ...RECEIVE_MOUNTS)];
  const keeper = outlastCommand("keeper", "--lab", config.name, ...(options.detached ? [] : ["--lifeline"]));
  const child = await start([...unshare, ...keeper], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // its own session: Ctrl-C in our terminal must reach only us
    env,
  });
  let lastWords = "";
  child.process.stderr?.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-2_000);
  });
  const { stdin, stdout } = child.process;
  if (stdin === null || stdout === null) throw new Error("the keeper has no pipes");
  stdin.on("error", () => undefined); // its end is noticed as an exit
  stdin.write(`${JSON.stringify(config)}\n`);
  const stopped = () => child.process.kill("SIGKILL");
  options.signal.addEventListener("abort", stopped, { once: true });
  try {
    const first = await firstLine(stdout, child.exited);
    if (first === null || !first.startsWith('{"ready"')) {
      await child.stop(0);
      await disks?.stop();
      throw new OutlastError(
        options.signal.aborted
          ? {
              code: "INTERRUPTED",
              definite: true,
              what: "interrupted while the lab was starting",
              where: `lab ${config.name}`,
              next: "nothing is left; start it again when wanted",
            }
          : {
              code: "LAB_NOT_STARTED",
              definite: true,
              what: `the lab did not come up: ${(first ?? lastWords).trim().slice(-1_000) || "no word from its keeper"}`,
              where: `lab ${config.name}`,
              next: "run 'outlast check --preflight'; it names what is missing and the ways out",
            },
        options.signal.aborted ? 130 : 3,
      );
    }
  } finally {
    options.signal.removeEventListener("abort", stopped);
  }
  stdout.resume();
  favourRelay(config.name);
  const keeperPid = childOf(child.pid);
  if (options.detached) {
    letGo(child);
    if (disks !== null) letGo(disks);
  }
  const client = connectKeeper(config.name, keeperPid);
  return {
    ...client,
    name: config.name,
    disks: config.disks,
    links: config.links,
    async [Symbol.asyncDispose]() {
      stdin.end(); // the lifeline
      const timer = setTimeout(() => child.process.kill("SIGKILL"), DOWN_GRACE_MS);
      await child.exited;
      clearTimeout(timer);
      await disks?.exited; // it ends with the keeper
    },
  };
}

/** It lives as long as the keeper now, and we need not. */
function letGo({ process }: Child): void {
  process.stdin?.end();
  process.stdout?.destroy();
  process.stderr?.destroy();
  process.unref();
}

function firstLine(stream: NodeJS.ReadableStream, exited: Promise<unknown>): Promise<string | null> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: stream });
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    void exited.then(() => resolve(null));
  });
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}
