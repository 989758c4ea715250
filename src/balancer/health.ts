// From probe results to the two facts of a site, `reachable` and `ableToCommit`. Pure.
//
// Probes come in rounds: in each round every site is asked once, at the same moment. What this file promises:
// - `reachable` turns false after `fall` failed probes in a row, counted from the first one, once another site has answered
//   since; sites that fall silent together (this machine paused, its own link is down) turn false together.
// - `ableToCommit` turns false after `fall` rounds in a row in which the site said that it can't commit *while another
//   eligible site said in the same round that it can*, by evidence from after the first one began to say so: the site of a
//   killed leader knows at once, the others only when their evidence is old. A leader election changes nothing.
// - Both turn true again after `rise` good rounds in a row, and only when the round is complete, so that sites which come
//   back in the same round come back together. The first complete round decides without damping.
// - Where only one site at a time can commit (`exclusive`), one that says so under a newer epoch than all others turns true at
//   once: it has taken over, and there is nothing to wait for.
import type { SiteHealth } from "../domain/health.ts";
import type { HealthTiming } from "../domain/plan.ts";

export interface ProbeResult {
  readonly site: string;
  /** 0, 1, 2 …: the tick that the probe was started at. */
  readonly round: number;
  /** The site answered (http: with 200 or 503; tcp: it accepted). */
  readonly answered: boolean;
  /** It said that it can commit. A tcp check knows only that the port is open: then this is `answered`. */
  readonly able: boolean;
  /** When the answer came, and when at the latest the site's last evidence for it was made; both on this clock. */
  readonly atMs: number;
  readonly evidenceMs: number;
  readonly because: string;
  readonly epoch: number | null;
}

interface SiteState {
  readonly site: string;
  /** false until its first success, or `fall` failures: nothing is known yet. */
  readonly decided: boolean;
  readonly reachable: boolean;
  readonly able: boolean;
  readonly last: ProbeResult | null;
  /** The last round it answered in. */
  readonly answeredRound: number;
  readonly failedRun: number;
  readonly unableRun: number;
  /** Since when it has said without a break that it can't commit. */
  readonly unableSinceMs: number | null;
  readonly unableCountedRound: number;
  readonly answeredRun: number;
  readonly ableRun: number;
  readonly epoch: number | null;
}

export interface HealthState {
  readonly timing: HealthTiming;
  /** Epochs are of primaryships: of two sites that say they can commit, the newer epoch's is the one. */
  readonly exclusive: boolean;
  /** In the order of the plan; only sites that the policy may route to count as "another site". */
  readonly sites: readonly SiteState[];
}

export interface HealthChange {
  readonly before: SiteHealth;
  readonly after: SiteHealth;
}

export function newHealth(sites: readonly string[], timing: HealthTiming, exclusive = false): HealthState {
  return {
    timing,
    exclusive,
    sites: sites.map((site) => ({
      site,
      decided: false,
      reachable: false,
      able: false,
      last: null,
      answeredRound: Number.NEGATIVE_INFINITY,
      failedRun: 0,
      unableRun: 0,
      unableSinceMs: null,
      unableCountedRound: Number.NEGATIVE_INFINITY,
      answeredRun: 0,
      ableRun: 0,
      epoch: null,
    })),
  };
}

/** true when every site has been decided: before that, a route kept from an earlier life is better than half a view. */
export const isSettled = (state: HealthState): boolean => state.sites.every((site) => site.decided);

export function healthOf(state: HealthState): SiteHealth[] {
  return state.sites.map((site) => ({
    site: site.site,
    reachable: site.reachable,
    ableToCommit: site.reachable && site.able,
    because: reasonOf(site, state),
    epoch: site.epoch,
  }));
}

/** One more probe result. Results of a site must come in the order of their rounds; an older one is ignored. */
export function observe(
  state: HealthState,
  result: ProbeResult,
): { readonly state: HealthState; readonly changes: readonly HealthChange[] } {
  const known = state.sites.find((site) => site.site === result.site);
  if (known === undefined || (known.last !== null && result.round <= known.last.round))
    return { state, changes: [] };
  const counted = state.sites.map((site) => (site === known ? countOwn(site, result) : site));
  const judged = counted
    .map((site) => countUnable(site, counted, result.round))
    .map((site, _index, all) => turnFalse(site, all, state.timing))
    .map((site, _index, all) =>
      state.exclusive && hasTakenOver(site, all)
        ? { ...site, decided: true, reachable: true, able: true }
        : site,
    );
  const complete = judged.every((site) => site.last !== null && site.last.round >= result.round);
  const next = { ...state, sites: complete ? judged.map((site) => turnTrue(site, state.timing)) : judged };
  const before = healthOf(state);
  const changes = healthOf(next).flatMap((after, index) => {
    const was = before[index];
    if (was === undefined) return [];
    const same = was.reachable === after.reachable && was.ableToCommit === after.ableToCommit;
    const first = state.sites[index]?.decided === false && next.sites[index]?.decided === true;
    return same && !first ? [] : [{ before: was, after }];
  });
  return { state: next, changes };
}

function countOwn(site: SiteState, result: ProbeResult): SiteState {
  return {
    ...site,
    last: result,
    answeredRound: result.answered ? result.round : site.answeredRound,
    failedRun: result.answered ? 0 : site.failedRun + 1,
    answeredRun: result.answered ? site.answeredRun + 1 : 0,
    ableRun: result.answered && result.able ? site.ableRun + 1 : 0,
    unableRun: result.answered && !result.able ? site.unableRun : 0,
    unableSinceMs: result.answered && !result.able ? (site.unableSinceMs ?? result.atMs) : null,
    epoch: result.epoch ?? site.epoch,
  };
}

const saysUnable = (site: SiteState): boolean => site.last?.answered === true && !site.last.able;

/** Counts this round against the site, once, if another site proved in it that committing is possible. */
function countUnable(site: SiteState, all: readonly SiteState[], round: number): SiteState {
  if (site.last?.round !== round || !saysUnable(site) || site.unableCountedRound === round) return site;
  const proof = all.some(
    (other) =>
      other !== site &&
      other.reachable &&
      other.able &&
      other.last !== null &&
      other.last.round === round &&
      other.last.able &&
      other.last.evidenceMs > (site.unableSinceMs ?? Number.POSITIVE_INFINITY),
  );
  if (!proof) return site;
  const run = site.unableCountedRound === round - 1 ? site.unableRun + 1 : 1;
  return { ...site, unableRun: run, unableCountedRound: round };
}

function turnFalse(site: SiteState, all: readonly SiteState[], { fall }: HealthTiming): SiteState {
  if (site.failedRun >= fall && (site.reachable || !site.decided) && isAlone(site, all, fall))
    return { ...site, decided: true, reachable: false, able: false };
  if (site.able && saysUnable(site) && site.unableRun >= fall) return { ...site, able: false };
  return site;
}

/** Another site answered since this one fell silent; or all are silent, and fall together. */
function isAlone(site: SiteState, all: readonly SiteState[], fall: number): boolean {
  const silentSince = (site.last?.round ?? 0) - site.failedRun + 1;
  return (
    all.some(({ answeredRound }) => answeredRound >= silentSince) ||
    all.every(({ failedRun }) => failedRun >= fall)
  );
}

const hasTakenOver = (site: SiteState, all: readonly SiteState[]): boolean =>
  site.last?.answered === true &&
  site.last.able &&
  site.last.epoch !== null &&
  all.every((other) => other === site || (other.epoch ?? Number.NEGATIVE_INFINITY) < (site.last?.epoch ?? 0));

function turnTrue(site: SiteState, { rise }: HealthTiming): SiteState {
  if (!site.decided) {
    const last = site.last;
    return last?.answered === true ? { ...site, decided: true, reachable: true, able: last.able } : site;
  }
  const reachable = site.reachable || site.answeredRun >= rise;
  const able = site.able || site.ableRun >= rise;
  return reachable === site.reachable && able === site.able
    ? site
    : { ...site, reachable, able: reachable && able };
}

function reasonOf(site: SiteState, { timing }: HealthState): string {
  const said = site.last?.because ?? "";
  if (!site.decided) return site.last === null ? "not probed yet" : `not known yet: ${said}`;
  if (!site.reachable)
    return site.answeredRun > 0
      ? `answers again (${site.answeredRun} of ${timing.rise}): ${said}`
      : `${site.failedRun} probes in a row failed: ${said}`;
  if (site.last?.answered === false) return `${site.failedRun} of ${timing.fall} probes failed: ${said}`;
  if (!site.able)
    return site.ableRun > 0 ? `able again (${site.ableRun} of ${timing.rise})` : `can't commit: ${said}`;
  if (!saysUnable(site)) return said;
  return site.unableRun > 0 && site.unableCountedRound === site.last?.round
    ? `held: says it can't commit (${site.unableRun} of ${timing.fall}): ${said}`
    : `held: says it can't commit, and no other site can: ${said}`;
}
