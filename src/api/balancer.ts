// The balancer's control API: schemas and the table of routes, shared by the balancer and everyone who asks it.
import { z } from "zod";
import type { ReachabilityRow, SiteHealth } from "../domain/health.ts";
import type { Route } from "../domain/route.ts";

const siteHealth = z.object({
  site: z.string().min(1).max(253),
  reachable: z.boolean(),
  ableToCommit: z.boolean(),
  because: z.string().max(2_000),
  epoch: z.number().int().nullable(),
});

export const reachabilityRow = z.object({
  region: z.string().min(1).max(253),
  sequence: z.number().int().nonnegative(),
  startedAt: z.string().max(64),
  sites: z.array(siteHealth).max(64),
});

/** What a site says of itself at its readiness path. Lenient: what is missing is filled in by the probe. */
export const siteReport = z.object({
  site: z.string().optional(),
  ableToCommit: z.boolean().optional(),
  because: z.string().max(2_000).optional(),
  epoch: z.number().int().nullable().optional(),
  evidenceAgeMs: z.number().nonnegative().nullable().optional(),
});

export const route = z.object({
  epoch: z.number().int().nullable(),
  serial: z.number().int().nonnegative(),
  groups: z.array(
    z.object({
      region: z.string(),
      weights: z.record(z.string(), z.number().positive()),
      because: z.string(),
    }),
  ),
  held: z.boolean(),
});

export const balancerStatus = z.object({
  /** Site of a name server, or "gateway/REGION". */
  place: z.string(),
  route: route.nullable(),
  /** Where the route comes from: decided now, or kept from an earlier life and how old. */
  routeFrom: z.string(),
  /** This balancer's own probes; empty at a name server. */
  health: z.array(siteHealth),
  /** Rows it decides from, with their age. */
  rows: z.array(
    z.object({ region: z.string(), ageMs: z.number(), fresh: z.boolean(), row: reachabilityRow }),
  ),
  planes: z.array(z.object({ plane: z.string(), state: z.string(), serial: z.number().int().nullable() })),
});
/** The same with domain's words: what a balancer gives and its callers read. */
export interface BalancerStatus extends Omit<z.infer<typeof balancerStatus>, "route" | "health" | "rows"> {
  readonly route: Route | null;
  readonly health: readonly SiteHealth[];
  readonly rows: readonly {
    readonly region: string;
    readonly ageMs: number;
    readonly fresh: boolean;
    readonly row: ReachabilityRow;
  }[];
}

export const apiError = z.object({
  error: z.object({ code: z.string(), definite: z.boolean(), what: z.string(), next: z.string() }),
});

export const BALANCER_ROUTES = {
  rows: { method: "POST", path: "/v1/rows", summary: "A gateway's row of the reachability matrix" },
  route: { method: "GET", path: "/v1/route", summary: "The route that is answered from now" },
  status: {
    method: "GET",
    path: "/v1/status",
    summary: "Health, rows, route and planes, each with its reason",
  },
  live: { method: "GET", path: "/livez", summary: "The process runs" },
} as const;
