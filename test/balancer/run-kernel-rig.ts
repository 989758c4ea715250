// Runs kernel-rig.ts in namespaces of its own that die with it; for the test and for bench/connections.ts.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../src/cli/folders.ts";
import { provideTools } from "../../src/linux/tools.ts";
import { runOk } from "../../src/runtime/process.ts";
import { OutlastError } from "../../src/domain/outcome.ts";

export interface Ended {
  readonly count: number;
  readonly never: number;
  readonly worstMs: number | null;
  readonly errors: readonly string[];
  readonly sites: readonly string[];
}
interface Opened {
  readonly sites: readonly string[];
  readonly open: number;
}
export interface Rig extends Record<"idle" | "pending" | "unacknowledged" | "opening" | "many", Ended> {
  readonly early: { readonly report: readonly { readonly error: string }[] };
  readonly reused: Opened;
  readonly returned: Opened;
  readonly drained: readonly (number | null)[];
  readonly moved: Opened;
  readonly weighted: Opened;
  readonly repaired: Opened;
  readonly repairedMs: number;
  /** How late the gateway's own timers were meanwhile: work of others on this machine. */
  readonly latenessMs: number;
  readonly adopted: readonly string[];
  readonly applyMs: number;
  readonly left: string;
  readonly events: readonly { readonly event: string; readonly count?: number }[];
}

export async function runKernelRig(...args: string[]): Promise<Rig> {
  const tools = await provideTools(
    ["ip", "nft", "conntrack", "unshare"],
    cacheFolder(),
    AbortSignal.timeout(120_000),
  );
  if (tools.kind !== "done") throw new OutlastError(tools.failure);
  const { paths } = tools.value;
  const folders = [...new Set(Object.values(paths).map((path) => dirname(path)))].join(":");
  const own = "--user --map-root-user --net --mount --pid --fork --kill-child --mount-proc".split(" ");
  const rig = fileURLToPath(new URL("kernel-rig.ts", import.meta.url));
  const finished = await runOk([paths.unshare ?? "unshare", ...own, process.execPath, rig, "main", ...args], {
    env: { PATH: `${folders}:${process.env.PATH ?? ""}` },
    timeoutMs: 90_000,
  });
  return JSON.parse(finished.stdout) as Rig;
}
