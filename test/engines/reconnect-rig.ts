// Runs in namespaces of its own (reconnect.test.ts): a client and a member with a link between them that is cut silently,
// in the direction to the client, for each of the given times. Prints how long the first write took after each heal.
import { etcdEngineClient } from "../../src/engines/etcd/client.ts";
import { startEtcdClient } from "../../src/protocols/etcd/client.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { runOk, start } from "../../src/runtime/process.ts";

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

const url = (port: number) => `http://${MEMBER}:${port}`;
await using _member = await start(
  ["ip", "netns", "exec", "far", program, "--name=a", `--data-dir=${folder}`, "--log-level=error"].concat([
    `--listen-client-urls=${url(2379)}`,
    `--advertise-client-urls=${url(2379)}`,
    `--listen-peer-urls=${url(2380)}`,
    `--initial-advertise-peer-urls=${url(2380)}`,
    `--initial-cluster=a=${url(2380)}`,
  ]),
  { stdio: ["ignore", "ignore", "inherit"] },
);
const etcd = startEtcdClient(MEMBER, 2379);
await using client = etcdEngineClient({ name: "a", address: MEMBER }, etcd);
const write = (ms: number) => client.write("k", "v", AbortSignal.timeout(ms));
while ((await write(500)).kind !== "done") await systemClock.sleep(20);

for (const cutMs of cuts.map(Number)) {
  const kinds: Record<string, number> = {};
  await ip(`-n far route add blackhole ${CLIENT}/32`);
  for (const untilMs = systemClock.nowMs() + cutMs; systemClock.nowMs() < untilMs; ) {
    const { kind } = await write(200);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  await ip(`-n far route del blackhole ${CLIENT}/32`);
  const healedMs = systemClock.nowMs();
  while ((await write(200)).kind !== "done");
  const tookMs = systemClock.nowMs() - healedMs;
  process.stdout.write(`${JSON.stringify({ cutMs, kinds, tookMs, open: etcd.open() })}\n`);
}
