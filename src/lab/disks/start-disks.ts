// Starts `outlast disks` in a mount namespace of its own, before the keeper.
import { createInterface } from "node:readline";
import { disksNeedRoot, whyNoLoopDevices } from "../../linux/loop-devices.ts";
import { type Child, outlastCommand, start } from "../../runtime/process.ts";

export interface StartDisksOptions {
  readonly lab: string;
  readonly bytesPerDisk: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Ends with the keeper that connects to it, or with our end of its input before that. Throws DISKS_NEED_ROOT. */
export async function startDisks({ lab, bytesPerDisk, env }: StartDisksOptions): Promise<Child> {
  const why = await whyNoLoopDevices();
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
  throw disksNeedRoot(
    `they can't be made here: ${lastWords.trim()}`,
    "run it as root of the machine; a container needs --privileged",
  );
}
