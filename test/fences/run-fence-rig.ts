// Runs fence-rig.ts in namespaces of its own that die with it.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../src/cli/folders.ts";
import { OutlastError } from "../../src/domain/outcome.ts";
import { provideTools } from "../../src/linux/tools.ts";
import { runOk } from "../../src/runtime/process.ts";
import type { DrillResult } from "./drills.ts";

export interface FenceRig {
  readonly asItShouldBe: Readonly<Record<string, DrillResult>>;
  readonly planted: Readonly<Record<string, DrillResult>>;
}

/** `only`: a pattern of names of drills. `userNamespace`: as any user may; without it as root of the machine. */
export async function runFenceRig(userNamespace: boolean, only = ""): Promise<FenceRig> {
  const tools = await provideTools(
    ["ip", "nft", "conntrack", "unshare"],
    cacheFolder(),
    AbortSignal.timeout(120_000),
  );
  if (tools.kind !== "done") throw new OutlastError(tools.failure);
  const { paths } = tools.value;
  const folders = [...new Set(Object.values(paths).map((path) => dirname(path)))].join(":");
  const user = userNamespace ? ["--user", "--map-root-user"] : [];
  const own = [...user, ..."--net --mount --pid --fork --kill-child --mount-proc".split(" ")];
  const rig = fileURLToPath(new URL("fence-rig.ts", import.meta.url));
  const finished = await runOk([paths.unshare ?? "unshare", ...own, process.execPath, rig, "main", only], {
    env: { PATH: `${folders}:${process.env.PATH ?? ""}` },
    timeoutMs: 240_000,
  });
  return JSON.parse(finished.stdout) as FenceRig;
}
