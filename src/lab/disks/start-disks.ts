// Starts `outlast disks` in a mount namespace of its own, before the keeper.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { OutlastError } from "../../domain/outcome.ts";
import { type Child, findProgram, outlastCommand, start } from "../../runtime/process.ts";

export interface StartDisksOptions {
  readonly lab: string;
  readonly bytesPerDisk: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Their base names are what the Debian packages util-linux, e2fsprogs and perl-base call them. */
const PROGRAMS = ["unshare", "nsenter", "mount", "umount", "losetup", "mkfs.ext4", "perl"];
const ALL_IDS = /^\s*0\s+0\s+4294967295\s*$/;

const needRoot = (what: string, next: string): OutlastError =>
  new OutlastError(
    { code: "DISKS_NEED_ROOT", definite: true, what, where: "disks that can lose power", next },
    3,
  );

/** null: this process may make disks that lose power. */
export async function whyNoLoopDisks(): Promise<OutlastError | null> {
  const ids = readFileSync("/proc/self/uid_map", "utf8");
  if (process.getuid?.() !== 0 || !ALL_IDS.test(ids))
    return needRoot(
      "disks that can lose power are file systems on loop devices, which only root of the machine can mount",
      "run it with sudo, outside of any user namespace; other drills need no root",
    );
  const missing: string[] = [];
  for (const program of PROGRAMS) if ((await findProgram(program)) === null) missing.push(program);
  if (missing.length > 0)
    return needRoot(
      `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing`,
      "install the packages util-linux, e2fsprogs and perl",
    );
  return null;
}

/** Ends with the keeper that connects to it, or with our end of its input before that. Throws DISKS_NEED_ROOT. */
export async function startDisks({ lab, bytesPerDisk, env }: StartDisksOptions): Promise<Child> {
  const why = await whyNoLoopDisks();
  if (why !== null) throw why;
  const helper = outlastCommand("disks", "--lab", lab, "--bytes", String(bytesPerDisk));
  const child = await start(["unshare", "--mount", "--", ...helper], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // its own session: Ctrl-C in our terminal must reach only us
    env,
  });
  let lastWords = "";
  child.process.stderr?.on("data", (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-1_000);
  });
  const { stdin, stdout } = child.process;
  if (stdin === null || stdout === null) throw new Error("the disks have no pipes");
  stdin.on("error", () => undefined); // its end is noticed as an exit
  const ready = await new Promise<boolean>((resolve) => {
    createInterface({ input: stdout }).once("line", () => resolve(true));
    void child.exited.then(() => resolve(false));
  });
  if (ready) return child;
  throw needRoot(
    `they can't be made here: ${lastWords.trim()}`,
    "run it as root of the machine; a container needs --privileged",
  );
}
