// What the events say of the lab right now: a pure fold. Used to wait for the right moment and to show a drill live;
// nothing that is measured depends on it.
import type { OutlastEvent } from "../domain/event.ts";
import type { LabChange } from "../lab/changes.ts";
import type { Plan } from "../domain/plan.ts";

export interface LabView {
  /** Site → its front-end's word, with the time of the last change; absent: not heard yet. */
  readonly able: ReadonlyMap<string, { readonly able: boolean; readonly atNs: bigint }>;
  /** Site → when its member was last ready. */
  readonly memberReadyNs: ReadonlyMap<string, bigint>;
  readonly leader: string | null;
  readonly term: number;
  /** Where one primary replicates: who keeps up with it, as its agent said last; null: not heard yet. */
  readonly replicas: {
    readonly primary: string;
    readonly epoch: number;
    readonly behind: readonly string[];
    readonly atNs: bigint;
  } | null;
  /** Client region → sites it is sent to, as last applied at its gateway. */
  readonly routes: ReadonlyMap<string, readonly string[]>;
  /** Client regions that have had at least one success. */
  readonly served: ReadonlySet<string>;
  /** "PLACE/PROCESS" of what its service manager did not start again. */
  readonly ended: ReadonlySet<string>;
}

export const emptyView: LabView = {
  able: new Map(),
  memberReadyNs: new Map(),
  leader: null,
  term: 0,
  replicas: null,
  routes: new Map(),
  served: new Set(),
  ended: new Set(),
};

const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> =>
  new Map([...map, [key, value]]);

/** Logs are read one after the other: an older word of another log must not undo a newer one. */
function withAble(view: LabView, site: string, able: boolean, atNs: bigint): LabView {
  const known = view.able.get(site);
  return known !== undefined && known.atNs > atNs
    ? view
    : { ...view, able: withEntry(view.able, site, { able, atNs }) };
}

export function observe(view: LabView, event: OutlastEvent): LabView {
  switch (event.event) {
    case "able-changed":
      return withAble(view, event.place, event.able, BigInt(event.at));
    case "member-ready":
      return { ...view, memberReadyNs: withEntry(view.memberReadyNs, event.place, BigInt(event.at)) };
    case "epoch-changed":
      return event.phase === "opened" && event.epoch >= view.term && event.primary !== null
        ? { ...view, term: event.epoch, leader: event.primary }
        : view;
    case "term-changed":
      if (event.member !== event.place) return view; // of what a recovery remembers, not of the workload
      // A member that was away may report an older term: the highest counts.
      return event.term >= view.term && event.leader !== null
        ? { ...view, term: event.term, leader: event.leader }
        : view;
    case "replicas-changed": {
      const { primary, epoch, behind } = event;
      const known = view.replicas;
      const atNs = BigInt(event.at);
      const older = known !== null && (epoch < known.epoch || (epoch === known.epoch && atNs < known.atNs));
      return older ? view : { ...view, replicas: { primary, epoch, behind, atNs } };
    }
    case "route-changed": {
      const region = event.place.startsWith("gateway/") ? event.place.slice("gateway/".length) : null;
      const group = event.groups.find((candidate) => candidate.region === region);
      return region === null || group === undefined
        ? view
        : { ...view, routes: withEntry(view.routes, region, group.sites) };
    }
    case "load-progress":
      return event.profiles.some((profile) => profile.ok > 0) && !view.served.has(event.region)
        ? { ...view, served: new Set([...view.served, event.region]) }
        : view;
    case "process-exited":
      return { ...view, ended: new Set([...view.ended, event.process]) };
    case "process-started":
      return { ...view, ended: new Set([...view.ended].filter((process) => process !== event.process)) };
    case "fault-applied":
      return stoppedBy(event).reduce((seen, site) => withAble(seen, site, false, BigInt(event.at)), view);
    default:
      return view;
  }
}

function stoppedBy({
  fault,
  target,
  detail,
}: Extract<OutlastEvent, { event: "fault-applied" }>): readonly string[] {
  const changes = (detail["changes"] ?? []) as readonly LabChange[];
  const off = changes.flatMap((change) => (change.kind === "power-off" ? change.places : []));
  return fault.startsWith("lose-site") ? [target] : off;
}

export const isAble = (view: LabView, site: string): boolean => view.able.get(site)?.able === true;

/** Consensus: every site can commit. Replication: the primary can, and every other site keeps up with it. */
export function isRedundant(view: LabView, plan: Plan): boolean {
  if (plan.strategy.kind === "distributed") return plan.sites.every((site) => isAble(view, site.name));
  const { leader, replicas } = view;
  return (
    leader !== null && isAble(view, leader) && replicas?.primary === leader && replicas.behind.length === 0
  );
}

/** Redundant, and said anew since these sites were lost. */
export function isRedundantSince(
  view: LabView,
  plan: Plan,
  lost: readonly string[],
  sinceNs: bigint,
): boolean {
  if (!isRedundant(view, plan)) return false;
  if (lost.length === 0) return true;
  return plan.strategy.kind === "distributed"
    ? lost.every((site) => (view.able.get(site)?.atNs ?? 0n) > sinceNs)
    : (view.replicas?.atNs ?? 0n) > sinceNs;
}

/** Nothing is missing from its redundancy, and every region's gateway has a route. */
export function isServing(view: LabView, plan: Plan): boolean {
  return (
    view.leader !== null &&
    isRedundant(view, plan) &&
    plan.regions.every((region) => (view.routes.get(region.name) ?? []).length > 0)
  );
}

function unredundant({ leader, replicas, able }: LabView, plan: Plan): readonly string[] {
  if (plan.strategy.kind === "distributed")
    return plan.sites
      .filter((site) => able.get(site.name)?.able !== true)
      .map((site) => `${site.name} can't commit`);
  if (leader === null) return [];
  if (able.get(leader)?.able !== true) return [`${leader} can't commit`];
  if (replicas?.primary !== leader) return [`nobody is known to keep up with ${leader}`];
  return replicas.behind.map((site) => `${site} does not keep up with ${leader}`);
}

/** What is still missing until isServing, in words. */
export function missing(view: LabView, plan: Plan): string {
  const unrouted = plan.regions
    .filter((region) => (view.routes.get(region.name) ?? []).length === 0)
    .map((region) => `${region.name} has no route`);
  const leader = view.leader === null ? ["no leader"] : [];
  return [...leader, ...unredundant(view, plan), ...unrouted].join(", ") || "nothing";
}
