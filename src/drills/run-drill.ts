// One drill, as an outline: serve → load → predict → fault → hold → heal → full redundancy → read-back → judge → evidence.
// The lab is already up; nothing in it is told of the fault.
import { existsSync } from "node:fs";
import type { DrillResult, DrillSpec } from "../domain/drill.ts";
import type { OutlastEvent } from "../domain/event.ts";
import type { Mark } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import { createEvidence, type Evidence } from "../evidence/folder.ts";
import { happened } from "../evidence/headline.ts";
import { type LogFollower, followLogs } from "../lab/follow-logs.ts";
import { LOGS_FOLDER } from "../lab/keeper/keeper.ts";
import type { Lab } from "../lab/start-lab.ts";
import type { Topology } from "../lab/topology.ts";
import { runTag } from "../load/schedule.ts";
import type { Clock } from "../runtime/clock.ts";
import { type ConcludeInput, conclude, copyLogs } from "./conclude.ts";
import { collectHistory, type LoadRun, readBackAll, startLoads, stopLoads } from "./drive-load.ts";
import { type Fault, type FaultTarget, sitesOf } from "./fault.ts";
import { throwIfInterrupted } from "./interrupted.ts";
import { emptyView, isRedundantSince, isServing, type LabView, missing, observe } from "./lab-view.ts";
import type { Control } from "./controls.ts";
import { deleteAcknowledged } from "./sabotage.ts";
import { synchronise } from "./synchronise.ts";
import { type EngineTimings, predict } from "./predict.ts";

export interface DrillRequest {
  readonly fault: Fault;
  /** null: the site of the engine's leader, or with avoidLeader the first one that does not lead. */
  readonly site: string | null;
  readonly avoidLeader?: boolean;
  readonly peer: string | null;
  readonly load: DrillSpec["load"];
  readonly seed: number;
  readonly phasesMs: { readonly before: number; readonly hold: number; readonly after: number };
  readonly series: DrillResult["metadata"]["series"];
  readonly controls?: readonly Control[];
}

export interface Surroundings {
  readonly lab: Lab;
  readonly topology: Topology;
  readonly plan: Plan;
  readonly planText: string;
  readonly timings: EngineTimings;
  /** What the drill runs on, for the evidence. */
  readonly machine: {
    readonly versions: Readonly<Record<string, string>>;
    readonly engineSource: string | null;
    readonly cores: number;
    readonly kernel: string;
  };
  /** Tags of the drills that this lab has seen before; each drill adds its own at its end. */
  readonly earlierTags: string[];
  readonly evidenceRoot: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** argv of an outlast verb. */
  readonly outlast: (...args: readonly string[]) => readonly string[];
  /** Everything worth showing live. */
  readonly live: (moment: Moment) => void;
}

export type Moment =
  | { readonly kind: "phase"; readonly phase: string }
  | { readonly kind: "fault"; readonly words: string; readonly atNs: bigint }
  | { readonly kind: "target"; readonly target: FaultTarget; readonly leader: string | null }
  | { readonly kind: "event"; readonly event: OutlastEvent };

const SERVING_WITHIN_MS = 60_000;
const LOAD_WITHIN_MS = 15_000;
const REDUNDANT_WITHIN_MS = 60_000;
const KEEPER_DEADLINE_SPARE_MS = 30_000;

export async function runDrill(request: DrillRequest, around: Surroundings): Promise<DrillResult> {
  const { lab, plan, clock, signal } = around;
  let view: LabView = emptyView; // from everything the lab has logged, since before this drill
  const originNs = clock.nowNs();
  using logs = followLogs(
    lab.pathOf(LOGS_FOLDER),
    (event) => {
      // Earlier drills of this lab had clients of their own.
      if (event.event !== "load-progress" || BigInt(event.at) >= originNs) view = observe(view, event);
      if (BigInt(event.at) >= originNs) around.live({ kind: "event", event });
    },
    clock,
  );
  const look = () => view;

  around.live({ kind: "phase", phase: "waiting until every site serves" });
  await serving(logs, look, around);
  const target: FaultTarget = {
    site: request.site ?? siteToHit(plan, look().leader, request),
    peer: request.peer,
  };
  const hitsLeader = target.site === look().leader;
  const evidence = await createEvidence(around.evidenceRoot, {
    id: `${clock.wall().replace(/[-:]/g, "").replace(/\..*/, "")}-${request.fault.kind}-${request.seed}`,
    planName: plan.name,
    planText: around.planText,
    start: clock.wall(),
    spec: specOf(request, target),
    series: request.series,
  });
  try {
    return await drive(request, around, { evidence, logs, look, target, hitsLeader, originNs });
  } catch (error) {
    const why = error instanceof OutlastError ? `${error.failure.code} ${error.failure.what}` : String(error);
    const kept = await keepLogs(lab, evidence, originNs).catch((cause: unknown) => [
      `logs could not be kept: ${String(cause)}`,
    ]);
    await evidence.abort([signal.aborted ? "interrupted" : why, ...kept]);
    throw error;
  } finally {
    around.earlierTags.push(runTag(originNs));
  }
}

function siteToHit(plan: Plan, leader: string | null, { avoidLeader = false }: DrillRequest): string {
  const names = plan.sites.map((site) => site.name);
  const site = avoidLeader ? names.find((name) => name !== leader) : (leader ?? names[0]);
  if (site === undefined) throw new RangeError("a plan without sites");
  return site;
}

export const specOf = (
  { fault, load, seed, controls = [] }: DrillRequest,
  { site }: FaultTarget,
): DrillSpec => ({
  scenario: fault.kind,
  site: fault.effect === "workload-gone" ? null : site,
  load,
  seed,
  ...(controls.length === 0 ? {} : { controls }),
});

/** They tell why. Returns what there is to say of them; a lab that is gone took them along. */
async function keepLogs(lab: Lab, evidence: Evidence, originNs: bigint): Promise<string[]> {
  const folder = lab.pathOf(LOGS_FOLDER);
  if (!existsSync(folder)) return ["the lab is gone, and its logs with it"];
  await copyLogs(folder, evidence.logsFolder, originNs);
  await evidence.mergeEvents(originNs);
  return [];
}

interface Underway {
  readonly evidence: Evidence;
  readonly logs: LogFollower;
  readonly look: () => LabView;
  readonly target: FaultTarget;
  readonly hitsLeader: boolean;
  readonly originNs: bigint;
}

async function drive(request: DrillRequest, around: Surroundings, underway: Underway): Promise<DrillResult> {
  const { lab, plan, topology, clock, signal } = around;
  const { evidence, logs, look, target, hitsLeader, originNs } = underway;
  const { fault, phasesMs } = request;
  if (fault.effect !== "workload-gone") around.live({ kind: "target", target, leader: look().leader });
  around.live({ kind: "phase", phase: "starting clients" });
  if (fault.disks === "loop") await synchronise(request, around);
  const loads = await startLoads(request, around, originNs);
  await clientsServed(loads, logs, look, around);
  await lab.call("fidelity", { reset: true }); // what starting processes did to the links is no part of the drill
  await clock.sleep(phasesMs.before, signal);
  throwIfInterrupted(signal);

  const expectation = predict(plan, fault, hitsLeader, around.timings);
  const prediction = await evidence.writePrediction(
    {
      recoveryTimeMs: Number.isFinite(expectation.recoveryTimeMs) ? expectation.recoveryTimeMs : null,
      terms: expectation.terms.filter((term) => Number.isFinite(term.ms)),
    },
    clock.wall(),
  );

  const id = evidence.id;
  const changes = fault.changes(target, topology);
  const deadlineMs = phasesMs.hold + KEEPER_DEADLINE_SPARE_MS;
  const applied = await lab.call(
    "apply",
    { id, fault: fault.kind, target: target.site, changes: [...changes], deadlineMs },
    signal,
  );
  around.live({
    kind: "fault",
    words: happened({ scenario: fault.kind, site: target.site }),
    atNs: BigInt(applied.beforeNs),
  });
  await clock.sleep(phasesMs.hold, signal);
  throwIfInterrupted(signal);
  const fidelity = await lab.call("fidelity", { reset: false }, signal);
  const healed = await lab.call("heal", { id, because: "the drill's hold time is over" }, signal);
  around.live({ kind: "phase", phase: "healed; waiting until every site has caught up" });

  const redundantAgain = () =>
    isRedundantSince(look(), plan, lostSites(fault, target, topology), BigInt(healed.beforeNs));
  const redundant = await logs.until(redundantAgain, REDUNDANT_WITHIN_MS, signal);
  const redundantAtNs = redundant ? clock.nowNs() : null;
  throwIfInterrupted(signal);
  await clock.sleep(phasesMs.after, signal);
  throwIfInterrupted(signal);

  around.live({ kind: "phase", phase: "reading everything back" });
  await stopLoads(loads, around);
  const sabotaged = request.controls?.includes("delete-acknowledged")
    ? await deleteAcknowledged(request, around, loads)
    : null;
  const readBack = await readBackAll(request, around, loads, originNs);
  logs.drain();

  around.live({ kind: "phase", phase: "judging" });
  const at = (ns: string) => Number(BigInt(ns) - originNs);
  const marks: Mark[] = [
    { mark: "fault", at: at(applied.beforeNs), name: fault.kind, site: target.site, detail: { hitsLeader } },
    { mark: "heal", at: at(healed.beforeNs), name: fault.kind, site: target.site },
    ...(sabotaged === null
      ? []
      : [
          {
            mark: "event" as const,
            at: at(sabotaged.atNs),
            name: `positive control: deleted ${sabotaged.id}`,
          },
        ]),
  ];
  const input: ConcludeInput = {
    request,
    around,
    evidence,
    prediction,
    target,
    originNs,
    marks,
    redundantAtNs: redundantAtNs === null ? null : Number(redundantAtNs - originNs),
    history: await collectHistory(
      [...loads.map((load) => load.historyFile), readBack.historyFile],
      marks,
      around,
    ),
    notReadBack: readBack.missing,
    fidelity,
  };
  return conclude(input);
}

async function serving(
  logs: LogFollower,
  look: () => LabView,
  { plan, signal }: Surroundings,
): Promise<void> {
  const served = await logs.until(() => isServing(look(), plan), SERVING_WITHIN_MS, signal);
  throwIfInterrupted(signal);
  if (served) return;
  throw new OutlastError({
    code: "LAB_NOT_SERVING",
    definite: true,
    what: `the lab does not serve after ${SERVING_WITHIN_MS / 1000} s: ${missing(look(), plan)}`,
    where: `plan ${plan.name}`,
    next: "start it by 'outlast lab up' and look at 'outlast lab logs SITE agent'",
  });
}

/** Every region's clients have had an answer. */
async function clientsServed(
  loads: readonly LoadRun[],
  logs: LogFollower,
  look: () => LabView,
  { plan, signal }: Surroundings,
): Promise<void> {
  const silent = () =>
    plan.regions.map((region) => region.name).filter((region) => !look().served.has(region));
  const dead = () => loads.filter(({ place, process }) => look().ended.has(`${place}/${process}`));
  await logs.until(() => silent().length === 0 || dead().length > 0, LOAD_WITHIN_MS, signal);
  throwIfInterrupted(signal);
  if (silent().length === 0) return;
  const [first] = dead();
  throw new OutlastError({
    code: first === undefined ? "NO_CLIENT_SUCCESS" : "LOAD_FAILED",
    definite: true,
    what:
      first === undefined
        ? `clients had no success within ${LOAD_WITHIN_MS / 1000} s before any fault: ${silent().join(", ")}`
        : `the clients in ${first.place} ended before any fault`,
    where: "load generators",
    next: "start the lab by 'outlast lab up' and try its virtual address with 'outlast lab exec clients/REGION'",
  });
}

/** For other faults there is nothing to wait for beyond being able. */
function lostSites(fault: Fault, target: FaultTarget, topology: Topology): readonly string[] {
  if (fault.effect === "workload-gone") return sitesOf(topology);
  return fault.effect === "site-unreachable" ? [target.site] : [];
}
