// One run of ours: a lab of its own, three agents found a workload, clients straight at the sites' fences, the primary's site lost
// or cut off, what they saw of it, and what the new primary has.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentStatus } from "../../src/api/agent.ts";
import { journalKey } from "../../src/api/ledger-keys.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { clientStreams, worstRecovery } from "../../src/drills/client-view.ts";
import { mergeHistories } from "../../src/history/merge.ts";
import { loadHistory } from "../../src/history/read.ts";
import { allLinksOf, type LabChange } from "../../src/lab/changes.ts";
import { LAB_FOLDER } from "../../src/lab/disks/disks.ts";
import { diskOf, type LabConfig, LOGS_FOLDER, PLAN_FILE } from "../../src/lab/keeper/keeper.ts";
import { logNameOf } from "../../src/lab/keeper/place.ts";
import { type Lab, startLab } from "../../src/lab/start-lab.ts";
import { type Place, topologyOf } from "../../src/lab/topology.ts";
import type { Tools } from "../../src/linux/tools.ts";
import { formatPlan } from "../../src/plan/format.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { outlastCommand } from "../../src/runtime/process.ts";
import { newId } from "../../src/runtime/random.ts";

export interface RecoveryLoad {
  readonly ratePerSecond: number;
  readonly deadlineMs: number;
  readonly seed: number;
}

export type RecoveryFault = "lose-site" | "cut-off";

export interface RecoveryRun {
  readonly fault: RecoveryFault;
  readonly site: string;
  /** Of the region that recovered last; null: not while it was watched. */
  readonly recoveryTimeMs: number | null;
  /** From the fault to the first acknowledgement of a write sent after it. */
  readonly firstAcknowledgedMs: number | null;
  readonly acknowledgedWrites: number;
  /** Acknowledged, and not in the new primary; null: there was none to ask. */
  readonly lost: number | null;
  /** ms after the fault, by the agents' own logs. */
  readonly terms: Readonly<Record<string, number>>;
}

const READY_WITHIN_MS = 240_000;
const WARM_UP_MS = 6_000;
const WATCH_MS = 20_000;
const STEADY_MS = 4_000;
const PROCESS_WITHIN_MS = 30_000;
const POLL_MS = 200;
const SITE_ROLE = fileURLToPath(new URL("site-role.ts", import.meta.url));

type Statuses = Readonly<Record<string, AgentStatus | null>>;

const CHANGES: Readonly<Record<RecoveryFault, (site: string) => LabChange>> = {
  "lose-site": (place) => ({ kind: "lose-place", place, wipeDisks: false }),
  "cut-off": (place) => ({ kind: "links", ends: allLinksOf(place), set: { cut: true } }),
};

/** Throws when the workload does not come up, or a process of the run does not end well. */
export async function oneRecoveryRun(
  plan: Plan,
  fault: RecoveryFault,
  tools: Tools,
  load: RecoveryLoad,
  signal: AbortSignal,
): Promise<RecoveryRun> {
  const topology = topologyOf(plan);
  const sites = topology.places.filter(({ kind }) => kind === "site");
  const clients = topology.places.filter(({ kind }) => kind === "clients");
  const [observer] = clients;
  if (observer === undefined) throw new RangeError("a plan without client regions");
  await using lab = await startLab(labOf(topology, sites, load.seed), {
    detached: false,
    toolFolders: [...new Set(Object.values(tools.paths).map(dirname))],
    path: process.env["PATH"] ?? "",
    signal,
  });
  const begin = (place: Place, name: string, argv: readonly string[]) =>
    lab.call("startProcess", { place: place.name, spec: { name, argv, restart: false } });
  const logOf = (place: Place, name: string) =>
    readFile(lab.pathOf(join(LOGS_FOLDER, `${logNameOf(place.name, name)}.jsonl`)), "utf8");
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", SITE_ROLE];
  const saidBy = async <T>(name: string): Promise<T | null> => {
    const last = (await logOf(observer, name)).split("\n").at(-2);
    return last === undefined ? null : (JSON.parse(last) as T);
  };
  await begin(observer, "statuses", [...node, "statuses", ...sites.map(({ address }) => address)]);
  const statuses = async () => (await saidBy<Statuses>("statuses")) ?? {};
  const primary = await protectedPrimary(sites, statuses, signal);

  const originNs = clock.nowNs();
  const historyOf = ({ namespace }: Place) => `${LAB_FOLDER}/${namespace}.history.jsonl`;
  const options = {
    file: PLAN_FILE,
    profiles: "direct",
    rate: load.ratePerSecond,
    deadline: load.deadlineMs,
    seed: load.seed,
    ramp: WARM_UP_MS / 2,
    "origin-ns": originNs,
    "max-duration": 300,
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  for (const place of clients)
    await begin(
      place,
      "load",
      outlastCommand("load", ...words, "--region", place.region, "--history", historyOf(place)),
    );
  // Not always at the same point between two renewals.
  await clock.sleep(WARM_UP_MS + (load.seed % 7) * 23, signal);
  const { beforeNs } = await lab.call("apply", {
    id: "loss",
    fault,
    target: primary.name,
    changes: [CHANGES[fault](primary.name)],
    deadlineMs: 2 * WATCH_MS,
  });
  const untilMs = clock.nowMs() + WATCH_MS;
  let next: Place | undefined;
  while (next === undefined && clock.nowMs() < untilMs) {
    await clock.sleep(POLL_MS, signal);
    const now = await statuses();
    next = sites.find(
      ({ name, address }) => name !== primary.name && now[address]?.recovery?.fenceOpenFor != null,
    );
  }
  await clock.sleep(STEADY_MS, signal);
  for (const place of clients) {
    await lab.call("stopProcess", { place: place.name, name: "load" });
    await endedWell(lab, place, "load");
  }
  const parts = await Promise.all(clients.map((place) => loadHistory(lab.pathOf(historyOf(place)))));
  const { operations } = mergeHistories(parts);
  let kept: Set<string> | null = null;
  if (next !== undefined) {
    await begin(observer, "journal", [...node, "journal", next.address]);
    await endedWell(lab, observer, "journal");
    kept = new Set((await saidBy<{ keys: string[] }>("journal"))?.keys);
  }
  const faultAt = Number(BigInt(beforeNs) - originNs);
  const acknowledged = operations.filter(({ op, outcome }) => op === "append" && outcome === "ok");
  const firstAt = Math.min(
    ...operations.flatMap(({ op, outcome, invoked, completed = 0 }) =>
      op !== "read" && outcome === "ok" && invoked >= faultAt ? [completed] : [],
    ),
  );
  const logs = await Promise.all(sites.map((site) => logOf(site, "agent")));
  return {
    fault,
    site: primary.name,
    recoveryTimeMs: worstRecovery(clientStreams(operations, faultAt, load.deadlineMs)).ms,
    firstAcknowledgedMs: Number.isFinite(firstAt) ? (firstAt - faultAt) / 1e6 : null,
    acknowledgedWrites: acknowledged.length,
    lost:
      kept === null ? null : acknowledged.filter(({ input }) => !kept.has(journalKey(String(input)))).length,
    terms: termsOf(logs, beforeNs),
  };
}

/** When each step was first seen after the fault. */
function termsOf(logs: readonly string[], beforeNs: string): Record<string, number> {
  const terms: Record<string, number> = {};
  for (const line of logs.flatMap((text) => text.split("\n"))) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as { at: string; event: string; phase?: string; action?: string };
    const ms = Math.round(Number(BigInt(event.at) - BigInt(beforeNs)) / 1e6);
    if (ms < 0) continue;
    const name =
      event.event === "epoch-changed"
        ? event.phase
        : event.event === "member-moved"
          ? event.action
          : event.event === "fence-opened"
            ? "fence"
            : undefined;
    if (name !== undefined) terms[name] = Math.min(terms[name] ?? Number.POSITIVE_INFINITY, ms);
  }
  return terms;
}

function labOf(topology: ReturnType<typeof topologyOf>, sites: readonly Place[], seed: number): LabConfig {
  const words = ["-f", PLAN_FILE, "--no-frontend"];
  const agent = (site: Place) => ({
    name: "agent",
    restart: true,
    argv: outlastCommand("agent", ...words, "--site", site.name, "--data", `${diskOf(site)}/agent`),
  });
  return {
    name: `recovery-${newId().slice(0, 6)}`,
    topology,
    planText: formatPlan(topology.plan),
    programs: Object.fromEntries(
      topology.places.map((place) => [place.name, sites.includes(place) ? [agent(place)] : []]),
    ),
    files: {},
    links: "relay",
    disks: "memory",
    diskBytesPerPlace: 1024 ** 3,
    seed,
  };
}

/** Who serves, when both others stream and count. */
async function protectedPrimary(
  sites: readonly Place[],
  statuses: () => Promise<Statuses>,
  signal: AbortSignal,
): Promise<Place> {
  const untilMs = clock.nowMs() + READY_WITHIN_MS;
  for (;;) {
    const now = await statuses();
    const serving = sites.find(({ address }) => {
      const seen = now[address]?.recovery;
      const streaming = seen?.standbys.filter(({ state }) => state === "streaming").length ?? 0;
      const others = sites.length - 1;
      return (
        seen?.fenceOpenFor != null && streaming === others && seen.primaryship?.standbys.length === others
      );
    });
    if (serving !== undefined) return serving;
    if (clock.nowMs() > untilMs || signal.aborted)
      throw new Error(`nobody serves, protected, within 4 minutes: ${JSON.stringify(now)}`);
    await clock.sleep(POLL_MS, signal);
  }
}

async function endedWell(lab: Lab, { name: place }: Place, name: string): Promise<void> {
  const ended = await lab.call("ended", { place, name }, AbortSignal.timeout(PROCESS_WITHIN_MS));
  if (ended.code !== 0) throw new Error(`${name} in ${place} ended with ${ended.code ?? ended.signal}`);
}
