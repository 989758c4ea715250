// One run of the peer: a lab of its own, a cluster that is protected, clients, the primary's site lost, what they saw of it.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { journalKey } from "../../src/api/ledger-keys.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { clientStreams, worstRecovery } from "../../src/drills/client-view.ts";
import { mergeHistories } from "../../src/history/merge.ts";
import { loadHistory } from "../../src/history/read.ts";
import { LAB_FOLDER } from "../../src/lab/disks/disks.ts";
import { followLogs } from "../../src/lab/follow-logs.ts";
import { type LabConfig, LOGS_FOLDER, PLAN_FILE } from "../../src/lab/keeper/keeper.ts";
import { logNameOf } from "../../src/lab/keeper/place.ts";
import { type Lab, startLab } from "../../src/lab/start-lab.ts";
import { type Place, topologyOf } from "../../src/lab/topology.ts";
import type { Tools } from "../../src/linux/tools.ts";
import { formatPlan } from "../../src/plan/format.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { outlastCommand } from "../../src/runtime/process.ts";
import { newId } from "../../src/runtime/random.ts";
import { configFile, patroniConfig, type PeerPrograms, type PeerSettings, sitePrograms } from "./settings.ts";

export interface PeerLoad {
  readonly ratePerSecond: number;
  readonly deadlineMs: number;
  readonly seed: number;
}

export interface PeerRun {
  readonly settings: string;
  readonly site: string;
  /** Of the region that recovered last, by the judge that also measures ours; null: not within WATCH_MS. */
  readonly recoveryTimeMs: number | null;
  /** From the fault to the first acknowledgement of a write sent after it. */
  readonly firstAcknowledgedMs: number | null;
  readonly acknowledgedWrites: number;
  /** Acknowledged, and not in the new primary; null: there was none to ask. */
  readonly lost: number | null;
}

const READY_WITHIN_MS = 120_000;
const WARM_UP_MS = 8_000;
const WATCH_MS = 90_000;
/** After every region has been served again: the window in which the judge wants 99 % to succeed, and some more. */
const STEADY_MS = 4_000;
const PROCESS_WITHIN_MS = 30_000;
const POLL_MS = 100;
const SITE_ROLE = fileURLToPath(new URL("site-role.ts", import.meta.url));

type Roles = Readonly<
  Record<string, { readonly role?: string; readonly sync_standby?: boolean; readonly state?: string } | null>
>;

/** Throws when the cluster does not come up, or a process of the run does not end well. */
export async function onePeerRun(
  plan: Plan,
  settings: PeerSettings,
  programs: PeerPrograms,
  tools: Tools,
  load: PeerLoad,
  signal: AbortSignal,
): Promise<PeerRun> {
  const config = labOf(plan, settings, programs, load.seed);
  const { places } = config.topology;
  const sites = places.filter(({ kind }) => kind === "site");
  const clients = places.filter(({ kind }) => kind === "clients");
  const [observer] = clients;
  if (observer === undefined) throw new RangeError("a plan without client regions");
  await using lab = await startLab(config, {
    detached: false,
    toolFolders: [...new Set(Object.values(tools.paths).map(dirname))],
    path: process.env["PATH"] ?? "",
    signal,
  });
  const begin = (place: Place, name: string, argv: readonly string[]) =>
    lab.call("startProcess", { place: place.name, spec: { name, argv, restart: false } });
  const siteRole = (name: string, action: string, ...addresses: string[]) =>
    begin(observer, name, [
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      SITE_ROLE,
      action,
      ...addresses,
    ]);
  const saidBy = async <T>(name: string): Promise<T | null> => {
    const text = await readFile(
      lab.pathOf(join(LOGS_FOLDER, `${logNameOf(observer.name, name)}.jsonl`)),
      "utf8",
    );
    const last = text.split("\n").at(-2);
    return last === undefined ? null : (JSON.parse(last) as T);
  };
  const roles = async () => (await saidBy<{ roles: Roles }>("roles"))?.roles ?? {};

  await siteRole("roles", "roles", ...sites.map(({ address }) => address));
  const primary = await protectedPrimary(sites, roles, signal);
  await siteRole("prepare", "prepare", primary.address);
  await endedWell(lab, observer, "prepare");

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
  await clock.sleep(WARM_UP_MS, signal);

  let faultNs = clock.nowNs() + 10n ** 18n;
  const served = new Set<string>();
  using logs = followLogs(
    lab.pathOf(LOGS_FOLDER),
    (event) => {
      if (event.event !== "load-progress" || BigInt(event.at) < faultNs) return;
      if (event.profiles.every(({ ok, fail, unknown }) => ok > 0 && fail + unknown === 0))
        served.add(event.region);
    },
    clock,
  );
  const { beforeNs, afterNs } = await lab.call("apply", {
    id: "loss",
    fault: "lose-site",
    target: primary.name,
    changes: [{ kind: "lose-place", place: primary.name, wipeDisks: false }],
    deadlineMs: 2 * WATCH_MS,
  });
  // A window of progress that began before the fault says nothing of what came after it.
  faultNs = BigInt(afterNs) + 10n ** 9n;
  const recovered = await logs.until(() => served.size === clients.length, WATCH_MS, signal);
  if (recovered) await clock.sleep(STEADY_MS, signal);
  for (const place of clients) {
    await lab.call("stopProcess", { place: place.name, name: "load" });
    await endedWell(lab, place, "load");
  }
  const parts = await Promise.all(clients.map((place) => loadHistory(lab.pathOf(historyOf(place)))));
  const { operations } = mergeHistories(parts);

  const now = await roles();
  const survivor = sites.find(({ name, address }) => name !== primary.name && leads(now[address]));
  let kept: Set<string> | null = null;
  if (survivor !== undefined) {
    await siteRole("journal", "journal", survivor.address);
    await endedWell(lab, observer, "journal");
    kept = new Set((await saidBy<{ keys: string[] }>("journal"))?.keys);
  }
  const faultAt = Number(BigInt(beforeNs) - originNs);
  const acknowledged = operations.filter(({ op, outcome }) => op === "append" && outcome === "ok");
  const firstAt = Math.min(
    ...acknowledged.flatMap(({ invoked, completed = 0 }) => (invoked >= faultAt ? [completed] : [])),
  );
  return {
    settings: settings.name,
    site: primary.name,
    recoveryTimeMs: worstRecovery(clientStreams(operations, faultAt, load.deadlineMs)).ms,
    firstAcknowledgedMs: Number.isFinite(firstAt) ? (firstAt - faultAt) / 1e6 : null,
    acknowledgedWrites: acknowledged.length,
    lost:
      kept === null ? null : acknowledged.filter(({ input }) => !kept.has(journalKey(String(input)))).length,
  };
}

function labOf(plan: Plan, settings: PeerSettings, programs: PeerPrograms, seed: number): LabConfig {
  const topology = topologyOf(plan);
  const sites = topology.places.filter(({ kind }) => kind === "site");
  const running = (place: Place) =>
    place.kind === "site" ? sitePrograms(place, sites, settings, programs) : [];
  return {
    name: `patroni-${newId().slice(0, 6)}`,
    topology,
    planText: formatPlan(topology.plan),
    programs: Object.fromEntries(topology.places.map((place) => [place.name, running(place)])),
    files: Object.fromEntries(
      sites.map((site) => [configFile(site), patroniConfig(site, sites, settings, programs)]),
    ),
    links: "relay",
    disks: "memory",
    diskBytesPerPlace: 1024 ** 3,
    seed,
  };
}

const leads = (said: Roles[string] | undefined): boolean =>
  said?.state === "running" && (said.role === "primary" || said.role === "master");

/** The primary, once every other member is streaming and one of them acknowledges. */
async function protectedPrimary(
  sites: readonly Place[],
  roles: () => Promise<Roles>,
  signal: AbortSignal,
): Promise<Place> {
  const untilMs = clock.nowMs() + READY_WITHIN_MS;
  for (;;) {
    const now = await roles();
    const said = sites.map((site) => ({ site, ...now[site.address] }));
    const primary = said.find(({ site }) => leads(now[site.address]))?.site;
    const others = said.filter(({ site }) => site !== primary);
    const streaming = others.every(({ state }) => state === "streaming" || state === "running");
    const acknowledging = others.some((other) => other.sync_standby || "quorum_standby" in other);
    if (primary !== undefined && streaming && acknowledging) return primary;
    if (clock.nowMs() > untilMs || signal.aborted)
      throw new Error(`the peer's cluster did not come up within 2 minutes: ${JSON.stringify(now)}`);
    await clock.sleep(POLL_MS, signal);
  }
}

async function endedWell(lab: Lab, { name: place }: Place, name: string): Promise<void> {
  const ended = await lab.call("ended", { place, name }, AbortSignal.timeout(PROCESS_WITHIN_MS));
  if (ended.code !== 0) throw new Error(`${name} in ${place} ended with ${ended.code ?? ended.signal}`);
}
