import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan } from "../../domain/plan.ts";
import type { Installation, MemberSpec } from "../contract.ts";
import { etcdLaunch } from "./launch.ts";
import { etcdTimings } from "./timings.ts";

const link = (roundTripMs: number, jitterMs = 0): Plan["links"][number] => ({
  between: ["a", "b"],
  roundTripMs,
  jitterMs,
  lossRatio: 0,
  bandwidthBitsPerSecond: null,
});
const workload: Plan["workload"] = {
  engine: "etcd",
  version: null,
  replicas: 3,
  heartbeatMs: null,
  electionTimeoutMs: null,
};
const timings = (links: Plan["links"], set: Partial<Plan["workload"]> = {}) => {
  const { heartbeatMs, electionTimeoutMs } = etcdTimings({ links, workload: { ...workload, ...set } });
  return [heartbeatMs, electionTimeoutMs];
};

test("heartbeat and election timeout follow the longest link, with a floor and etcd's ceiling", () => {
  assert.deepEqual(timings([]), [50, 500]);
  assert.deepEqual(timings([link(10), link(14)]), [50, 500]);
  assert.deepEqual(timings([link(10), link(33)]), [70, 700]);
  assert.deepEqual(timings([link(33, 4)]), [90, 900]);
  assert.deepEqual(timings([link(4_000)]), [8_000, 50_000]);
});

test("what the plan sets is taken as it is", () => {
  assert.deepEqual(timings([link(33)], { heartbeatMs: 100 }), [100, 1_000]);
  assert.deepEqual(timings([link(33)], { heartbeatMs: 100, electionTimeoutMs: 600 }), [100, 600]);
});

const installed: Installation = {
  engine: "etcd",
  version: "3.6.16",
  programs: { etcd: "/x/etcd" },
  source: "cache",
};
const member: MemberSpec = {
  name: "paris",
  address: "10.77.1.1",
  dataFolder: "/data/member",
  members: [
    { name: "paris", address: "10.77.1.1" },
    { name: "london", address: "10.77.3.1" },
  ],
  cluster: "new",
};
const plan = { name: "ledger", links: [link(10)], workload } as unknown as Plan;

test("a member listens on its own address, names all members and never runs without pre-vote", () => {
  const { argv, stopGraceMs } = etcdLaunch(installed, member, plan);
  assert.equal(argv[0], "/x/etcd");
  for (const wanted of [
    "--listen-client-urls=http://10.77.1.1:2379,http://127.0.0.1:2379",
    "--listen-peer-urls=http://10.77.1.1:2380",
    "--initial-cluster=paris=http://10.77.1.1:2380,london=http://10.77.3.1:2380",
    "--initial-cluster-state=new",
    "--pre-vote=true",
    "--heartbeat-interval=50",
    "--election-timeout=500",
  ])
    assert.ok(argv.includes(wanted), wanted);
  assert.ok(stopGraceMs > 4_900);
});

test("fsync is off only when the control asks for it by name", () => {
  const has = (spec: MemberSpec) => etcdLaunch(installed, spec, plan).argv.includes("--unsafe-no-fsync=true");
  assert.ok(!has(member));
  assert.ok(has({ ...member, unsafeNoFsync: true }));
});
