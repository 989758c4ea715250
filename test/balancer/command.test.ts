// `outlast balancer` and `outlast route` as commands, in a network namespace of their own so that port 53 is free.
import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { removeTree } from "../../src/runtime/files.ts";
import { outlastCommand, run } from "../../src/runtime/process.ts";

const PLAN = `apiVersion: outlast.dev/v1alpha1
kind: RecoveryPlan
metadata: { name: ledger }
spec:
  sites:
    - { name: paris, region: eu-west, address: 127.77.1.1 }
    - { name: frankfurt, region: eu-central, address: 127.77.2.1 }
    - { name: london, region: eu-north, address: 127.77.3.1 }
  links:
    - { between: [paris, frankfurt], roundTrip: 10ms }
    - { between: [paris, london], roundTrip: 10ms }
    - { between: [frankfurt, london], roundTrip: 14ms }
  clientRoundTrip: 2ms
  workload: { engine: etcd, replicas: 3 }
  strategy: { kind: distributed, consistency: strong }
  objectives:
    - { survive: site, recoveryTime: 5s, recoveryPoint: 0s }
  balancer:
    hostname: ledger.example.test
    policy: latency
    dns: { ttl: 1s }
    health: { http: { path: /health/ready }, interval: 250ms, timeout: 200ms, fall: 2, rise: 3 }
`;

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "outlast-balancer-"));
  await writeFile(join(folder, "plan.yaml"), PLAN);
});
after(() => removeTree(folder));

const outlast = (...args: string[]) => run(outlastCommand(...args), { cwd: folder, timeoutMs: 20_000 });

test("without a place, with two, or with an unknown one it says what to give and exits 2", async () => {
  for (const places of [[], ["--site", "paris", "--region", "eu-west"], ["--site", "pari"]]) {
    const finished = await outlast("balancer", "-f", "plan.yaml", ...places);
    assert.equal(finished.code, 2, finished.stderr);
    assert.match(finished.stderr, /^outlast: \S+ .+\nat: .+\ndo: .+\n$/);
  }
});

test("a name server starts, answers 'outlast route' and ends within 1 s of SIGTERM", async () => {
  const quote = (words: readonly string[]) => words.map((word) => `'${word}'`).join(" ");
  const balancer = quote(outlastCommand("balancer", "-f", "plan.yaml", "--site", "paris", "--state", folder));
  const route = quote(outlastCommand("route", "-f", "plan.yaml", "-o", "json"));
  const script = `
    ip link set lo up
    ${balancer} > events.jsonl & pid=$!
    for attempt in $(seq 100); do grep -q '"event":"started"' events.jsonl && break; sleep 0.1; done
    ${route} > route.json; echo "route $?"
    began=$(date +%s%N)
    kill -TERM $pid; wait $pid; echo "ended $? $(( ($(date +%s%N) - began) / 1000000 ))"
    cat route.json`;
  const own = "--user --map-root-user --net --mount --pid --fork --kill-child --mount-proc".split(" ");
  const finished = await run(["unshare", ...own, "sh", "-c", script], { cwd: folder, timeoutMs: 30_000 });
  const [routed = "", ended = "", ...json] = finished.stdout.split("\n");
  assert.equal(routed, "route 5", `${finished.stderr}: no row has come, so there is no route`);
  const [, code, tookMs] = ended.split(" ");
  assert.equal(code, "0");
  assert.ok(Number(tookMs) < 1_000, `${tookMs} ms`);
  const status = JSON.parse(json.join("\n")) as { place: string; route: unknown };
  assert.deepEqual([status.place, status.route], ["paris", null]);
});

test("asking when nobody runs says so in three lines and exits 3", async () => {
  const finished = await outlast("route", "-f", "plan.yaml");
  assert.equal(finished.code, 3);
  assert.match(finished.stderr, /^outlast: BALANCER_SILENT .+\nat: .+\ndo: .+\n$/);
});
