// Settings of the kernel in /proc/sys, those of this process's own network namespace among them.
import { readFile, writeFile } from "node:fs/promises";
import { OutlastError } from "../domain/outcome.ts";

/** `name` as a path: "net/ipv4/ip_forward". Throws SYSCTL_FAILED. */
export async function setSysctl(name: string, value: string): Promise<void> {
  const path = `/proc/sys/${name}`;
  try {
    if ((await readFile(path, "utf8")).trim() === value) return;
    await writeFile(path, value);
  } catch (cause) {
    throw new OutlastError({
      code: "SYSCTL_FAILED",
      definite: true,
      what: `${name.replaceAll("/", ".")} could not be set to ${value}: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: path,
      next: "run as root of this network namespace, with /proc/sys writable",
      cause,
    });
  }
}
