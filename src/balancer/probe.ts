// One probe of one site, and the prober that asks all sites in rounds.
//
//   tick n (start + n × interval) ─► every site is asked ─► answer, error or timeout ─► onResult(site, round n, …)
//
// A silent loss is seen `timeout` after the next tick, so the fall-th failure is known at most fall × interval + timeout
// after it. A tick never waits for an earlier probe: what is still open at the next tick is given up, so there is at most
// one probe open a site. Connections are kept alive (one round trip a probe, also over long distances); one that failed or
// timed out is closed and never used again.
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { siteReport } from "../api/balancer.ts";
import type { BalancerSpec } from "../domain/plan.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { ProbeResult } from "./health.ts";

const REPORT_MAX_BYTES = 16 * 1024;

export interface Target {
  readonly site: string;
  readonly address: string;
}

export interface Answer extends Omit<ProbeResult, "site" | "round" | "atMs" | "evidenceMs"> {
  /** null: it did not say. */
  readonly evidenceAgeMs: number | null;
}

const failed = (because: string): Answer => ({
  answered: false,
  able: false,
  because,
  epoch: null,
  evidenceAgeMs: null,
});

/** GET of the readiness path: 200 is able, 503 is reachable but unable, anything else is a failed probe. Never rejects. */
export function probeHttp(
  { address, port, path }: { address: string; port: number; path: string },
  agent: Agent,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve) => {
    const asked = request(
      { host: address, port, path, agent, signal, headers: { accept: "application/json" } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          text += chunk;
          if (text.length <= REPORT_MAX_BYTES) return;
          asked.destroy();
          resolve(failed(`answer of more than ${REPORT_MAX_BYTES} bytes`));
        });
        answer.on("error", (cause) => resolve(failed(cause.message)));
        answer.on("end", () => resolve(readAnswer(answer.statusCode ?? 0, text)));
      },
    );
    asked.on("error", (cause) => resolve(failed(signal.aborted ? String(signal.reason) : cause.message)));
    asked.end();
  });
}

export function readAnswer(status: number, text: string): Answer {
  if (status !== 200 && status !== 503) return failed(`HTTP ${status}`);
  const parsed = siteReport.safeParse(parseJson(text));
  const report = parsed.success ? parsed.data : {};
  return {
    answered: true,
    able: status === 200 && report.ableToCommit !== false,
    because: report.because ?? `HTTP ${status}`,
    epoch: report.epoch ?? null,
    evidenceAgeMs: report.evidenceAgeMs ?? null,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the status alone decides then
  }
}

/** A tcp connect: knows only that the port is open. Never rejects. */
export function probeTcp(
  { address, port }: { address: string; port: number },
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (answer: Answer) => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      resolve(answer);
    };
    const onAbort = () => settle(failed(String(signal.reason)));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("connect", () =>
      settle({ answered: true, able: true, because: "port open", epoch: null, evidenceAgeMs: 0 }),
    );
    socket.on("error", (cause) => settle(failed(cause.message)));
  });
}

export interface ProberOptions {
  readonly targets: readonly Target[];
  readonly spec: Pick<BalancerSpec, "check" | "timing" | "port">;
  readonly onResult: (result: ProbeResult) => void;
  /** After the probes of a round were sent. */
  readonly onTick?: (round: number) => void;
  readonly clock?: Clock;
}

export function startProber({
  targets,
  spec,
  onResult,
  onTick,
  clock = systemClock,
}: ProberOptions): AsyncDisposable {
  const { intervalMs, timeoutMs } = spec.timing;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
  const open = new Map<string, AbortController>();
  const stopped = new AbortController();

  const probe = async (target: Target, round: number) => {
    open.get(target.site)?.abort("no answer until the next probe");
    const abort = new AbortController();
    open.set(target.site, abort);
    // After a pause of this process the timer is late and the answer may have come meanwhile: read what is there first.
    const timer = setTimeout(
      () => setImmediate(() => abort.abort(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const sentMs = clock.nowMs();
    const where = { address: target.address, port: spec.port };
    const answer = await (spec.check.kind === "http"
      ? probeHttp({ ...where, path: spec.check.path }, agent, abort.signal)
      : probeTcp(where, abort.signal));
    clearTimeout(timer);
    if (open.get(target.site) === abort) open.delete(target.site);
    if (stopped.signal.aborted) return;
    const { evidenceAgeMs, ...said } = answer;
    // A front-end that does not say how old its evidence is may be this late in noticing.
    const evidenceMs = sentMs - (evidenceAgeMs ?? intervalMs + timeoutMs);
    onResult({ site: target.site, round, atMs: clock.nowMs(), evidenceMs, ...said });
  };

  const loop = (async () => {
    const startMs = clock.nowMs();
    for (let round = 0; !stopped.signal.aborted; ) {
      for (const target of targets) void probe(target, round);
      onTick?.(round);
      // After a pause of the process, ticks that were missed are skipped, not caught up.
      round = Math.max(round + 1, Math.ceil((clock.nowMs() - startMs) / intervalMs));
      await clock.sleep(startMs + round * intervalMs - clock.nowMs(), stopped.signal);
      await new Promise((resolve) => setImmediate(resolve)); // the same for what the tick gives up
    }
  })();

  return {
    [Symbol.asyncDispose]: async () => {
      stopped.abort();
      for (const abort of open.values()) abort.abort("stopped");
      agent.destroy();
      await loop;
    },
  };
}
