// A real etcd cluster of three members on loopback addresses and ledgers over them, for the tests of this folder.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { OutlastEvent } from "../../src/domain/event.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { cacheFolder } from "../../src/cli/folders.ts";
import { etcdEngine } from "../../src/engines/etcd/engine.ts";
import { formatPlan } from "../../src/plan/format.ts";
import { parsePlan } from "../../src/plan/parse.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { type Child, outlastCommand, start } from "../../src/runtime/process.ts";
import { NET } from "../loopback.ts";

export const SITES = ["paris", "frankfurt", "london"] as const;
export type SiteName = (typeof SITES)[number];

export interface LedgerProcess extends AsyncDisposable {
  readonly child: Child;
  readonly events: readonly OutlastEvent[];
}

export interface Cluster extends AsyncDisposable {
  readonly plan: Plan;
  readonly planFile: string;
  readonly folder: string;
  readonly url: (site: SiteName) => string;
  readonly member: (site: SiteName) => Child;
  startMember(site: SiteName): Promise<void>;
  /** Resolves when it listens. */
  startLedger(site: SiteName, ...args: string[]): Promise<LedgerProcess>;
}

export async function startCluster(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "outlast-ledger-"));
  stack.defer(() => removeTree(folder));
  const parsed = parsePlan(await readFile("examples/etcd.yaml", "utf8"), "examples/etcd.yaml");
  if (!("plan" in parsed)) throw new Error("examples/etcd.yaml has errors");
  const address = (site: string) => `127.${NET}.${SITES.indexOf(site as SiteName) + 1}.1`;
  const plan: Plan = {
    ...parsed.plan,
    sites: parsed.plan.sites.map((site) => ({ ...site, address: address(site.name) })),
    regions: parsed.plan.regions.map((region, i) => ({ ...region, gateway: `127.${NET}.${101 + i}.1` })),
    balancer: { ...parsed.plan.balancer, virtualAddress: `127.${NET}.200.1` },
  };
  const planFile = join(folder, "plan.yaml");
  await writeFile(planFile, formatPlan(plan));
  const engine = etcdEngine({ cacheFolder: cacheFolder(), progress: () => undefined });
  const installed = await engine.provision(null, AbortSignal.timeout(300_000));
  if (installed.kind !== "done") throw new Error(installed.failure.what);
  const members = new Map<SiteName, Child>();
  const startMember = async (site: SiteName) => {
    const launch = engine.launch(
      installed.value,
      {
        name: site,
        address: address(site),
        dataFolder: join(folder, site),
        members: SITES.map((name) => ({ name, address: address(name) })),
        cluster: "new",
      },
      plan,
    );
    const child = await start(launch.argv, { stdio: "ignore", env: launch.env });
    members.set(site, child);
    running.defer(() => child.stop(1_000));
  };
  const running = stack.use(new AsyncDisposableStack());
  for (const site of SITES) await startMember(site);
  const startLedger = async (site: SiteName, ...args: string[]): Promise<LedgerProcess> => {
    const argv = outlastCommand("ledger", "-f", planFile, "--site", site, ...args);
    const child = await start(argv, { stdio: ["ignore", "pipe", "inherit"] });
    running.defer(() => child.stop(1_000));
    const events: OutlastEvent[] = [];
    const lines = createInterface({ input: child.process.stdout as NodeJS.ReadableStream });
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => {
        const event = JSON.parse(line) as OutlastEvent;
        events.push(event);
        if (event.event === "started") resolve();
      });
      lines.on("close", () => reject(new Error(`the ledger of ${site} ended before it listened`)));
    });
    return { child, events, [Symbol.asyncDispose]: () => child.stop(2_000) };
  };
  const owned = stack.move();
  return {
    plan,
    planFile,
    folder,
    url: (site) => `http://${address(site)}:${plan.balancer.port}`,
    member: (site) => {
      const child = members.get(site);
      if (child === undefined) throw new RangeError(site);
      return child;
    },
    startMember,
    startLedger,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
