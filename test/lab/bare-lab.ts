// A lab without engine or balancer: places, links and a sleeper, for tests of the lab itself.
import { dirname } from "node:path";
import { cacheFolder } from "../../src/cli/folders.ts";
import { OutlastError } from "../../src/domain/outcome.ts";
import { provideTools } from "../../src/linux/tools.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { intoPlace } from "../../src/lab/apply-network.ts";
import type { LabConfig } from "../../src/lab/keeper/keeper.ts";
import type { ProcessSpec } from "../../src/lab/keeper/place.ts";
import { type Lab, startLab } from "../../src/lab/start-lab.ts";
import { topologyOf } from "../../src/lab/topology.ts";
import { newId } from "../../src/runtime/random.ts";
import { type Finished, run } from "../../src/runtime/process.ts";

export async function bareConfig(
  programs: Readonly<Record<string, readonly ProcessSpec[]>> = {},
): Promise<LabConfig> {
  const plan = await loadPlan("examples/etcd.yaml");
  return {
    name: `test-${newId().slice(0, 8)}`,
    topology: topologyOf(plan),
    planText: "",
    programs,
    files: {},
    links: "relay",
    disks: "memory",
    diskBytesPerPlace: 16 * 1024 * 1024,
    seed: 1,
  };
}

/** Path of each tool that a lab needs, provisioned like a real lab's. */
export async function toolPaths(): Promise<readonly string[]> {
  const names = ["ip", "ss", "nft", "ethtool", "nsenter", "unshare"] as const;
  const tools = await provideTools(names, cacheFolder(), AbortSignal.timeout(120_000));
  if (tools.kind !== "done") throw new OutlastError(tools.failure);
  return Object.values(tools.value.paths);
}

export async function startBareLab(config: LabConfig): Promise<Lab> {
  const toolFolders = [...new Set((await toolPaths()).map((path) => dirname(path)))];
  const signal = AbortSignal.timeout(120_000);
  return startLab(config, { detached: false, toolFolders, path: process.env.PATH ?? "", signal });
}

/** Runs a program inside a place, as `outlast lab exec` does. */
export async function inPlace(lab: Lab, place: string, ...argv: string[]): Promise<Finished> {
  const status = await lab.call("status", {});
  const initPid = status.places.find((one) => one.name === place)?.initPid;
  if (initPid === null || initPid === undefined) throw new Error(`${place} is not up`);
  return run(intoPlace(lab.keeperPid, initPid, argv), { timeoutMs: 20_000 });
}

/** Asks `address` for one TCP byte from a place: the round trip in ms, or null after 1 s of silence. */
export async function echo(lab: Lab, from: string, address: string): Promise<number | null> {
  const script = `
    const net = require("node:net"); const t = process.hrtime.bigint();
    const s = net.connect({ host: "${address}", port: 7 });
    s.setTimeout(1000, () => { console.log("silent"); process.exit(); });
    s.on("error", (e) => { console.log(e.code); process.exit(); });
    s.on("connect", () => { console.log(Number(process.hrtime.bigint() - t) / 1e6); process.exit(); });`;
  const { stdout } = await inPlace(lab, from, process.execPath, "-e", script);
  const text = stdout.trim();
  if (text === "silent") return null;
  const roundTripMs = Number(text);
  if (Number.isNaN(roundTripMs)) throw new Error(`${from} → ${address}: ${text}`);
  return roundTripMs;
}

export const echoServer: ProcessSpec = {
  name: "echo",
  restart: true,
  argv: [process.execPath, "-e", `require("node:net").createServer((s) => s.pipe(s)).listen(7, "0.0.0.0")`],
};
