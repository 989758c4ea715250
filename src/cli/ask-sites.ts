// Asks every site's agent at once, each call bounded: who does not answer in time is unknown, with the reason.
import type { z } from "zod";
import { AGENT_ROUTES, agentStatus, siteReport } from "../api/agent.ts";
import { addressOf } from "../domain/address.ts";
import type { Reading } from "../domain/outcome.ts";
import { type Plan, PORTS } from "../domain/plan.ts";
import type { Clock } from "../runtime/clock.ts";
import type { SiteAnswer } from "../status/site-answer.ts";

export interface AskOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Throws OutlastError (ADDRESS_MISSING) before anybody is asked. */
export function askSites(plan: Plan, options: AskOptions): Promise<SiteAnswer[]> {
  const places = plan.sites.map(({ name, address }) => ({
    site: name,
    base: `http://${addressOf(address, `site ${name}`)}:${PORTS.agent}`,
  }));
  return Promise.all(
    places.map(async ({ site, base }) => {
      const [status, report] = await Promise.all([
        ask(site, `${base}${AGENT_ROUTES.status.path}`, agentStatus, options),
        ask(site, `${base}${AGENT_ROUTES.ready.path}`, siteReport, options),
      ]);
      return { site, status, report };
    }),
  );
}

async function ask<T extends { readonly site: string }>(
  site: string,
  url: string,
  schema: z.ZodType<T>,
  { timeoutMs, clock, signal }: AskOptions,
): Promise<Reading<T>> {
  const sinceMs = clock.nowMs();
  const unknown = (reason: string): Reading<T> => ({ kind: "unknown", reason, sinceMs });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const response = await fetch(url, { signal: limit, redirect: "error" });
    const parsed = schema.safeParse(await response.json());
    if (!parsed.success) return unknown(`an answer of another shape (${response.status})`);
    if (parsed.data.site !== site) return unknown(`${parsed.data.site} answers there`);
    return { kind: "known", value: parsed.data, atMs: clock.nowMs() };
  } catch (cause) {
    return unknown(reasonOf(cause));
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return "no answer in time";
  const inner = cause.cause;
  return inner instanceof Error ? inner.message : cause.message;
}
