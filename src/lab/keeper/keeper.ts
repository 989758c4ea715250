// The keeper: first process of the lab's user, network, mount and process-id namespaces. What it starts lives below it, so
// its end, however it comes, is the end of the lab. It applies changes and reverts each at its deadline.
//
//   start-lab.ts ── unshare ──► keeper ──► relay (own netns)
//                                  └─────► one init per place ──► agent, balancer, resolver, load …
import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../runtime/clock.ts";
import { makeFolder, writeFileAtomic } from "../../runtime/files.ts";
import type { Log } from "../../runtime/log.ts";
import { applyBatches, removePlace, tunePlace } from "../apply-network.ts";
import { type ChangeReport, type ChangeRequest, effectiveLinks, type LabChange } from "../changes.ts";
import { type DiskKind, type Disks, DISKS_FOLDER, KEEPER_FOLDER, LAB_FOLDER } from "../disks/disks.ts";
import type { LinkDriver, LinkDriverKind, LinkFidelity } from "../link.ts";
import { startNetemLinks } from "../netem/netem-links.ts";
import { namespaceBatch, placeBatches } from "../network.ts";
import { startRelayLinks } from "../relay/relay-links.ts";
import { type Place, placeOf, type Topology } from "../topology.ts";
import { type ProcessSpec, type RunningPlace, startPlace } from "./place.ts";

export interface LabConfig {
  readonly name: string;
  readonly topology: Topology;
  /** Text of the plan with the lab's addresses, as daemons read it. */
  readonly planText: string;
  /** Place name → what its service manager runs. */
  readonly programs: Readonly<Record<string, readonly ProcessSpec[]>>;
  /** Other small files below LAB_FOLDER: path → text (resolver configurations). */
  readonly files: Readonly<Record<string, string>>;
  readonly links: LinkDriverKind;
  /** Of the sites; other places keep what little they have in memory. */
  readonly disks: DiskKind;
  readonly diskBytesPerPlace: number;
  readonly seed: number;
}

/** Inside the lab's mount namespace: /run there is the lab's own tmpfs. */
export const CONTROL_SOCKET = `${KEEPER_FOLDER}/control.sock`;
/** In the lab's own memory, gone with it: what is worth keeping is copied out by whoever wants it. */
export const LOGS_FOLDER = `${KEEPER_FOLDER}/logs`;
export const PLAN_FILE = `${LAB_FOLDER}/plan.yaml`;
export const diskOf = (place: Place) => `${DISKS_FOLDER}/${place.namespace}`;
const fillerOf = (place: Place) => join(diskOf(place), "filler");

export interface PlaceStatus {
  readonly name: string;
  readonly kind: Place["kind"];
  readonly address: string;
  readonly up: boolean;
  /** As the keeper sees it: what `lab exec` enters. */
  readonly initPid: number | null;
  readonly processes: readonly {
    readonly name: string;
    readonly pid: number | null;
    readonly restarts: number;
  }[];
}

export interface LabStatus {
  readonly name: string;
  readonly plan: string;
  readonly places: readonly PlaceStatus[];
  readonly changes: readonly {
    readonly id: string;
    readonly fault: string;
    readonly target: string;
    readonly remainingMs: number;
  }[];
}

export interface Keeper extends AsyncDisposable {
  apply(request: ChangeRequest): Promise<ChangeReport>;
  /** Reverts a change; asked again it does nothing. */
  heal(id: string, because: string): Promise<ChangeReport>;
  startProcess(place: string, spec: ProcessSpec): Promise<void>;
  stopProcess(place: string, name: string): void;
  writePlan(text: string): Promise<void>;
  ended(
    place: string,
    name: string,
  ): Promise<{ readonly code: number | null; readonly signal: string | null }>;
  fidelity(reset: boolean): Promise<LinkFidelity>;
  status(): LabStatus;
}

interface ActiveChange {
  readonly request: ChangeRequest;
  readonly deadlineAtMs: number;
  readonly timer: NodeJS.Timeout;
}

/** What places keep their data on. */
export interface LabDisks {
  readonly sites: Disks;
  readonly others: Disks;
}

export async function startKeeper(
  config: LabConfig,
  disks: LabDisks,
  log: Log,
  clock: Clock,
): Promise<Keeper> {
  const { topology } = config;
  // What has begun ends again when the rest can't begin.
  await using stack = new AsyncDisposableStack();
  await makeFolder(LOGS_FOLDER);
  await writeFileAtomic(PLAN_FILE, config.planText);
  for (const [path, text] of Object.entries(config.files))
    await writeFileAtomic(join(LAB_FOLDER, path), text);

  const driver = stack.use(await startLinks(config, log));
  const places = new Map<string, RunningPlace>();
  stack.defer(() => Promise.all([...places.values()].map((place) => place.kill())).then(() => undefined));
  const active = new Map<string, ActiveChange>();

  const disksOf = (place: Place) => (place.kind === "site" ? disks.sites : disks.others);
  const namespacesOf = (names: readonly string[]) => names.map((name) => placeOf(topology, name).namespace);
  const wire = async (place: Place) => {
    await applyBatches([namespaceBatch(place)]);
    if (place.kind !== "clients") await driver.attach(place);
    await applyBatches(placeBatches(topology, place));
    await tunePlace(place);
  };
  const unwire = async (place: Place) => {
    await removePlace(place); // its sockets must not speak when the link heals
    await driver.detach(place);
  };
  const populate = async (place: Place) => {
    const running = await startPlace(place, LOGS_FOLDER, log, clock);
    places.set(place.name, running);
    for (const spec of config.programs[place.name] ?? []) await running.start(spec);
  };

  await Promise.all(topology.places.map((place) => disksOf(place).make(place.namespace)));
  // Clients' links are made in their gateway's namespace, and resolvers listen on them.
  await Promise.all(topology.places.filter((place) => place.kind !== "clients").map(wire));
  await Promise.all(topology.places.filter((place) => place.kind === "clients").map(wire));
  await Promise.all(topology.places.map(populate));

  const placeNamed = (name: string): RunningPlace => {
    const place = places.get(name);
    if (place === undefined) throw new RangeError(`${placeOf(topology, name).name} is not up`);
    return place;
  };
  const signal = (place: string, name: string, which: NodeJS.Signals): number => {
    const pids = placeNamed(place).pidsOf(name);
    for (const pid of pids)
      try {
        process.kill(pid, which);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause; // ended with the one before it
      }
    return pids.length;
  };
  const setLinks = () =>
    driver.set(
      effectiveLinks(
        topology.links,
        [...active.values()].map((change) => change.request.changes),
      ),
    );

  const applyOne = async (change: LabChange) => {
    switch (change.kind) {
      case "links":
        return; // set for all changes at once, before anything is stopped
      case "lose-place": {
        const running = placeNamed(change.place);
        places.delete(change.place);
        await running.kill();
        await unwire(running.place);
        if (change.wipeDisks) await disksOf(running.place).wipe(running.place.namespace);
        return;
      }
      case "power-off": {
        const lost = change.places.map(placeNamed);
        for (const name of change.places) places.delete(name);
        await Promise.all(lost.map((running) => running.kill()));
        await disks.sites.power?.cut(namespacesOf(change.places));
        await Promise.all(lost.map((running) => unwire(running.place)));
        return;
      }
      case "kill-process":
        if (signal(change.place, change.process, "SIGKILL") === 0)
          throw new RangeError(`no process ${change.place}/${change.process}`);
        return;
      case "freeze-process":
        if (signal(change.place, change.process, "SIGSTOP") === 0)
          throw new RangeError(`no process ${change.place}/${change.process}`);
        return;
      case "fill-disk":
        await fill(fillerOf(placeNamed(change.place).place));
        return;
      default:
        change satisfies never;
    }
  };

  const revertOne = async (change: LabChange) => {
    if (change.kind === "power-off") await disks.sites.power?.restore(namespacesOf(change.places));
    const lost =
      change.kind === "lose-place" ? [change.place] : change.kind === "power-off" ? change.places : [];
    await Promise.all(
      lost.map(async (name) => {
        await wire(placeOf(topology, name));
        await populate(placeOf(topology, name));
      }),
    );
    if (change.kind === "freeze-process" && places.has(change.place))
      signal(change.place, change.process, "SIGCONT");
    if (change.kind === "fill-disk") rmSync(fillerOf(placeOf(topology, change.place)), { force: true });
  };

  const heal = async (id: string, because: string): Promise<ChangeReport> => {
    const beforeNs = clock.nowNs().toString();
    const change = active.get(id);
    if (change === undefined) return { beforeNs, afterNs: beforeNs };
    active.delete(id);
    clearTimeout(change.timer);
    await setLinks();
    for (const one of change.request.changes) await revertOne(one);
    log.emit({ event: "fault-healed", fault: change.request.fault, target: change.request.target, because });
    return { beforeNs, afterNs: clock.nowNs().toString() };
  };

  const apply = async (request: ChangeRequest): Promise<ChangeReport> => {
    if (active.has(request.id)) throw new RangeError(`change ${request.id} is already active`);
    if (disks.sites.power === undefined && request.changes.some(({ kind }) => kind === "power-off"))
      throw new RangeError("a disk in memory has nothing that is not synchronised");
    const timer = setTimeout(() => {
      heal(request.id, "its deadline passed").catch((error: unknown) =>
        log.error(`change ${request.id} could not be reverted: ${String(error)}`),
      );
    }, request.deadlineMs);
    const beforeNs = clock.nowNs().toString();
    active.set(request.id, { request, deadlineAtMs: clock.nowMs() + request.deadlineMs, timer });
    await setLinks();
    for (const change of request.changes) await applyOne(change);
    const afterNs = clock.nowNs().toString();
    log.emit({
      event: "fault-applied",
      fault: request.fault,
      target: request.target,
      detail: { changes: request.changes, beforeNs, afterNs },
    });
    return { beforeNs, afterNs };
  };

  stack.defer(() => {
    for (const change of active.values()) clearTimeout(change.timer);
  });
  const owned = stack.move();
  return {
    apply,
    heal,
    startProcess: (place, spec) => placeNamed(place).start(spec),
    stopProcess: (place, name) => placeNamed(place).stop(name),
    writePlan: (text) => writeFileAtomic(PLAN_FILE, text),
    ended: (place, name) => placeNamed(place).ended(name),
    fidelity: (reset) => driver.fidelity(reset),
    status: () => ({
      name: config.name,
      plan: topology.plan.name,
      places: topology.places.map((place) => {
        const running = places.get(place.name);
        return {
          name: place.name,
          kind: place.kind,
          address: place.address,
          up: running !== undefined,
          initPid: running?.initPid ?? null,
          processes: running?.status() ?? [],
        };
      }),
      changes: [...active.values()].map(({ request, deadlineAtMs }) => ({
        id: request.id,
        fault: request.fault,
        target: request.target,
        remainingMs: Math.round(deadlineAtMs - clock.nowMs()),
      })),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function startLinks({ links, topology, seed }: LabConfig, log: Log): Promise<LinkDriver> {
  switch (links) {
    case "relay":
      return startRelayLinks(topology, seed);
    case "netem":
      return startNetemLinks(topology, log);
    default:
      return links satisfies never;
  }
}

/** Takes every free byte of the file system that holds `path`. */
async function fill(path: string): Promise<void> {
  const chunk = new Uint8Array(1024 * 1024).fill(0x6f);
  for (let size = chunk.length; size >= 4096; ) {
    try {
      await writeFile(path, chunk.subarray(0, size), { flag: "a" });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause;
      size = Math.floor(size / 2);
    }
  }
}
