// The agent's decisions. Pure: what was seen → what to do, with the reason.
import type { SiteReport } from "../domain/health.ts";
import type { Reading } from "../domain/outcome.ts";
import type { Observation, Standing } from "../engines/contract.ts";

/** founding: the member was started as one of a new cluster and has not seen a majority yet. */
export type DataState = "empty" | "founding" | "present";

export interface Seen {
  readonly own: DataState;
  /** What the cluster's majority knows of this member. */
  readonly standing: Reading<Standing>;
  /** What the other sites' agents say of their data. */
  readonly peers: readonly { readonly site: string; readonly data: Reading<DataState> }[];
}

export type MemberDecision =
  | { readonly kind: "start"; readonly cluster: "new" | "existing"; readonly because: string }
  | { readonly kind: "replace"; readonly because: string }
  | { readonly kind: "wait"; readonly because: string };

/**
 * Whether and how to start the member. An empty folder founds a cluster only when every other site says that it has no
 * data either: a secondary never starts from empty data beside a cluster that lives (docs/invariants.md, 9).
 */
export function decideMember({ own, standing, peers }: Seen): MemberDecision {
  if (own !== "empty") return { kind: "start", cluster: "existing", because: "its data is here" };
  if (standing.kind === "known") {
    switch (standing.value) {
      case "started":
        return {
          kind: "replace",
          because: "the cluster knows this member with data, and the folder is empty",
        };
      case "absent":
        return { kind: "replace", because: "the cluster has no such member" };
      case "added":
        return { kind: "start", cluster: "existing", because: "the cluster waits for its first start" };
      case "founder":
        return {
          kind: "start",
          cluster: "new",
          because: "the cluster was founded with it, and it never started",
        };
      default:
        return standing.value satisfies never;
    }
  }
  const present = peers.filter(({ data }) => data.kind === "known" && data.value === "present");
  if (present.length > 0)
    return {
      kind: "wait",
      because: `${present.map(({ site }) => site).join(", ")} ${present.length === 1 ? "has" : "have"} data, and no majority answers: ${standing.reason}`,
    };
  const silent = peers.filter(({ data }) => data.kind === "unknown");
  if (silent.length > 0)
    return {
      kind: "wait",
      because: `${silent.map(({ site }) => site).join(", ")} may have data and ${silent.length === 1 ? "does" : "do"} not answer`,
    };
  return { kind: "start", cluster: "new", because: "no site has data" };
}

const RESTART_DELAY_MAX_MS = 5_000;

/** At once after a life in which it was ready; the more lives in a row end before that, the later. */
export const restartDelayMs = (failedLives: number): number =>
  failedLives === 0 ? 0 : Math.min(RESTART_DELAY_MAX_MS, 100 * 2 ** (failedLives - 1));

export interface SiteSeen {
  readonly site: string;
  readonly member: Reading<Observation>;
  /** The front-end's own answer at its readiness path; null: it does not answer. */
  readonly frontend: SiteReport | null;
}

/** An observation older than this says nothing of now. */
export const OBSERVATION_FRESH_MS = 1_000;

/**
 * Can this site commit? The member's view first, because it says why not; then the front-end's, which rests on
 * acknowledged writes. A leader that the member knows is not yet proof (docs/agent.md).
 */
export function siteReport({ site, member, frontend }: SiteSeen, nowMs: number): SiteReport {
  const report = (ableToCommit: boolean, because: string, epoch: number | null): SiteReport => ({
    site,
    ableToCommit,
    because,
    epoch,
  });
  if (member.kind === "unknown") return report(false, `member: ${member.reason}`, null);
  const { term, role, quorum, alarms } = member.value;
  if (nowMs - member.atMs > OBSERVATION_FRESH_MS)
    return report(false, `member: last seen ${Math.round(nowMs - member.atMs)} ms ago`, null);
  if (alarms.length > 0) return report(false, `member: alarm ${alarms.join(", ")}`, term);
  if (!quorum) return report(false, "member: no leader, so no majority", term);
  if (role === "learner") return report(false, "member: still learning", term);
  if (frontend === null) return report(false, "front-end: does not answer", term);
  return report(frontend.ableToCommit, `front-end: ${frontend.because}`, term);
}
