// The load generator as a process against real front-ends and a real cluster.
import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import type { OutlastEvent } from "../../src/domain/event.ts";
import type { Operation } from "../../src/domain/history.ts";
import { loadHistory } from "../../src/history/read.ts";
import type { ReadBack } from "../../src/load/read-back.ts";
import type { LoadSummary } from "../../src/load/run-load.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { type Child, outlastCommand, run as runProgram, start } from "../../src/runtime/process.ts";
import { type Cluster, SITES, startCluster } from "../ledger/cluster.ts";
import { type Forward, startForward } from "./forward.ts";
import { type NameServer, startNameServer } from "./name-server.ts";
import { measureLateness } from "../lateness.ts";
import { NET } from "../loopback.ts";

let cluster: Cluster;
let forward: Forward;
let names: NameServer;
let runs = 0;
const stack = new AsyncDisposableStack();
const site = (i: 1 | 2 | 3) => `127.${NET}.${i}.1`;

before(async () => {
  cluster = stack.use(await startCluster());
  for (const name of SITES) await cluster.startLedger(name);
  forward = stack.use(
    await startForward(cluster.plan.balancer.virtualAddress, cluster.plan.balancer.port, site(1)),
  );
  names = stack.use(await startNameServer(`127.${NET}.99.1`, site(1), 1));
  for (const name of SITES)
    while ((await fetch(`${cluster.url(name)}/health/ready`)).status !== 200) await systemClock.sleep(20);
});
after(() => stack.disposeAsync());

interface Run {
  readonly child: Child;
  readonly events: OutlastEvent[];
  /** Of the process that has ended. */
  finish(): Promise<{ summary: LoadSummary; operations: readonly Operation[] }>;
}

async function startLoad(profiles: string, ...args: string[]): Promise<Run> {
  runs += 1;
  const file = join(cluster.folder, `history-${runs}.jsonl`);
  const child = await start(
    outlastCommand(
      "load",
      `--file=${cluster.planFile}`,
      "--region=eu-west",
      `--history=${file}`,
      `--resolver=${names.server}`,
      `--profiles=${profiles}`,
      "--seed=7",
      ...args,
    ),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  stack.defer(() => child.stop(1_000));
  const events: OutlastEvent[] = [];
  let summary: LoadSummary | null = null;
  const lines = createInterface({ input: child.process.stdout as NodeJS.ReadableStream });
  const closed = new Promise<void>((resolve) => lines.on("close", resolve));
  lines.on("line", (line) => {
    const value = JSON.parse(line) as OutlastEvent | LoadSummary;
    if ("load" in value) summary = value;
    else events.push(value);
  });
  return {
    child,
    events,
    finish: async () => {
      const { code } = await child.exited;
      await closed;
      assert.equal(code, 0);
      assert.ok(summary !== null, "no summary");
      const { operations } = await loadHistory(file);
      assert.equal(operations.length, summary.scheduled);
      assert.equal(operations.length, summary.ok + summary.fail + summary.unknown);
      return { summary, operations };
    },
  };
}

test("all profiles at once on a healthy cluster: everything succeeds, on time, and is recorded", async () => {
  const run = await startLoad(
    "kernel,dns,dns-floor,pinned,keep-alive,direct",
    "--rate=40",
    "--max-duration=2",
    "--deadline=10000",
  );
  const { summary, operations } = await run.finish();
  assert.ok(Math.abs(summary.scheduled - 6 * 40 * 2) <= 24, String(summary.scheduled));
  const bad = operations.filter(({ outcome }) => outcome !== "ok");
  assert.deepEqual(
    bad.map(({ profile, op, error, scheduled }) => ({ profile, op, error, scheduled })),
    [],
  );
  assert.deepEqual(new Set(operations.map(({ op }) => op)), new Set(["append", "write", "read", "cas"]));
  for (const operation of operations) {
    assert.ok((operation.epoch ?? 0) > 0);
    assert.ok((operation.scheduled ?? Infinity) <= operation.invoked);
    assert.ok(SITES.some((name) => name === operation.site));
  }
  assert.ok(operations.some(({ op, output }) => op === "cas" && output === true));
  assert.ok(run.events.some(({ event }) => event === "load-progress"));
});

test("SIGTERM: nothing new is scheduled, what is open is waited for, and the history is whole", async () => {
  const run = await startLoad("kernel,direct", "--rate", "50", "--deadline", "300");
  while (!run.events.some(({ event }) => event === "load-progress")) await systemClock.sleep(20);
  const from = systemClock.nowMs();
  const lateness = measureLateness();
  process.kill(run.child.pid, "SIGTERM");
  await run.finish();
  const tookMs = systemClock.nowMs() - from;
  const lateMs = lateness.end();
  assert.ok(tookMs - lateMs < 1_000, `${tookMs} ms, ${lateMs} ms late`);
});

test("an existing history is never overwritten, and wrong arguments are refused", async () => {
  const base = ["-f", cluster.planFile, "--history", join(cluster.folder, "history-1.jsonl")];
  for (const [args, code] of [
    [["--region", "eu-west"], 3],
    [["--region", "atlantis"], 2],
    [["--region", "eu-west", "--profiles", "carrier-pigeon"], 2],
    [["--region", "eu-west", "--rate", "0"], 2],
  ] as const) {
    const child = await start(outlastCommand("load", ...base, ...args), { stdio: "ignore" });
    assert.equal((await child.exited).code, code, args.join(" "));
  }
});

test("each journal entry acknowledged is there, and no write was sent twice, through a leader's death", async () => {
  const run = await startLoad("kernel,pinned,direct", "--rate", "60", "--deadline", "400");
  while (run.events.filter(({ event }) => event === "load-progress").length < 2) await systemClock.sleep(20);
  const leader = await leaderOf();
  process.kill(cluster.member(leader).pid, "SIGKILL");
  await cluster.member(leader).exited;
  await systemClock.sleep(700);
  await cluster.startMember(leader);
  while (!run.events.some(({ event }) => event === "first-success")) await systemClock.sleep(20);
  await systemClock.sleep(500);
  process.kill(run.child.pid, "SIGTERM");
  const { operations } = await run.finish();
  const back = await readBackOf(runs);
  assert.deepEqual(back.told.missing, []);
  const lists = back.operations.filter(({ key }) => key === "journal");
  assert.deepEqual(
    lists.map(({ from }) => from),
    [undefined, ...SITES],
  );
  for (const list of lists) assert.deepEqual(list.output, lists[0]?.output);
  const there = new Set(lists[0]?.output as string[]);
  const written = new Set(operations.flatMap(({ op, key }) => (op === "append" ? [] : [key])));
  const read = back.operations.flatMap(({ key }) => (key === "journal" ? [] : [key]));
  assert.deepEqual(new Set(read), written);
  const appends = operations.filter(({ op }) => op === "append");
  const lost = appends.filter(({ outcome, input }) => outcome === "ok" && !there.has(String(input)));
  assert.deepEqual(lost, []);
  const phantom = appends.filter(({ outcome, input }) => outcome === "fail" && there.has(String(input)));
  assert.deepEqual(phantom, []);
  assert.ok(appends.some(({ outcome }) => outcome !== "ok"));
  assert.ok(!appends.some(({ error }) => error === "JOURNAL_ENTRY_EXISTS"));
  const retired = new Set<number>();
  for (const operation of operations.toSorted((a, b) => a.invoked - b.invoked)) {
    assert.ok(!retired.has(operation.process), "a process went on after unknown");
    if (operation.outcome === "unknown") retired.add(operation.process);
  }
});

async function readBackOf(
  run: number,
  withinS = 30,
): Promise<{ told: ReadBack; operations: readonly Operation[] }> {
  const file = join(cluster.folder, `read-back-${run}.jsonl`);
  const { code, stdout } = await runProgram(
    outlastCommand(
      "load",
      "read-back",
      `--file=${cluster.planFile}`,
      "--region=eu-west",
      `--history=${file}`,
      `--within=${withinS}`,
      `--keys-of=${join(cluster.folder, `history-${run}.jsonl`)}`,
    ),
  );
  const told = JSON.parse(stdout) as ReadBack;
  assert.equal(code, told.complete ? 0 : 5);
  return { told, operations: (await loadHistory(file)).operations };
}

/** The site whose member says so; asked through etcd's own status. */
async function leaderOf(): Promise<(typeof SITES)[number]> {
  for (const name of SITES) {
    const response = await fetch(
      `http://${site((SITES.indexOf(name) + 1) as 1 | 2 | 3)}:2379/v3/maintenance/status`,
      {
        method: "POST",
        body: "{}",
      },
    );
    const { leader, header } = (await response.json()) as { leader: string; header: { member_id: string } };
    if (leader === header.member_id) return name;
  }
  throw new Error("no leader");
}

test("when the address changes, dns follows the TTL, pinned a broken connection, keep-alive nothing", async () => {
  names.answer = { address: site(1), ttl: 1 };
  forward.point(site(1), false);
  const run = await startLoad("dns,pinned,keep-alive,kernel", "--rate=50", "--deadline=5000");
  while (run.events.filter(({ event }) => event === "load-progress").length < 2) await systemClock.sleep(20);
  names.answer = { address: site(2), ttl: 1 };
  forward.point(site(2), true);
  await systemClock.sleep(2_000);
  process.kill(run.child.pid, "SIGTERM");
  const { operations, summary } = await run.finish();
  const last = (profile: string) =>
    operations.filter((o) => o.profile === profile && o.outcome === "ok").at(-1);
  assert.equal(last("dns")?.site, "frankfurt");
  assert.equal(last("kernel")?.site, "frankfurt");
  assert.equal(last("pinned")?.site, "paris");
  assert.equal(last("keep-alive")?.site, "paris");
  assert.equal(summary.profiles["dns"]?.fail, 0);
  assert.equal(summary.profiles["dns"]?.unknown, 0);
});

test("a refused connection is a failure, a pinned client then asks the name again", async () => {
  names.answer = { address: `127.${NET}.55.1`, ttl: 1 };
  const run = await startLoad("pinned,keep-alive", "--rate", "50", "--deadline", "500");
  while (!run.events.some(({ event }) => event === "load-progress")) await systemClock.sleep(20);
  names.answer = { address: site(3), ttl: 1 };
  while (!run.events.some((event) => event.event === "first-success")) await systemClock.sleep(20);
  process.kill(run.child.pid, "SIGTERM");
  const { operations } = await run.finish();
  const first = operations.filter(({ profile }) => profile === "pinned")[0];
  assert.deepEqual([first?.outcome, first?.error], ["fail", "ECONNREFUSED"]);
  assert.ok(operations.some(({ profile, site: by }) => profile === "pinned" && by === "london"));
  assert.ok(operations.every(({ profile, outcome }) => profile !== "keep-alive" || outcome === "fail"));
});

test("a read-back that can't reach a replica says so and is not complete", async () => {
  const member = cluster.member("london");
  process.kill(member.pid, "SIGSTOP");
  try {
    const { told, operations } = await readBackOf(1, 4);
    assert.equal(told.complete, false);
    assert.equal(told.replicas["london"], null);
    assert.ok(told.replicas["paris"] !== null && told.journal !== null);
    const london = operations.find(({ from }) => from === "london");
    assert.deepEqual([london?.outcome, london?.error], ["unknown", "READ_BACK_INCOMPLETE"]);
  } finally {
    process.kill(member.pid, "SIGCONT");
  }
});
