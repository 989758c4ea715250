// Whether this process may make file systems on loop devices: what disks that can lose power are.
import { readFileSync } from "node:fs";
import { OutlastError } from "../domain/outcome.ts";
import { findProgram } from "../runtime/process.ts";

/** Debian: util-linux, mount, e2fsprogs, perl-base. */
const PROGRAMS = ["unshare", "nsenter", "mount", "umount", "losetup", "mkfs.ext4", "perl"];
/** /proc/self/uid_map of the initial user namespace: every id stands for itself. */
const ALL_IDS = /^\s*0\s+0\s+4294967295\s*$/;

export const disksNeedRoot = (what: string, next: string): OutlastError =>
  new OutlastError(
    { code: "DISKS_NEED_ROOT", definite: true, what, where: "disks that can lose power", next },
    3,
  );

/** null: nothing is known to be missing. */
export async function whyNoLoopDevices(): Promise<OutlastError | null> {
  const ids = readFileSync("/proc/self/uid_map", "utf8");
  if (process.getuid?.() !== 0 || !ALL_IDS.test(ids))
    return disksNeedRoot(
      "disks that can lose power are file systems on loop devices, which only root of the machine can mount",
      "run it with sudo, outside of any user namespace; other drills need no root",
    );
  const missing: string[] = [];
  for (const program of PROGRAMS) if ((await findProgram(program)) === null) missing.push(program);
  if (missing.length === 0) return null;
  return disksNeedRoot(
    `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing`,
    "install the packages util-linux, e2fsprogs and perl",
  );
}
