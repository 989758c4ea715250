// Starts a lab: `unshare` into new namespaces with the keeper as their first process. Disposing it, or the death of this
// process (unless detached), ends everything in it.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { OutlastError } from "../domain/outcome.ts";
import { outlastCommand, start } from "../runtime/process.ts";
import { connectKeeper, type KeeperClient } from "./keeper-client.ts";
import { findLabs } from "./find-labs.ts";
import { favourRelay } from "./favour-relay.ts";
import type { LabConfig } from "./keeper/keeper.ts";

export interface Lab extends KeeperClient, AsyncDisposable {
  readonly name: string;
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
  const keeper = outlastCommand("keeper", "--lab", config.name, ...(options.detached ? [] : ["--lifeline"]));
  const child = await start([...UNSHARE, ...keeper], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // its own session: Ctrl-C in our terminal must reach only us
    // Every process of the lab inherits its name: whose it is can be read from outside.
    env: { PATH: [...options.toolFolders, options.path].join(":"), OUTLAST_LAB: config.name },
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
    stdin.end();
    stdout.destroy();
    child.process.stderr?.destroy();
    child.process.unref();
  }
  const client = connectKeeper(config.name, keeperPid);
  return {
    ...client,
    name: config.name,
    async [Symbol.asyncDispose]() {
      stdin.end(); // the lifeline
      const timer = setTimeout(() => child.process.kill("SIGKILL"), DOWN_GRACE_MS);
      await child.exited;
      clearTimeout(timer);
    },
  };
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
