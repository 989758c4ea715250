// A realistic drill for tests of tables and pages: three regions, three client profiles, a site lost at 10 s and back at
// 20 s. Seeded; `lost` writes and an invalid verdict can be asked for.
import type { DrillResult, TimelineEvent } from "../../src/domain/drill.ts";
import type { EventBody } from "../../src/domain/event.ts";
import type { Operation } from "../../src/domain/history.ts";
import { breakdown } from "../../src/evidence/breakdown.ts";
import { seededRandom } from "../../src/runtime/random.ts";

export interface Sample {
  readonly result: DrillResult;
  readonly operations: readonly Operation[];
  readonly events: readonly TimelineEvent[];
  readonly planText: string;
}

export interface SampleOptions {
  readonly seed?: number;
  readonly id?: string;
  readonly series?: DrillResult["metadata"]["series"];
  readonly lost?: number;
  readonly conclusive?: boolean;
  readonly ratePerSecond?: number;
}

const SITES = [
  { site: "paris", region: "eu-west" },
  { site: "frankfurt", region: "eu-central" },
  { site: "london", region: "eu-north" },
] as const;
const PROFILES = ["kernel", "dns", "pinned"] as const;
const DEADLINE_MS = 1_000;
const FAULT_MS = 10_000;
const HEAL_MS = 20_000;
const END_MS = 35_000;

const PLAN = `apiVersion: outlast.dev/v1alpha1
kind: RecoveryPlan
metadata:
  name: ledger
spec:
  sites:
    - { name: paris, region: eu-west }
    - { name: frankfurt, region: eu-central }
    - { name: london, region: eu-north }
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
    dns: { ttl: 5s }
    health: { http: { path: /health/ready }, interval: 250ms, timeout: 200ms, fall: 2, rise: 3 }
`;

/** How long clients fail from the fault on. */
function outageMs(region: string, profile: string, jitterMs: number): number {
  const electionMs = 742 + jitterMs;
  if (region !== "eu-west") return electionMs;
  if (profile === "kernel") return electionMs + 172;
  return profile === "dns" ? 5_420 + jitterMs : HEAL_MS - FAULT_MS + 1_310;
}

function operationsOf(seed: number, jitterMs: number, ratePerSecond: number): Operation[] {
  const random = seededRandom(seed);
  const operations: Operation[] = [];
  let client = 0;
  for (const [at, { region, site }] of SITES.entries())
    for (const profile of PROFILES) {
      client += 1;
      const untilMs = FAULT_MS + outageMs(region, profile, jitterMs);
      for (let index = 0; index < (END_MS / 1000) * ratePerSecond; index += 1) {
        const scheduledMs = (index * 1000) / ratePerSecond + random.next();
        const moved = scheduledMs > untilMs && scheduledMs < HEAL_MS + 2_400 && region === "eu-west";
        const failing =
          (scheduledMs >= FAULT_MS && scheduledMs < untilMs) ||
          (region === "eu-west" && scheduledMs > 22_400 && scheduledMs < 22_460);
        const tail = random.next() > 0.985 ? random.next() * 40 : 0;
        const latencyMs = 13 + at + (moved ? 10 : 0) + random.next() * 6 + tail;
        const base = {
          process: client * 100_000 + index, // a new one each time: none has two operations open
          session: client,
          site,
          region,
          profile,
          op: index % 3 === 0 ? ("append" as const) : ("read" as const),
          key: `k${index % 40}`,
          input: index,
          scheduled: Math.round(scheduledMs * 1e6),
          invoked: Math.round((scheduledMs + 0.2) * 1e6),
        };
        operations.push(
          failing
            ? { ...base, outcome: "unknown", error: "DEADLINE" }
            : {
                ...base,
                outcome: "ok",
                output: index % 3 === 0 ? null : [],
                completed: Math.round((scheduledMs + latencyMs) * 1e6),
                epoch: 2,
              },
        );
      }
    }
  return operations;
}

function eventsOf(jitterMs: number): TimelineEvent[] {
  const events: TimelineEvent[] = [];
  const add = (atMs: number, component: string, place: string, body: EventBody) =>
    events.push({
      atMs,
      at: String(BigInt(Math.round(atMs * 1e6)) + 5_000_000_000_000n),
      wall: new Date(Date.UTC(2026, 10, 22, 10, 0, 0) + atMs).toISOString(),
      component,
      place,
      ...body,
    });
  for (const [at, { site, region }] of SITES.entries()) {
    add(-2_400 + at * 12, "agent", site, { event: "started", pid: 120 + at, version: "0.1.0" });
    add(-2_310 + at * 15, "agent", site, {
      event: "member-started",
      member: `etcd-${site}`,
      pid: 140 + at,
      attached: false,
    });
    add(-1_700 + at * 20, "agent", site, {
      event: "member-ready",
      member: `etcd-${site}`,
      role: at === 0 ? "leader" : "follower",
      term: 2,
    });
    add(-1_520 + at * 11, "ledger", site, {
      event: "able-changed",
      able: true,
      because: "committed a probe write in 11 ms",
      term: 2,
    });
    add(-1_400 + at * 9, "balancer", site, { event: "started", pid: 180 + at, version: "0.1.0" });
    add(-1_350 + at * 9, "balancer", `gateway/${region}`, {
      event: "started",
      pid: 190 + at,
      version: "0.1.0",
    });
  }
  add(FAULT_MS, "drill", "lab", {
    event: "fault-applied",
    fault: "lose-site",
    target: "paris",
    detail: { signal: "SIGKILL", links: "silent" },
  });
  add(FAULT_MS + 3, "keeper", "lab", {
    event: "process-exited",
    process: "paris/agent",
    code: null,
    signal: "SIGKILL",
  });
  add(FAULT_MS + 3.4, "keeper", "lab", {
    event: "process-exited",
    process: "paris/balancer",
    code: null,
    signal: "SIGKILL",
  });
  for (const [at, { region, site }] of SITES.entries()) {
    const t = FAULT_MS + 455 + at * 41 + jitterMs / 4;
    add(t, "balancer", `gateway/${region}`, {
      event: "site-health-changed",
      site: "paris",
      reachable: false,
      able: false,
      because: "2 probes in a row without an answer in 200 ms",
    });
    add(t + 2, "balancer", `gateway/${region}`, {
      event: "route-changed",
      serial: 4,
      epoch: 2,
      held: false,
      groups: [
        {
          region,
          sites: [region === "eu-west" ? "frankfurt" : site],
          because: "nearest site that can commit",
        },
      ],
    });
    add(t + 6, "balancer", `gateway/${region}`, {
      event: "route-applied",
      plane: "kernel",
      serial: 4,
      tookMs: 3.1,
    });
    if (at === 0)
      add(t + 11, "balancer", `gateway/${region}`, {
        event: "connections-reset",
        site: "paris",
        count: 212,
        tookMs: 4.4,
      });
    if (site === "paris") continue;
    add(FAULT_MS + 640 + jitterMs, "agent", site, {
      event: "term-changed",
      member: `etcd-${site}`,
      term: 3,
      leader: "etcd-london",
    });
    add(FAULT_MS + 130, "ledger", site, {
      event: "able-changed",
      able: false,
      because: "no leader: the last probe write got no answer in 100 ms",
      term: 2,
    });
    add(FAULT_MS + 655 + jitterMs, "ledger", site, {
      event: "able-changed",
      able: true,
      because: "committed a probe write in 13 ms",
      term: 3,
    });
  }
  for (const { region } of SITES)
    for (const profile of PROFILES)
      add(FAULT_MS + outageMs(region, profile, jitterMs), "load", `gateway/${region}`, {
        event: "first-success",
        region,
        profile,
        afterFailures: 90,
      });
  add(FAULT_MS + 4_000, "agent", "frankfurt", {
    event: "log",
    level: "warning",
    message: "peer paris: <no answer> for 4 s & counting",
  });
  add(HEAL_MS, "drill", "lab", {
    event: "fault-healed",
    fault: "lose-site",
    target: "paris",
    because: "the scenario's end",
  });
  add(HEAL_MS + 310, "agent", "paris", { event: "started", pid: 903, version: "0.1.0" });
  add(HEAL_MS + 380, "agent", "paris", {
    event: "member-started",
    member: "etcd-paris",
    pid: 911,
    attached: false,
  });
  add(HEAL_MS + 1_140, "agent", "paris", {
    event: "member-ready",
    member: "etcd-paris",
    role: "follower",
    term: 3,
  });
  add(HEAL_MS + 1_200, "ledger", "paris", {
    event: "able-changed",
    able: true,
    because: "committed a probe write in 12 ms",
    term: 3,
  });
  for (const [at, { region }] of SITES.entries()) {
    const t = HEAL_MS + 1_900 + at * 60;
    add(t, "balancer", `gateway/${region}`, {
      event: "site-health-changed",
      site: "paris",
      reachable: true,
      able: true,
      because: "3 probes in a row answered",
    });
    add(t + 3, "balancer", `gateway/${region}`, {
      event: "route-applied",
      plane: "kernel",
      serial: 5,
      tookMs: 2.8,
    });
  }
  return events.sort((a, b) => a.atMs - b.atMs);
}

export function sampleDrill(options: SampleOptions = {}): Sample {
  const { seed = 1, id = "2026-11-22T10-00-00Z-lose-site-paris", lost = 0, conclusive = true } = options;
  const ratePerSecond = options.ratePerSecond ?? 100;
  const jitterMs = seededRandom(seed).below(160) - 60;
  const operations = operationsOf(seed, jitterMs, ratePerSecond);
  const events = eventsOf(jitterMs);
  const byRegion = Object.fromEntries(
    SITES.map(({ region }) => [
      region,
      Object.fromEntries(PROFILES.map((profile) => [profile, outageMs(region, profile, jitterMs)])),
    ]),
  );
  const worst = outageMs("eu-central", "dns", jitterMs);
  const acknowledged = operations.filter(({ op, outcome }) => op === "append" && outcome === "ok").length;
  const witness = operations.filter(({ op }) => op === "append").slice(1_180, 1_180 + Math.min(lost, 3));
  const met = conclusive ? lost === 0 && worst <= 5_000 : null;
  return {
    operations,
    events,
    planText: PLAN,
    result: {
      apiVersion: "outlast.dev/v1alpha1",
      kind: "DrillResult",
      metadata: {
        id,
        planName: "ledger",
        planDigest: `sha256:${"5b1c9f".repeat(10)}a7f3`,
        start: "2026-11-22T10:00:00.000Z",
        series: options.series ?? null,
      },
      spec: {
        scenario: "lose-site",
        site: "paris",
        load: { ratePerSecond, deadlineMs: DEADLINE_MS, profiles: PROFILES },
        seed: 3_141_592_653,
      },
      status: {
        phase: "complete",
        objectiveMet: met,
        objectives: [
          {
            name: "recovery time when a site is lost",
            unit: "ms",
            asked: 5_000,
            measured: worst,
            met: conclusive ? true : null,
          },
          {
            name: "recovery point when a site is lost",
            unit: "ms",
            asked: 0,
            measured: lost === 0 ? 0 : 340,
            met: conclusive ? lost === 0 : null,
          },
        ],
        conclusive,
        reasons: conclusive
          ? lost === 0
            ? []
            : [`${lost} acknowledged writes are missing from the linearizable read-back`]
          : ["the generator was late: p99.9 61.2 ms is more than 5 % of the outage measured"],
        recoveryTimeMs: { worst, worstAt: { region: "eu-central", profile: "dns" }, byRegion },
        failedMs: worst,
        outages: [
          ...SITES.flatMap(({ region }) =>
            PROFILES.map((profile) => ({
              region,
              profile,
              fromAtMs: FAULT_MS,
              toAtMs: FAULT_MS + outageMs(region, profile, jitterMs),
            })),
          ),
          ...PROFILES.map((profile) => ({ region: "eu-west", profile, fromAtMs: 22_400, toAtMs: 22_460 })),
        ],
        breakdownMs: breakdown(events, {
          region: "eu-central",
          profile: "dns",
          site: "paris",
          faultAtMs: FAULT_MS,
          healAtMs: HEAL_MS,
        }),
        acknowledgedWrites: acknowledged,
        lostAcknowledgedWrites: lost,
        recoveryPointMs: lost === 0 ? 0 : 340,
        restoredStateAgeMs: lost === 0 ? 0 : 352,
        timeToFullRedundancyMs: HEAL_MS - FAULT_MS + 1_140,
        verdicts: [
          {
            model: "linearizable-register",
            verdict: "valid",
            reason: "no two blocks of 40 keys contradict real time",
            witness: [],
            statistics: { operations: operations.length, keys: 40, elapsedMs: 61 },
          },
          {
            model: "journal",
            verdict: lost === 0 ? "valid" : "invalid",
            reason:
              lost === 0
                ? "every acknowledged entry is in the linearizable read-back and in every replica"
                : `${lost} acknowledged entries are in no replica`,
            witness,
            statistics: { acknowledged, lost, recovered: 3, undetermined: 41 },
          },
        ],
        predicted: {
          recoveryTimeMs: 1_180,
          terms: [
            { name: "election", ms: 1_000, because: "election timeout 500 ms, drawn from 500–1 000 ms" },
            {
              name: "probe",
              ms: 700,
              because: "fall 2 × interval 250 ms + timeout 200 ms, while the election runs",
            },
            { name: "front-end", ms: 180, because: "readiness probe 100 ms + commit 14 ms + retry" },
          ],
          digest: `sha256:${"c0ffee".repeat(10)}12ab`,
          writtenAt: "2026-11-22T10:00:09.412Z",
        },
        latencyMs: {
          before: { p50: 16.2, p99: 38.4, max: 58.2 },
          during: { p50: 21.9, p99: 61.4, max: 402.8 },
          after: { p50: 16.4, p99: 39.9, max: 71.3 },
        },
        marks: [
          { mark: "fault", name: "lose-site", site: "paris", atMs: FAULT_MS },
          { mark: "heal", name: "lose-site", site: "paris", atMs: HEAL_MS },
        ],
        events,
        environment: {
          versions: { outlast: "0.1.0", node: "24.21.0", etcd: "3.6.16", nft: "1.0.6", unbound: "1.17.1" },
          engineSource: "built from the Go module proxy, go.etcd.io/etcd/server/v3@v3.6.16",
          cores: 2,
          kernel: "Linux 6.18.5",
          linkDriver: "vxlan-relay",
          relayLatenessMs: {
            p50: 0.11,
            p99: 1.42,
            p999: conclusive ? 2.1 : 58.4,
            max: conclusive ? 4.9 : 193,
          },
          generatorLatenessMs: {
            p50: 0.21,
            p99: 1.9,
            p999: conclusive ? 3.3 : 61.2,
            max: conclusive ? 6.1 : 210,
          },
          disks: ["ext4 on /dev/vda, fsync p99 2.1 ms"],
          links: [
            { between: ["paris", "frankfurt"], plannedRoundTripMs: 10, medianRoundTripMs: 10.3 },
            { between: ["paris", "london"], plannedRoundTripMs: 10, medianRoundTripMs: 10.4 },
            { between: ["frankfurt", "london"], plannedRoundTripMs: 14, medianRoundTripMs: 14.3 },
          ],
        },
      },
    },
  };
}
