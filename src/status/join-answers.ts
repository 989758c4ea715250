// What all agents say, as one status of the workload: pure, from answers that were asked for at about one time. Who does not
// answer is unknown; what two say differently is told; the newest epoch that was read from the store is believed.
import type { FailureDomain, Plan } from "../domain/plan.ts";
import { type Believed, believed, disagreements, isFresh, strangers } from "./believed.ts";
import { available, peerReady, promisedDomains, protectedNow, type Seen } from "./conditions.ts";
import { reportOf, type SiteAnswer, statusOf } from "./site-answer.ts";
import { ruleOf, standingsOf } from "./standings.ts";
import { type Standing, survivalOf, survivesWithout } from "./survival.ts";
import type { Condition, Lag, Phase, SiteStatus, Survival, WorkloadStatus } from "./workload-status.ts";

export interface JoinOptions {
  /** RFC 3339, when the answers came. */
  readonly wall: string;
  /** What the last drill's evidence says; null: there is none. */
  readonly lastDrill?: string | null;
}

export function joinAnswers(
  plan: Plan,
  answers: readonly SiteAnswer[],
  { wall, lastDrill = null }: JoinOptions,
): WorkloadStatus {
  const newest = plan.strategy.kind === "distributed" ? null : believed(answers);
  const standings = standingsOf(plan, answers, newest);
  const rule = ruleOf(plan, newest);
  const survives = domainsOf(plan).map((domain) =>
    survivalOf(domain, Number(plan.objectives.some(({ survive }) => survive === domain)), standings, rule),
  );
  const phase =
    newest === null && plan.strategy.kind === "distributed"
      ? distributedPhase(answers, standings)
      : replicatedPhase(answers, newest);
  const seen: Seen = { plan, answers, newest, phase, standings, rule, survives };
  const conditions: Condition[] = [
    { type: "Available", ...available(seen), lastTransitionTime: null },
    { type: "Protected", ...protectedNow(seen), lastTransitionTime: null },
    { type: "PeerReady", ...peerReady(seen), lastTransitionTime: null },
  ].map((each) => ({ ...each, lastTransitionTime: before(wall, each.ageMs) }) as Condition);
  const words = [...disagreements(answers, newest), ...terms(plan, answers)];
  const running = statusOf(answers, newest?.by ?? null)?.recovery?.workflows;
  return {
    name: plan.name,
    phase,
    primary: newest?.record.primary ?? null,
    epoch: newest?.record.epoch ?? newestTerm(answers),
    asPromised: strangers(answers, newest).length > 0 ? false : kept(seen, conditions),
    conditions,
    survives,
    lag: lagOf(answers, newest, wall),
    sites: plan.sites.map(({ name }) => siteStatus(name, answers, newest, standings)),
    disagreements: words,
    paused: newest?.record.paused ?? null,
    running: running?.running == null ? null : { workflow: running.running.kind, step: running.running.step },
    lastProof: lastProof(running?.last ?? null, newest) ?? lastDrill,
  };
}

const before = (wall: string, ageMs: number | null): string | null =>
  ageMs === null ? null : new Date(Date.parse(wall) - ageMs).toISOString();

/** Those that the plan's sites can be told apart by, and those it promises something for. */
function domainsOf({ sites, objectives }: Plan): readonly FailureDomain[] {
  const zones = sites.flatMap((site) => site.zones);
  const named: Readonly<Record<FailureDomain, boolean>> = {
    node: zones.some(({ nodes }) => nodes.length > 0),
    zone: zones.length > 0,
    site: true,
    region: new Set(sites.map(({ region }) => region)).size < sites.length,
  };
  return (["node", "zone", "site", "region"] as const).filter(
    (domain) => named[domain] || objectives.some(({ survive }) => survive === domain),
  );
}

function replicatedPhase(answers: readonly SiteAnswer[], newest: Believed | null): Phase {
  if (newest === null) {
    const read = answers.every(
      ({ status }) => status.kind === "known" && status.value.recovery?.store.readAgeMs != null,
    );
    return read ? "beginning" : "unknown";
  }
  if (!isFresh(newest)) {
    // Without the store nobody renews; whether a fence is still open, only its own site can tell.
    const closed = answers.every(
      ({ status }) => status.kind === "known" && status.value.recovery?.fenceOpenFor == null,
    );
    return closed ? "stopped" : "unknown";
  }
  if (newest.record.phase !== "opened") return "taking-over";
  const report = reportOf(answers, newest.record.primary);
  return report === null ? "unknown" : report.ableToCommit ? "serving" : "stopped";
}

function distributedPhase(answers: readonly SiteAnswer[], standings: readonly Standing[]): Phase {
  if (answers.some(({ report }) => report.kind === "known" && report.value.ableToCommit)) return "serving";
  const silent = answers.some(({ report }) => report.kind === "unknown");
  const possible = survivesWithout(null, standings, { kind: "majority" }) !== "no";
  return silent && possible ? "unknown" : "stopped";
}

/** Under `distributed` the epoch is the engine's term. */
const newestTerm = (answers: readonly SiteAnswer[]): number | null => {
  const known = answers.flatMap(({ report }) =>
    report.kind === "known" && report.value.epoch !== null ? [report.value.epoch] : [],
  );
  return known.length === 0 ? null : Math.max(...known);
};

function terms({ strategy }: Plan, answers: readonly SiteAnswer[]): string[] {
  const newest = newestTerm(answers);
  if (strategy.kind !== "distributed") return [];
  return answers.flatMap(({ site, report }) =>
    report.kind === "known" && report.value.epoch !== null && report.value.epoch !== newest
      ? [`${site} is at term ${report.value.epoch}, another site at ${newest}`]
      : [],
  );
}

/** No wherever one thing certainly is not; yes only when all certainly are. */
function kept(seen: Seen, conditions: readonly Condition[]): boolean | null {
  const promised = seen.survives.filter(
    ({ domain, promised: count }) => count > 0 || promisedDomains(seen).includes(domain),
  );
  if (conditions.some(({ status }) => status === "False")) return false;
  if (promised.some(({ promised: count, atMost }) => atMost < count)) return false;
  const sure =
    conditions.every(({ status }) => status === "True") &&
    promised.every(({ promised: count, now }) => now >= count);
  return sure ? true : null;
}

export const isKept = ({ promised, now, atMost }: Survival): boolean | null =>
  now >= promised ? true : atMost < promised ? false : null;

function lagOf(answers: readonly SiteAnswer[], newest: Believed | null, wall: string): Lag | null {
  const lags = statusOf(answers, newest?.record.primary ?? null)?.recovery?.lags ?? [];
  const least = lags.toSorted((a, b) => a.lagBytes - b.lagBytes)[0];
  return least === undefined
    ? null
    : {
        standby: least.site,
        bytes: least.lagBytes,
        ms: least.lagMs,
        lastSyncTime: before(wall, least.caughtUpAgeMs),
      };
}

function siteStatus(
  site: string,
  answers: readonly SiteAnswer[],
  newest: Believed | null,
  standings: readonly Standing[],
): SiteStatus {
  const answer = answers.find((each) => each.site === site);
  const status = statusOf(answers, site);
  const report = reportOf(answers, site);
  const standing = standings.find((each) => each.site === site);
  const lag = statusOf(answers, newest?.record.primary ?? null)?.recovery?.lags?.find(
    (each) => each.site === site,
  );
  const observed = status?.member.observed;
  const member = observed?.kind === "known" ? observed.value.role : "down";
  const because = answer?.status.kind === "unknown" ? answer.status.reason : (report?.because ?? "no report");
  return {
    site,
    answers: status !== null,
    because,
    role: status === null ? "unknown" : (status.recovery?.role ?? member),
    ableToCommit: report?.ableToCommit ?? null,
    epoch: status?.recovery?.primaryship?.epoch ?? report?.epoch ?? null,
    data: standing?.data ?? "unknown",
    vote: standing?.vote ?? "unknown",
    lagBytes: lag?.lagBytes ?? null,
    lagMs: lag?.lagMs ?? null,
  };
}

type Workflow = NonNullable<NonNullable<NonNullable<ReturnType<typeof statusOf>>["recovery"]>["workflows"]>;

function lastProof(last: Workflow["last"], newest: Believed | null): string | null {
  if (last !== null) {
    const proof = last.proofs.at(-1);
    return `${last.kind} ${last.ended}${proof === undefined ? "" : `: ${proof.what} (${proof.by})`}`;
  }
  if (newest === null || newest.record.epoch <= 1 || newest.record.phase !== "opened") return null;
  return `takeover: epoch ${newest.record.epoch} was opened by ${newest.record.primary}`;
}
