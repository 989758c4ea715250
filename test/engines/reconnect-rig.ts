// Runs in namespaces of its own (reconnect.test.ts): a client and a member with a link between them that is cut silently,
// in the direction to the client, for each of the given times. Prints how long the first write took after each heal,
// and how late this machine's timers were meanwhile.
import type { Plan } from "../../src/domain/plan.ts";
import { etcdEngineClient } from "../../src/engines/etcd/client.ts";
import { etcdLaunch } from "../../src/engines/etcd/launch.ts";
import { startEtcdClient } from "../../src/protocols/etcd/client.ts";
import { SESSION_TIMINGS } from "../../src/protocols/etcd/sessions.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { runOk, start } from "../../src/runtime/process.ts";
import { until } from "./cluster.ts";
import { measureLateness } from "../lateness.ts";

const [program = "", folder = "", ...cuts] = process.argv.slice(2);
const CLIENT = "10.99.9.1";
const MEMBER = "10.99.9.2";
const ip = async (line: string) => (await runOk(["ip", ...line.split(" ")])).stdout;

await runOk(["mount", "-t", "tmpfs", "tmpfs", "/run"]);
await ip("netns add far");
await ip("link add near0 type veth peer name far0 netns far");
await ip(`addr add ${CLIENT}/30 dev near0`);
await ip(`-n far addr add ${MEMBER}/30 dev far0`);
for (const line of [
  "link set lo up",
  "link set near0 up",
  "-n far link set lo up",
  "-n far link set far0 up",
])
  await ip(line);
const macOf = async (line: string) => /link\/ether (\S+)/.exec(await ip(line))?.[1] ?? "";
// As in the lab: a cut is silence, not an address that stops resolving.
await ip(`neigh replace ${MEMBER} dev near0 nud permanent lladdr ${await macOf("-n far link show far0")}`);
await ip(`-n far neigh replace ${CLIENT} dev far0 nud permanent lladdr ${await macOf("link show near0")}`);

// Started as the product starts it: without its flag for PINGs the member may close a session for asking too often.
const members = [{ name: "a", address: MEMBER }];
const launch = etcdLaunch(
  { engine: "etcd", version: "", programs: { etcd: program }, source: "" },
  { name: "a", address: MEMBER, dataFolder: folder, members, cluster: "new" },
  {
    name: "reconnect",
    links: [],
    workload: { heartbeatMs: null, electionTimeoutMs: null },
  } as unknown as Plan,
);
await using _member = await start(["ip", "netns", "exec", "far", ...launch.argv], {
  env: launch.env,
  stdio: ["ignore", "ignore", "inherit"],
});
const etcd = startEtcdClient(MEMBER, 2379);
await using client = etcdEngineClient({ name: "a", address: MEMBER }, etcd);
const write = (ms: number) => client.write("k", "v", AbortSignal.timeout(ms));
const acknowledged = (ms: number) =>
  until("a write is acknowledged", 20_000, async () => ((await write(ms)).kind === "done" ? true : null));
// The first cut has to meet a session that the next call would get. While the member starts, one can be given up for its
// silence with a call still open, and that call be answered after all. So twice: the second call is given to a session
// without doubt, and answered sooner than any is given up (SESSION_TIMINGS).
for (const _ of ["answered", "settled"])
  await acknowledged(SESSION_TIMINGS.silentMs + SESSION_TIMINGS.pingPatienceMs - 100);

for (const cutMs of cuts.map(Number)) {
  const kinds: Record<string, number> = {};
  const codes: string[] = [];
  await ip(`-n far route add blackhole ${CLIENT}/32`);
  for (const untilMs = systemClock.nowMs() + cutMs; systemClock.nowMs() < untilMs; ) {
    const outcome = await write(200);
    kinds[outcome.kind] = (kinds[outcome.kind] ?? 0) + 1;
    if (outcome.kind !== "done") codes.push(outcome.failure.code);
  }
  await ip(`-n far route del blackhole ${CLIENT}/32`);
  const healedMs = systemClock.nowMs();
  const lateness = measureLateness();
  await acknowledged(200);
  const tookMs = systemClock.nowMs() - healedMs;
  const lateMs = lateness.end();
  process.stdout.write(`${JSON.stringify({ cutMs, kinds, codes, tookMs, lateMs, open: etcd.open() })}\n`);
}
