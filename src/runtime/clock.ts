// The only place that reads time. Monotonic for everything that is measured or waited for; wall only for people.

export interface Clock {
  /** CLOCK_MONOTONIC, nanoseconds: the same clock for all processes of a machine. */
  nowNs(): bigint;
  /** CLOCK_MONOTONIC, milliseconds with fraction. */
  nowMs(): number;
  /** RFC 3339, UTC. */
  wall(): string;
  /** Resolves after `ms`, or at once when the signal aborts (never rejects: look at the signal). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowNs: () => process.hrtime.bigint(),
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
  wall: () => new Date().toISOString(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal?.addEventListener("abort", finish, { once: true });
    }),
};
