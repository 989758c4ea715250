// Real members of one engine on loopback addresses, for tests: each can be started, killed, frozen and emptied.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reading } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type {
  Engine,
  EngineClient,
  Installation,
  Member,
  MemberSpec,
  Observation,
} from "../../src/engines/contract.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { openProgramLog, removeTree } from "../../src/runtime/files.ts";
import { type Child, start } from "../../src/runtime/process.ts";

export interface TestMember {
  readonly spec: MemberSpec;
  readonly view: Member & AsyncDisposable;
  readonly client: EngineClient;
  start(cluster: "new" | "existing"): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<number>;
  freeze(): void;
  thaw(): void;
  empty(): Promise<void>;
}

export interface TestCluster extends AsyncDisposable {
  readonly members: readonly TestMember[];
  observe(): Promise<Reading<Observation>[]>;
}

const soon = () => AbortSignal.timeout(10_000);

export async function startCluster(
  engine: Engine,
  installed: Installation,
  addresses: readonly string[],
): Promise<TestCluster> {
  const root = await mkdtemp(join(tmpdir(), "outlast-engine-"));
  const named = addresses.map((address, at) => ({ name: `site${at + 1}`, address }));
  const plan = {
    name: "conformance",
    links: [],
    workload: { engine: engine.kind, version: null, replicas: 3, heartbeatMs: null, electionTimeoutMs: null },
  } as unknown as Plan;
  const members = named.map(({ name, address }): TestMember => {
    const spec: MemberSpec = { name, address, dataFolder: join(root, name), members: named, cluster: "new" };
    let child: Child | null = null;
    return {
      spec,
      view: engine.attach(spec),
      client: engine.client(spec),
      async start(cluster) {
        const launch = engine.launch(installed, { ...spec, cluster }, plan);
        const log = await openProgramLog(join(root, `${name}.log`), 1e6);
        child = await start(launch.argv, { env: launch.env, stdio: ["ignore", log.fd, log.fd] });
        await log.close();
      },
      async kill() {
        child?.process.kill("SIGKILL");
        await child?.exited;
      },
      async stop() {
        const sinceMs = systemClock.nowMs();
        await child?.stop(engine.launch(installed, spec, plan).stopGraceMs);
        return systemClock.nowMs() - sinceMs;
      },
      freeze: () => void child?.process.kill("SIGSTOP"),
      thaw: () => void child?.process.kill("SIGCONT"),
      empty: () => removeTree(spec.dataFolder),
    };
  });
  await Promise.all(members.map((member) => member.start("new")));
  return {
    members,
    observe: () => Promise.all(members.map(({ view }) => view.observe(soon()))),
    [Symbol.asyncDispose]: async () => {
      for (const member of members) {
        member.thaw();
        await member.kill();
        await member.view[Symbol.asyncDispose]();
        await member.client[Symbol.asyncDispose]();
      }
      await removeTree(root);
    },
  };
}

/** Asks until it is so; fails with the last answer after `limitMs`. */
export async function until<T>(what: string, limitMs: number, ask: () => Promise<T | null>): Promise<T> {
  const untilMs = systemClock.nowMs() + limitMs;
  for (;;) {
    const value = await ask();
    if (value !== null) return value;
    if (systemClock.nowMs() > untilMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await systemClock.sleep(25);
  }
}
