// How long clients go without service when a site is lost, beside a direct etcd client that knows every surviving member:
// same run, same rate, same deadline. The difference is what Outlast's front-ends and balancer add to the engine's own
// election. Also: a follower's site, an isolated site, and 50 leader kills during which no route may change.
//   npm run -s bench -- recovery-time [--leader 9] [--follower 5] [--isolate 5] [--kills 50] [--rate 100] [--resume FOLDER]
// An interrupted bench goes on: drills of lost sites that are whole in the evidence folder given are taken from there.
import { parseArgs } from "node:util";
import type { DrillResult } from "../src/domain/drill.ts";
import type { Plan } from "../src/domain/plan.ts";
import { labName, oneDrill, surroundings, type DrillSession } from "../src/cli/drill-session.ts";
import { openLab, provision } from "../src/cli/open-lab.ts";
import { etcdTimings } from "../src/engines/etcd/timings.ts";
import type { Fault } from "../src/drills/fault.ts";
import { isolateSite } from "../src/drills/faults/cut.ts";
import { loseSite } from "../src/drills/faults/lose-site.ts";
import { killMember } from "../src/drills/faults/processes.ts";
import { runDrill, type DrillRequest } from "../src/drills/run-drill.ts";
import { headline } from "../src/evidence/headline.ts";
import { listEvidence } from "../src/evidence/load.ts";
import { median } from "../src/evidence/summary.ts";
import { loadPlan } from "../src/plan/load.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { readFile } from "node:fs/promises";
import { type Bar, report } from "./report.ts";

const PLAN_FILE = "bench/plans/three-sites-10ms.yaml";
const DEADLINE_MS = 200;
/** Until everything runs from compiled code: a process that is still compiling takes the cores that the others measure on. */
const WARM_UP_MS = 12_000;
// Three emulated sites share two cores: a Go program that believes it has both spends its time looking for work.
process.env["GOMAXPROCS"] ??= "1";
const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    leader: { type: "string", default: "9" },
    follower: { type: "string", default: "5" },
    isolate: { type: "string", default: "5" },
    kills: { type: "string", default: "50" },
    rate: { type: "string", default: "100" },
    profiles: { type: "string", default: "kernel,direct,dns,pinned" },
    resume: { type: "string" },
  },
});
const ratePerSecond = Number(values.rate);
const profiles = values.profiles.split(",");
const plan = await loadPlan(PLAN_FILE);
const signal = new AbortController().signal;
const session: DrillSession = {
  plan,
  planText: await readFile(PLAN_FILE, "utf8"),
  provisions: await provision(plan, signal),
  evidenceRoot: "evidence",
  signal,
  live: () => undefined,
};
const { intervalMs, timeoutMs, fall } = plan.balancer.timing;
const detectionMs = fall * intervalMs + timeoutMs;
const say = (line: string) => process.stderr.write(`${line}\n`);

function requestOf(
  fault: Fault,
  site: string | null,
  seed: number,
  phasesMs: DrillRequest["phasesMs"],
): DrillRequest {
  return {
    fault,
    site,
    peer: null,
    load: { ratePerSecond, deadlineMs: DEADLINE_MS, profiles },
    seed,
    phasesMs,
    series: null,
  };
}

interface Run {
  readonly id: string;
  readonly site: string | null;
  readonly conclusive: boolean;
  readonly reasons: readonly string[];
  readonly lost: number | null;
  /** Of the surviving regions, the slowest; null: not recovered. */
  readonly surviving: Readonly<Record<string, number | null>>;
  /** Of the region whose site was hit. */
  readonly own: Readonly<Record<string, number | null>>;
}

function runOf(result: DrillResult): Run {
  const { spec, status } = result;
  const ownRegion = plan.sites.find((site) => site.name === spec.site)?.region;
  const slowest = (regions: readonly string[], profile: string): number | null => {
    const times = regions.map((region) => status.recoveryTimeMs.byRegion[region]?.[profile] ?? null);
    return times.includes(null) ? null : Math.max(...times.map((time) => time ?? 0));
  };
  const regions = Object.keys(status.recoveryTimeMs.byRegion);
  const others = regions.filter((region) => region !== ownRegion);
  const own = regions.filter((region) => region === ownRegion);
  const each = (of: readonly string[]) =>
    Object.fromEntries(profiles.map((profile) => [profile, slowest(of, profile)]));
  say(`  ${headline(result)}`);
  return {
    id: result.metadata.id,
    site: spec.site,
    conclusive: status.conclusive,
    reasons: status.reasons,
    lost: status.lostAcknowledgedWrites,
    surviving: each(others),
    own: each(own),
  };
}

const earlier =
  values.resume === undefined
    ? []
    : (await listEvidence(values.resume)).flatMap((found) => (found.kind === "drill" ? [found.result] : []));

/** The newest that ended, with the same load. */
function doneBefore({ fault, seed, load }: DrillRequest): DrillResult | null {
  const same = earlier.filter(
    ({ spec, status }) =>
      fault === loseSite &&
      spec.scenario === fault.kind &&
      spec.seed === seed &&
      spec.load.ratePerSecond === load.ratePerSecond &&
      status.phase !== "running",
  );
  return same.toSorted((a, b) => a.metadata.start.localeCompare(b.metadata.start)).at(-1) ?? null;
}

/** A follower's site is chosen after the fact: the drill tells which site led, the next run takes another. */
async function drills(name: string, count: number, fault: Fault, hitsLeader: boolean): Promise<Run[]> {
  const runs: Run[] = [];
  for (let index = 0; index < count; index += 1) {
    say(`${name}, run ${index + 1} of ${count}`);
    const phasesMs = { before: WARM_UP_MS, hold: 4_500, after: 2_500 };
    const request = {
      ...requestOf(fault, null, (hitsLeader ? 1_000 : 2_000) + index, phasesMs),
      avoidLeader: !hitsLeader,
    };
    const result = doneBefore(request) ?? (await oneDrill({ ...session, request }));
    runs.push(runOf(result));
  }
  return runs;
}

const milliseconds = (value: number | null): number | null => (value === null ? null : Math.round(value));
const differences = (runs: readonly Run[]): (number | null)[] =>
  runs.map(({ surviving }) =>
    surviving["kernel"] == null || surviving["direct"] == null
      ? null
      : surviving["kernel"] - surviving["direct"],
  );

function bar(
  name: string,
  all: readonly (number | null)[],
  limitMs: number | null,
  of: "median" | "worst",
): Bar {
  const figure =
    of === "median"
      ? median(all)
      : all.includes(null) || all.length === 0
        ? null
        : Math.max(...all.map((one) => one ?? 0));
  return {
    name,
    figure: milliseconds(figure),
    unit: "ms",
    bar: limitMs === null ? null : `<= ${limitMs}`,
    met: limitMs === null || all.length === 0 ? null : figure !== null && figure <= limitMs,
    runs: all.map(milliseconds),
  };
}

/** One lab; the leader's process is killed again and again and started at once by its agent. */
async function leaderKills(kills: number): Promise<{ routeChanges: number; resets: number; killed: number }> {
  const { lab, topology } = await openLab(plan, session.provisions, {
    name: labName(plan),
    seed: 7,
    detached: false,
    signal,
    agentArguments: [],
  });
  await using _ = lab;
  let routeChanges = 0;
  let resets = 0;
  let faulted = false;
  const around = await surroundings(
    {
      ...session,
      live: (moment) => {
        if (moment.kind === "fault") faulted = true;
        if (moment.kind !== "event" || !faulted) return;
        if (moment.event.event === "route-changed" && moment.event.place.startsWith("gateway/"))
          routeChanges += 1;
        if (moment.event.event === "connections-reset") resets += moment.event.count;
      },
    },
    lab,
    topology,
  );
  let killed = 0;
  for (; killed < kills; killed += 1) {
    faulted = false;
    const request = requestOf(killMember, null, 3_000 + killed, { before: 1_000, hold: 2_500, after: 2_000 });
    const before = { routeChanges, resets };
    const light = { ...request, load: { ...request.load, ratePerSecond: Math.min(20, ratePerSecond) } };
    const result = await runDrill(light, around);
    say(
      `kill ${killed + 1} of ${kills}: ${routeChanges - before.routeChanges} route changes; ${headline(result)}`,
    );
    await systemClock.sleep(0);
  }
  return { routeChanges, resets, killed };
}

const ownBound = (runs: readonly Run[], extraMs: number): (number | null)[] =>
  runs.map(({ own, surviving }) => {
    const reference = Math.max(surviving["kernel"] ?? Number.POSITIVE_INFINITY, detectionMs);
    return own["kernel"] == null ? null : own["kernel"] - reference - extraMs;
  });

const leader = await drills("leader's site lost", Number(values.leader), loseSite, true);
const follower = await drills("follower's site lost", Number(values.follower), loseSite, false);
const isolated = await drills("follower's site isolated", Number(values.isolate), isolateSite, false);
const kills = await leaderKills(Number(values.kills));
const timings = etcdTimings(plan as Plan);

const column = (runs: readonly Run[], which: "own" | "surviving", profile: string) =>
  runs.map((run) => run[which][profile] ?? null);
const bars: Bar[] = [
  bar("leader's site lost: kernel path − direct client, median", differences(leader), 150, "median"),
  bar("leader's site lost: kernel path − direct client, worst", differences(leader), null, "worst"),
  bar("leader's site lost: direct client, median", column(leader, "surviving", "direct"), null, "median"),
  bar("leader's site lost: kernel path, median", column(leader, "surviving", "kernel"), null, "median"),
  bar(
    "leader's site lost: clients of that site over max(surviving, detection) + 250 ms, worst",
    ownBound(leader, 250),
    0,
    "worst",
  ),
  bar("follower's site lost: kernel path − direct client, median", differences(follower), 50, "median"),
  bar(
    "follower's site lost: clients of that site over max(surviving, detection) + 250 ms, worst",
    ownBound(follower, 250),
    0,
    "worst",
  ),
  ...["dns", "pinned"]
    .filter((profile) => profiles.includes(profile))
    .flatMap((profile) => [
      bar(
        `leader's site lost: ${profile} clients of that site, median`,
        column(leader, "own", profile),
        null,
        "median",
      ),
      bar(
        `follower's site lost: ${profile} clients of that site, median`,
        column(follower, "own", profile),
        null,
        "median",
      ),
    ]),
  bar(
    "site isolated: its clients on the kernel path, worst",
    column(isolated, "own", "kernel"),
    detectionMs + timings.electionTimeoutMs + 250,
    "worst",
  ),
  {
    name: `route changes in ${kills.killed} leader kills`,
    figure: kills.routeChanges,
    unit: "",
    bar: "= 0",
    met: kills.killed === 0 ? null : kills.routeChanges === 0,
    runs: [kills.killed],
  },
  {
    name: `connections reset in ${kills.killed} leader kills`,
    figure: kills.resets,
    unit: "",
    bar: "= 0",
    met: kills.killed === 0 ? null : kills.resets === 0,
    runs: [kills.killed],
  },
  {
    name: "acknowledged writes lost in all of these drills",
    figure: [...leader, ...follower, ...isolated].reduce((sum, { lost }) => sum + (lost ?? 0), 0),
    unit: "",
    bar: "= 0",
    met: [...leader, ...follower, ...isolated].some(({ lost }) => lost === null)
      ? null
      : [...leader, ...follower, ...isolated].every(({ lost }) => lost === 0),
    runs: [...leader, ...follower, ...isolated].map(({ lost }) => lost),
  },
];
await report("recovery-time", bars, {
  ratePerSecond,
  deadlineMs: DEADLINE_MS,
  profiles,
  drills: { leader, follower, isolated },
});
process.exit();
