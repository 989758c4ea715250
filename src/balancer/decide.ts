// The route, from what is believed and what was routed before: the hold rule. Pure.
//
// A site loses a region's clients only while another site can serve them. When no site can, or nothing is known, the group
// stays as it was ("held"). `serial` grows only when a weight changes: a new reason, epoch or `held` alone is no change.
import type { Plan } from "../domain/plan.ts";
import type { Route, RouteGroup } from "../domain/route.ts";
import { choose } from "./policy.ts";
import type { RegionView } from "./view.ts";

export const sameWeights = (
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

export interface Decision {
  readonly route: Route;
  /** Regions of which the weights changed. */
  readonly changed: readonly string[];
}

export function decideRoute(plan: Plan, views: readonly RegionView[], before: Route | null): Decision {
  const decided = views.map((view) => decideGroup(plan, view, before));
  const groups = decided.map(({ group }) => group);
  const changed = groups.flatMap((group) => {
    const was = before?.groups.find(({ region }) => region === group.region);
    return was !== undefined && sameWeights(was.weights, group.weights) ? [] : [group.region];
  });
  const held = decided.some((one) => one.held);
  const epochs = views.flatMap(({ epoch }) => (epoch === null ? [] : [epoch]));
  const epoch = epochs.length === 0 ? (before?.epoch ?? null) : Math.max(...epochs);
  if (before !== null && changed.length === 0) return { route: { ...before, groups, held }, changed };
  return { route: { epoch, serial: (before?.serial ?? 0) + 1, groups, held }, changed };
}

function decideGroup(
  plan: Plan,
  view: RegionView,
  before: Route | null,
): { readonly group: RouteGroup; readonly held: boolean } {
  const { region, candidates, basis, refused } = view;
  if (candidates !== null && candidates.length > 0) {
    const { weights, because } = choose(plan, region, candidates);
    const lost = Object.entries(refused).map(([site, why]) => `${site}: ${why}`);
    const parts = [because, ...lost, ...(basis === "" ? [] : [basis])];
    return { group: { region, weights, because: parts.join("; ") }, held: false };
  }
  const why =
    candidates === null
      ? basis
      : `no site can serve (${Object.entries(refused)
          .map(([site, reason]) => `${site}: ${reason}`)
          .join("; ")})`;
  const was = before?.groups.find((group) => group.region === region);
  if (was === undefined || Object.keys(was.weights).length === 0)
    return { group: { region, weights: {}, because: `unavailable: ${why}` }, held: false };
  return {
    group: { region, weights: was.weights, because: `held, nothing better: ${why}` },
    held: true,
  };
}
