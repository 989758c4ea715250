// Open-loop clients of one region: what is due is sent whatever became of what was sent before.
//
//   schedule (pure) ─► due? ─► actor from the pool ─► profile.send, once ─► result ─► history, tally
//                                   └ none left, or past its deadline already: fail NOT_SENT, in the history too
//
// Promise: scheduled = recorded, checked at the end; every operation is settled one deadline after the last was due.
import { OutlastError } from "../domain/outcome.ts";
import type { HistoryWriter } from "../history/write.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { ClientProfile, Request, Result } from "./client.ts";
import { recentValues } from "./recent-values.ts";
import { processPool } from "./process-pool.ts";
import { indexFrom, type Intent, operationAt, type Scheduled, type ScheduleSettings } from "./schedule.ts";
import { warmUp } from "./warm-up.ts";
import { durations, type Percentiles, type ProfileTally, profileTally } from "./tally.ts";

const PROGRESS_MS = 500;
/** Failures in a row after which the next success is an event of its own. */
const OUTAGE_FAILURES = 3;

export interface LoadOptions {
  /** A ramp begins when the connections are warm. */
  readonly settings: Omit<ScheduleSettings, "startNs">;
  readonly profiles: ReadonlyMap<string, ClientProfile>;
  readonly deadlineMs: number;
  readonly originNs: bigint;
  /** From the start; null: until the signal. */
  readonly maxDurationMs: number | null;
  readonly history: Pick<HistoryWriter, "append">;
  readonly clock: Clock;
  readonly log: Pick<Log, "emit">;
}

export interface LoadSummary {
  readonly load: "summary";
  readonly region: string;
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly deadlineMs: number;
  readonly scheduled: number;
  readonly recorded: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  /** invoked − scheduled of what was sent; null: nothing was. */
  readonly latenessMs: Percentiles | null;
  readonly profiles: Readonly<
    Record<
      string,
      {
        readonly ok: number;
        readonly fail: number;
        readonly unknown: number;
        readonly notSent: number;
        readonly latencyMs: Percentiles | null;
      }
    >
  >;
}

interface Lane {
  readonly name: string;
  readonly client: ClientProfile;
  readonly tally: ProfileTally;
  next: Scheduled;
  /** Not ok, in a row, of those scheduled after `okScheduledNs`. */
  failures: number;
  /** The latest scheduled time of one that succeeded: what was scheduled before and fails later is no new outage. */
  okScheduledNs: number;
}

/** Runs until the signal or the end of its duration, then waits at most one deadline for what is open. */
export async function runLoad(options: LoadOptions, signal: AbortSignal): Promise<LoadSummary> {
  const { deadlineMs, originNs, history, clock, log } = options;
  const deadlineNs = deadlineMs * 1e6;
  const nowNs = () => Number(clock.nowNs() - originNs);
  const originMs = Number(originNs) / 1e6;
  await warmUp(options.profiles.values(), clock, signal);
  const startNs = nowNs();
  const settings = { ...options.settings, startNs: options.settings.rampMs === 0 ? 0 : startNs };
  const endNs =
    options.maxDurationMs === null ? Number.POSITIVE_INFINITY : startNs + options.maxDurationMs * 1e6;
  const lanes: Lane[] = [...options.profiles].map(([name, client]) => ({
    name,
    client,
    tally: profileTally(),
    next: operationAt(settings, name, indexFrom(settings, name, startNs)),
    failures: 0,
    okScheduledNs: 0,
  }));
  // An operation is open for a deadline at most: this many can be, and as many again while timers are late.
  const openMax = Math.ceil(2 * lanes.length * settings.ratePerSecond * (deadlineMs / 1000)) + 64;
  const pool = processPool(openMax);
  const recent = recentValues();
  const lateness = durations();
  const open = new Set<Promise<void>>();
  // A history that can't be written ends the run: its first error is thrown at the end.
  const broken = new AbortController();
  const ending = AbortSignal.any([signal, broken.signal]);
  let scheduled = 0;
  let recorded = 0;

  const settle = (
    lane: Lane,
    due: Scheduled,
    actor: { readonly process: number; readonly session: number },
    input: unknown,
    invoked: number,
    result: Result,
  ) => {
    const completed = nowNs();
    const { intent } = due;
    history.append({
      ...actor,
      region: settings.region,
      profile: lane.name,
      ...(result.site === undefined ? {} : { site: result.site }),
      op: intent.op,
      key: intent.key,
      ...(input === undefined ? {} : { input }),
      scheduled: due.scheduledNs,
      invoked,
      outcome: result.outcome,
      ...("output" in result ? { output: result.output } : {}),
      ...(result.outcome === "unknown" ? {} : { completed }),
      ...(result.epoch === undefined ? {} : { epoch: result.epoch }),
      ...(result.error === undefined ? {} : { error: result.error }),
    });
    recorded += 1;
    lane.tally.add(result.outcome, completed - due.scheduledNs);
    if (result.outcome !== "ok") {
      if (due.scheduledNs > lane.okScheduledNs) lane.failures += 1;
      return;
    }
    if (lane.failures >= OUTAGE_FAILURES)
      log.emit({
        event: "first-success",
        region: settings.region,
        profile: lane.name,
        afterFailures: lane.failures,
      });
    lane.failures = 0;
    lane.okScheduledNs = Math.max(lane.okScheduledNs, due.scheduledNs);
  };

  const dispatch = (lane: Lane, due: Scheduled) => {
    scheduled += 1;
    const request = requestOf(due.intent, recent.get);
    const invoked = nowNs();
    const actor = invoked >= due.scheduledNs + deadlineNs ? null : pool.take();
    if (actor === null) {
      lane.tally.total.notSent += 1;
      const result: Result = { outcome: "fail", error: "NOT_SENT" };
      settle(lane, due, pool.stranger(), inputOf(request), invoked, result);
      return;
    }
    lateness.record(invoked - due.scheduledNs);
    const deadlineAtMs = originMs + due.scheduledNs / 1e6 + deadlineMs;
    const sent = lane.client
      .send(request, deadlineAtMs)
      .then((result) => {
        settle(lane, due, actor, inputOf(request), invoked, result);
        pool.giveBack(actor, result.outcome === "unknown");
        if (result.outcome === "ok") recent.note(request, result.output);
      })
      .catch((cause: unknown) => broken.abort(cause))
      .finally(() => open.delete(sent));
    open.add(sent);
  };

  const progress = setInterval(
    () =>
      log.emit({
        event: "load-progress",
        region: settings.region,
        windowMs: PROGRESS_MS,
        profiles: lanes.map(({ name, tally }) => ({ profile: name, ...tally.window() })),
      }),
    PROGRESS_MS,
  );
  try {
    while (!ending.aborted) {
      const now = nowNs();
      for (const lane of lanes)
        while (lane.next.scheduledNs <= now && lane.next.scheduledNs < endNs) {
          const due = lane.next;
          lane.next = operationAt(settings, lane.name, due.index + 1);
          dispatch(lane, due);
        }
      const next = Math.min(...lanes.map((lane) => lane.next.scheduledNs));
      if (next >= endNs) break;
      await clock.sleep(Math.max(0, (next - nowNs()) / 1e6), ending);
    }
    await Promise.all(open);
    broken.signal.throwIfAborted();
  } finally {
    clearInterval(progress);
  }
  return summary();

  function summary(): LoadSummary {
    if (scheduled !== recorded)
      throw new OutlastError({
        code: "OPERATIONS_NOT_RECORDED",
        definite: false,
        what: `${scheduled} operations were scheduled and ${recorded} recorded`,
        where: `load of region ${settings.region}`,
        next: "do not use this run; report it with its seed",
      });
    const sum = (kind: "ok" | "fail" | "unknown") =>
      lanes.reduce((total, lane) => total + lane.tally.total[kind], 0);
    return {
      load: "summary",
      region: settings.region,
      seed: settings.seed,
      ratePerSecond: settings.ratePerSecond,
      deadlineMs,
      scheduled,
      recorded,
      ok: sum("ok"),
      fail: sum("fail"),
      unknown: sum("unknown"),
      latenessMs: lateness.percentiles(),
      profiles: Object.fromEntries(
        lanes.map(({ name, tally }) => [name, { ...tally.total, latencyMs: tally.latency.percentiles() }]),
      ),
    };
  }
}

function requestOf(intent: Intent, seen: (key: string) => string | null): Request {
  switch (intent.op) {
    case "append":
      return { op: "append", id: intent.input };
    case "write":
      return { op: "write", key: intent.key, value: intent.input };
    case "read":
      return { op: "read", key: intent.key };
    case "cas":
      return { op: "cas", key: intent.key, from: seen(intent.key), to: intent.to };
    default:
      return intent satisfies never;
  }
}

function inputOf(request: Request): unknown {
  switch (request.op) {
    case "append":
      return request.id;
    case "write":
      return request.value;
    case "read":
      return undefined;
    case "cas":
      return [request.from, request.to];
    default:
      return request satisfies never;
  }
}
