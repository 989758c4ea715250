// Which of the sites that can serve a region get its clients, by the plan's policy. Pure; no hold, no health: view.ts and
// decide.ts do that.
import { type BalancerPolicy, clientRoundTripMs, type Plan } from "../domain/plan.ts";

export interface Choice {
  readonly weights: Readonly<Record<string, number>>;
  readonly because: string;
}

/** The sites that the policy may ever route to, in the order of the plan. Others never count as "another site". */
export function eligibleSites(plan: Plan): string[] {
  const policy = plan.balancer.policy;
  const names = plan.sites.map((site) => site.name);
  return policy.kind === "primary-secondary" ? names.filter((name) => policy.order.includes(name)) : names;
}

/** `candidates`: eligible sites that can serve the region now; at least one. */
export function choose(plan: Plan, region: string, candidates: readonly string[]): Choice {
  const policy: BalancerPolicy = plan.balancer.policy;
  switch (policy.kind) {
    case "latency": {
      const distance = (site: string) => clientRoundTripMs(plan, region, site);
      const nearest = candidates.reduce((best, site) => (distance(site) < distance(best) ? site : best));
      const all = eligibleSites(plan);
      const best = Math.min(...all.map(distance));
      return {
        weights: { [nearest]: 1 },
        because:
          distance(nearest) === best
            ? `${nearest} is nearest, ${distance(nearest)} ms`
            : `${nearest} is the nearest that can serve, ${distance(nearest)} ms`,
      };
    }
    case "primary-secondary": {
      const first = policy.order.find((site) => candidates.includes(site));
      if (first === undefined) throw new RangeError("choose: no candidate in the policy's order");
      const rank = policy.order.indexOf(first);
      return {
        weights: { [first]: 1 },
        because: rank === 0 ? `${first} is the primary` : `${first} is secondary ${rank} and the first able`,
      };
    }
    case "weighted": {
      const shares = candidates.flatMap((site) => {
        const weight = policy.weights[site] ?? 0;
        return weight > 0 ? [[site, weight] as const] : [];
      });
      if (shares.length === 0)
        return {
          weights: Object.fromEntries(candidates.map((site) => [site, 1])),
          because: "only sites of weight 0 can serve",
        };
      return {
        weights: Object.fromEntries(shares),
        because: `weights ${shares.map(([site, weight]) => `${site} ${weight}`).join(", ")}`,
      };
    }
  }
  return policy satisfies never;
}
