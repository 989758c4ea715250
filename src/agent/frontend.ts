// Keeps the site's front-end running and asks it what it says of itself.
import { siteReport } from "../api/agent.ts";
import type { SiteReport } from "../domain/health.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { restartDelayMs } from "./decide.ts";
import { attachProcess, startProcess, type Supervised } from "./supervise.ts";

export interface FrontendOptions {
  readonly argv: readonly string[];
  readonly identityFile: string;
  /** Its readiness address. */
  readonly readyUrl: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Frontend extends AsyncDisposable {
  pid(): number | null;
  /** Its latest answer; null when it did not answer the last time it was asked. */
  report(): SiteReport | null;
  /** Asks once. */
  look(signal: AbortSignal): Promise<void>;
}

const STOP_GRACE_MS = 300;
const LOOK_TIMEOUT_MS = 400;

export function startFrontend({ argv, identityFile, readyUrl, clock, log }: FrontendOptions): Frontend {
  const stop = new AbortController();
  let running: Supervised | null = null;
  let report: SiteReport | null = null;
  let failedLives = 0;

  async function life(): Promise<void> {
    let attached = await attachProcess(identityFile, clock);
    while (!stop.signal.aborted) {
      running =
        attached ??
        (await startProcess({ argv, env: {}, identityFile, stdio: ["ignore", "inherit", "inherit"] }));
      attached = null;
      log.emit({ event: "frontend-started", pid: running.pid });
      failedLives += 1; // until it answers
      if (stop.signal.aborted) await running.stop(STOP_GRACE_MS);
      const { code, signal } = await running.exited;
      running = null;
      report = null;
      log.emit({ event: "frontend-exited", code, signal });
      if (!stop.signal.aborted) await clock.sleep(restartDelayMs(failedLives), stop.signal);
    }
  }
  const living = life();

  return {
    pid: () => running?.pid ?? null,
    report: () => report,
    async look(signal) {
      try {
        const response = await fetch(readyUrl, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]),
        });
        report = siteReport.parse(await response.json());
        failedLives = 0;
      } catch {
        report = null; // no answer, or none that can be understood: for the site both mean "can't"
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running?.stop(STOP_GRACE_MS);
      await living;
    },
  };
}
