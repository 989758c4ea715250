// Says later whether the process that wrote something is still the one that runs. A process id alone is given out again;
// with its start time and the boot it is unique. Seen from an outer process-id namespace too: the kernel lists the ids a
// process has in inner ones. From an inner namespace an outer process looks dead.
import { readdir, readFile } from "node:fs/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat; text, as it can pass 2^53 in theory. */
  readonly startTicks: string;
  readonly boot: string;
}

const startTicksOf = (stat: string): string =>
  // The second field, the program's name in parentheses, may hold spaces and parentheses.
  stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";

/** Ended, and only its parent has not looked yet. */
const hasEnded = (stat: string): boolean => /^[ZXx] /.test(stat.slice(stat.lastIndexOf(")") + 2));

async function readProc(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return null; // gone, or not ours to see
    throw cause;
  }
}

/** From two lines that a process wrote about itself: the boot's id and its /proc/self/stat. null: not such a text. */
export function identityFromStat(text: string | null): ProcessIdentity | null {
  const [boot, stat] = (text ?? "").split("\n");
  const pid = Number.parseInt(stat ?? "", 10);
  const startTicks = startTicksOf(stat ?? "");
  if (!boot || !(pid > 0) || startTicks === "") return null;
  return { pid, startTicks, boot: boot.trim() };
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const stat = await readFile("/proc/self/stat", "utf8");
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  return { pid: process.pid, startTicks: startTicksOf(stat), boot };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  if (boot !== identity.boot) return false;
  const direct = await readProc(`/proc/${identity.pid}/stat`);
  if (direct !== null && startTicksOf(direct) === identity.startTicks) return !hasEnded(direct);
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readProc(`/proc/${entry}/stat`);
    if (stat === null || startTicksOf(stat) !== identity.startTicks || hasEnded(stat)) continue;
    const status = await readProc(`/proc/${entry}/status`);
    const ids = /^NSpid:\s*(.*)$/m.exec(status ?? "")?.[1]?.split(/\s+/) ?? [];
    if (ids.includes(String(identity.pid))) return true;
  }
  return false;
}
