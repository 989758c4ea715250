// Real members of one engine on loopback addresses, for tests: each can be started, killed, frozen and emptied.
import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome, Reading } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type {
  Acknowledgement,
  Engine,
  EngineClient,
  Installation,
  Member,
  MemberSpec,
  Observation,
  Proof,
  ReplicationAction,
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
  /** One action of replication, taken within its time. */
  perform(action: ReplicationAction, limitMs?: number): Promise<Outcome<Proof>>;
  freeze(): void;
  thaw(): void;
  empty(): Promise<void>;
}

export interface TestCluster extends AsyncDisposable {
  readonly members: readonly TestMember[];
  observe(): Promise<Reading<Observation>[]>;
}

const soon = (limitMs = 10_000) => AbortSignal.timeout(limitMs);

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
    const replicated = engine.replication?.attach({ installed, member: spec, plan });
    const stopSignal = () => engine.launch(installed, spec, plan).stopSignal ?? "SIGTERM";
    const signalAll = (signal: NodeJS.Signals) => {
      for (const pid of [child?.pid ?? 0, ...processesIn(spec.dataFolder)])
        if (pid > 0 && child?.process.exitCode === null && child.process.signalCode === null)
          process.kill(pid, signal);
    };
    return {
      spec,
      view: replicated ?? engine.attach(spec),
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
        // What it started ends by itself when it sees that; two lives must not meet over one folder.
        for (const pid of processesIn(spec.dataFolder)) process.kill(pid, "SIGCONT");
        await until("its processes are gone", 10_000, async () =>
          processesIn(spec.dataFolder).length === 0 ? true : null,
        );
      },
      async perform(action, limitMs) {
        if (replicated === undefined) throw new RangeError(`${engine.kind} has no replication`);
        return await replicated.perform(action, soon(limitMs ?? 60_000)); // a copy on a loaded disk takes its time
      },
      async stop() {
        const sinceMs = systemClock.nowMs();
        await child?.stop(engine.launch(installed, spec, plan).stopGraceMs, stopSignal());
        return systemClock.nowMs() - sinceMs;
      },
      freeze: () => signalAll("SIGSTOP"),
      thaw: () => signalAll("SIGCONT"),
      empty: () => removeTree(spec.dataFolder),
    };
  });
  try {
    if (engine.replication === undefined) await Promise.all(members.map((member) => member.start("new")));
    else await replicate(members);
  } catch (cause) {
    for (const member of members) await member.kill();
    throw cause;
  }
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

/** The value, or an error with the failure's words. */
export function did<T>(outcome: Outcome<T>): T {
  if (outcome.kind === "done") return outcome.value;
  throw new Error(`${outcome.kind}: ${JSON.stringify(outcome.failure)}`);
}

export const answers = (member: TestMember) =>
  until(`${member.spec.name} answers`, 20_000, async () => {
    const seen = await member.view.observe(soon());
    return seen.kind === "known" ? seen.value : null;
  });

/** All others, one of which has to acknowledge each commit. */
export const anyOther = (member: TestMember, members: readonly TestMember[]) => ({
  count: 1,
  members: members.filter((other) => other !== member).map(({ spec }) => spec.name),
});

/** Promoted, and answering under the next epoch. */
export async function promoted(member: TestMember, acknowledgement: Acknowledgement): Promise<Proof> {
  const proof = did(await member.perform({ kind: "promote", acknowledgement }));
  const { term } = await answers(member);
  did(await member.perform({ kind: "record-epoch", epoch: term + 1 }));
  return proof;
}

/** A first primary, and the others as copies of it. */
async function replicate([first, ...others]: readonly TestMember[]): Promise<void> {
  if (first === undefined) return;
  did(await first.perform({ kind: "found" }));
  await first.start("new");
  await answers(first);
  await promoted(first, anyOther(first, [first, ...others]));
  for (const other of others) {
    did(await other.perform({ kind: "reseed", source: first.spec }));
    await other.start("existing");
    await answers(other);
  }
}

/** Processes that stand in a member's folder: those that its program started, if it starts any. */
function processesIn(folder: string): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return readlinkSync(`/proc/${entry}/cwd`).startsWith(`${folder}/`) ? [Number(entry)] : [];
    } catch {
      return []; // it ended while we looked, or is not ours
    }
  });
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
