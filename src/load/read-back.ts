// After a drill: reads everything that clients may have written, completely, from the quorum and from every replica by
// name. What can't be read is told as unknown, never left out. Reading twice is harmless, so reads (and only reads) are
// asked again at another front-end, within a bound.
import type { z } from "zod";
import { JOURNAL_PAGE_MAX, journalPageSchema, registerSchema } from "../api/ledger.ts";
import type { Operation } from "../domain/history.ts";
import { type Plan, siteOf } from "../domain/plan.ts";
import type { HistoryWriter } from "../history/write.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Connections, startConnections } from "./connections.ts";

export interface ReadBackOptions {
  readonly plan: Plan;
  /** CLOCK_MONOTONIC at time 0 of the history. */
  readonly originNs: bigint;
  /** Every register that was used. */
  readonly registers: Iterable<string>;
  readonly history: Pick<HistoryWriter, "append">;
  /** For one request. */
  readonly requestMs: number;
  /** For all of it, waiting for replicas included. */
  readonly withinMs: number;
  readonly clock: Clock;
}

export interface ReadBack {
  readonly load: "read-back";
  /** true: every list and register was read, from replicas that had caught up. */
  readonly complete: boolean;
  /** What could not be read, and why. */
  readonly missing: readonly string[];
  /** Entries of the linearizable list; null: not read. */
  readonly journal: number | null;
  /** Entries of each replica's list; null: not read, or not caught up in time. */
  readonly replicas: Readonly<Record<string, number | null>>;
  readonly registers: number;
}

type Page = z.output<typeof journalPageSchema>;
interface Listed {
  readonly ids: string[];
  readonly position: number;
  readonly term: number;
}
/** The reason when it is a string. */
type Got<T> = T | string;

const PAUSE_MS = 100;
const REGISTERS_AT_ONCE = 8;

export async function readBack(options: ReadBackOptions, signal: AbortSignal): Promise<ReadBack> {
  const { plan, originNs, history, requestMs, withinMs, clock } = options;
  await using connections = startConnections(plan.balancer.port, clock);
  const endMs = clock.nowMs() + withinMs;
  const nowNs = () => Number(clock.nowNs() - originNs);
  const sites = plan.sites.map((site) => site.name);
  const missing: string[] = [];
  let process = 0;
  /** Whose front-end answered last: where only a primary answers, the others need not be asked each time. */
  let answering: string | undefined;

  /** Asks front-ends in turn until one answers; the first is preferred. */
  const ask = async <S extends z.ZodType>(
    path: string,
    schema: S,
    preferred: string | undefined,
  ): Promise<Got<z.output<S>>> => {
    const first = preferred ?? answering;
    const order = [...sites].sort((a, b) => Number(b === first) - Number(a === first));
    let reason = "not asked";
    for (let turn = 0; !signal.aborted && clock.nowMs() < endMs; turn += 1) {
      const name = order[turn % order.length] as string;
      const got = await askOnce(connections, plan, name, path, schema, clock.nowMs() + requestMs);
      if (typeof got !== "string") {
        if (preferred === undefined) answering = name;
        return got.body;
      }
      reason = `${name}: ${got}`;
      if (turn % order.length === order.length - 1) await clock.sleep(PAUSE_MS, signal);
    }
    return signal.aborted ? "interrupted" : reason;
  };

  const listAll = async (from: string | undefined): Promise<Got<Listed>> => {
    const ids: string[] = [];
    const query = from === undefined ? "" : `&from=${from}`;
    for (let after: string | null = null; ; ) {
      const place: string = after === null ? "" : `&after=${after}`;
      const page: Got<Page> = await ask(
        `/v1/journal?limit=${JOURNAL_PAGE_MAX}${query}${place}`,
        journalPageSchema,
        from,
      );
      if (typeof page === "string") return page;
      for (const id of page.ids) ids.push(id);
      if (page.next === null) return { ids, position: page.position, term: page.term };
      after = page.next;
    }
  };

  /** null: it has; else the reason. */
  const caughtUp = async (site: string, position: number): Promise<string | null> => {
    let seen = "no answer";
    while (!signal.aborted && clock.nowMs() < endMs) {
      const page = await ask(`/v1/journal?limit=1&from=${site}`, journalPageSchema, site);
      if (typeof page === "string") return page;
      if (page.position >= position) return null;
      seen = `it is at position ${page.position}, not yet at ${position}`;
      await clock.sleep(PAUSE_MS, signal);
    }
    return seen;
  };

  const record = (
    operation: Pick<Operation, "key" | "from">,
    invoked: number,
    got: Got<{ output: unknown; epoch: number }>,
  ) => {
    const known = typeof got === "string" ? null : got;
    history.append({
      process: process++,
      profile: "read-back",
      op: "read",
      ...operation,
      invoked,
      outcome: known === null ? "unknown" : "ok",
      ...(known === null
        ? { error: "READ_BACK_INCOMPLETE" }
        : { output: known.output, completed: nowNs(), epoch: known.epoch }),
    });
  };

  const journal = async (from: string | undefined, position: number | null): Promise<Listed | null> => {
    const invoked = nowNs();
    const behind = from === undefined || position === null ? null : await caughtUp(from, position);
    const listed = behind ?? (await listAll(from));
    const ok = typeof listed !== "string";
    record(
      { key: "journal", ...(from === undefined ? {} : { from }) },
      invoked,
      ok ? { output: listed.ids, epoch: listed.term } : listed,
    );
    if (ok) return listed;
    missing.push(`journal${from === undefined ? "" : ` of the replica ${from}`}: ${listed}`);
    return null;
  };

  const linearizable = await journal(undefined, null);
  const replicas: Record<string, number | null> = {};
  for (const site of sites) {
    if (linearizable === null) missing.push(`journal of the replica ${site}: nothing to compare it with`);
    const listed = linearizable === null ? null : await journal(site, linearizable.position);
    replicas[site] = listed === null ? null : listed.ids.length;
  }

  const keys = [...new Set(options.registers)];
  let read = 0;
  let next = 0;
  const readRegisters = async () => {
    while (next < keys.length) {
      const key = keys[next++] as string;
      const invoked = nowNs();
      const got = await ask(`/v1/registers/${key}`, registerSchema, sites[read % sites.length]);
      const known = typeof got !== "string";
      record({ key }, invoked, known ? { output: got.value, epoch: got.term } : got);
      if (known) read += 1;
      else missing.push(`register ${key}: ${got}`);
    }
  };
  await Promise.all(Array.from({ length: REGISTERS_AT_ONCE }, readRegisters));

  return {
    load: "read-back",
    complete: missing.length === 0,
    missing,
    journal: linearizable?.ids.length ?? null,
    replicas,
    registers: read,
  };
}

async function askOnce<S extends z.ZodType>(
  connections: Connections,
  plan: Plan,
  site: string,
  path: string,
  schema: S,
  deadlineAtMs: number,
): Promise<Got<{ body: z.output<S> }>> {
  const { address } = siteOf(plan, site);
  if (address === null) return "has no address";
  const exchange = await connections.exchange(address, { method: "GET", path, body: null }, deadlineAtMs);
  if (exchange.kind !== "answer") return exchange.code;
  if (exchange.status !== 200) return `status ${exchange.status}`;
  try {
    const parsed = schema.safeParse(JSON.parse(exchange.text));
    return parsed.success ? { body: parsed.data } : "an answer of another form";
  } catch {
    return "an answer that is not JSON";
  }
}
