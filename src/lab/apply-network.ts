// Runs the batches of network.ts. Needs to be uid 0 of a user namespace that owns the network namespaces.
import { runOk } from "../runtime/process.ts";
import { type IpBatch, kernelSettings } from "./network.ts";
import type { Place } from "./topology.ts";

export async function applyBatches(batches: readonly IpBatch[], signal?: AbortSignal): Promise<void> {
  for (const { namespace, lines } of batches) {
    const prefix = namespace === null ? [] : ["-netns", namespace];
    await runOk(["ip", ...prefix, "-batch", "-"], {
      input: `${lines.join("\n")}\n`,
      timeoutMs: 10_000,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** argv that runs a program inside a network namespace; `ip netns exec` would hide mounts made there. */
export const inNamespace = (namespace: string, argv: readonly string[]): string[] => [
  "nsenter",
  `--net=/run/netns/${namespace}`,
  "--",
  ...argv,
];

/** argv that runs a program inside a place, from outside the lab. `initPid` is the keeper's name for it. */
export function intoPlace(keeperPid: number, initPid: number, argv: readonly string[]): string[] {
  const outer = `nsenter --target=${keeperPid} --user --preserve-credentials --net --mount --pid --`;
  const inner = `nsenter --target=${initPid} --net --pid --ipc --mount --`;
  return [...outer.split(" "), ...inner.split(" "), ...argv];
}

/** Kernel settings, and checksums filled in by software on the VXLAN device (else inner TCP checksums stay unfilled). */
export async function tunePlace(place: Place): Promise<void> {
  const settings = Object.entries(kernelSettings(place)).map(
    ([path, value]) => `[ ! -e /proc/sys/${path} ] || echo ${value} > /proc/sys/${path}`,
  );
  const offload = place.kind === "clients" ? "true" : "ethtool -K eth0 tx off >/dev/null";
  await runOk(inNamespace(place.namespace, ["sh", "-ec", [...settings, offload].join("\n")]), {
    timeoutMs: 10_000,
  });
}

/**
 * Takes a place off the network for good: the device first, because a namespace with lingering sockets dies later, and its
 * VXLAN identifier stays taken until then.
 */
export async function removePlace(place: Place): Promise<void> {
  await runOk(["ip", "-netns", place.namespace, "link", "delete", "eth0"], { timeoutMs: 10_000 });
  await runOk(["ip", "netns", "delete", place.namespace], { timeoutMs: 10_000 });
}
