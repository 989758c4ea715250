// Runs recovery-rig.ts in namespaces of its own that die with it.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../src/cli/folders.ts";
import { OutlastError } from "../../src/domain/outcome.ts";
import { provideTools } from "../../src/linux/tools.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { runOk } from "../../src/runtime/process.ts";

export interface Run {
  readonly fault: string;
  readonly primary: string;
  readonly next: string;
  readonly back: string;
  readonly epoch: number;
  readonly recoveryMs: number;
  readonly oldAcknowledgedForMs: number | null;
  readonly overlapMs: number;
  readonly acknowledged: number;
  readonly lostAtNew: number;
  readonly lostAnywhere: number;
}

export async function runRecoveryRig(
  faults: readonly string[],
  runs: number,
  limitMs: number,
): Promise<Run[]> {
  const tools = await provideTools(
    ["ip", "nft", "conntrack", "unshare"],
    cacheFolder(),
    AbortSignal.timeout(120_000),
  );
  if (tools.kind !== "done") throw new OutlastError(tools.failure);
  const { paths } = tools.value;
  const folders = [...new Set(Object.values(paths).map((path) => dirname(path)))].join(":");
  const own = "--user --map-root-user --net --mount --pid --fork --kill-child --mount-proc".split(" ");
  const rig = fileURLToPath(new URL("recovery-rig.ts", import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), "outlast-recovery-"));
  try {
    const argv = [paths.unshare ?? "unshare", ...own, process.execPath, rig, "main", folder];
    const finished = await runOk([...argv, faults.join(","), String(runs)], {
      env: { PATH: `${folders}:${process.env.PATH ?? ""}` },
      timeoutMs: limitMs,
    });
    return finished.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Run);
  } finally {
    await removeTree(folder);
  }
}
