// What the store holds, told as it changes: a read all the time, because a silence counts only while the store answers, and one
// more at once whenever a watch says that something was written. A watch that ends, or is silent, only costs the haste.
import type { Outcome } from "../../domain/outcome.ts";
import type { RecoveryView } from "../../recovery/view.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import type { StoreView } from "../../store/contract.ts";
import type { StoreMembers } from "./store-members.ts";
import { recoveryView } from "./store-view.ts";

export interface StoreViewsOptions {
  readonly stores: StoreMembers;
  /** Number of members that a watch can be had from. */
  readonly members: number;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly onView: (view: RecoveryView, floor: number) => void;
  /** The highest revision that is known, however it became known. */
  readonly floor: () => number;
}

export interface StoreViews extends AsyncDisposable {
  /** null: none has come yet. */
  readAtMs(): number | null;
  /** Why the last read failed; null: it did not. */
  complaint(): string | null;
}

const READ_MAX_MS = 400;
const WATCH_AGAIN_MS = 100;

export function startStoreViews(options: StoreViewsOptions): StoreViews {
  const { stores, members, everyMs, clock, log, onView, floor } = options;
  const over = new AbortController();
  const { signal } = over;
  let readAtMs: number | null = null;
  let complaint: string | null = null;
  let changed = Promise.withResolvers<void>();

  function understood(read: Outcome<StoreView>, floorAsked: number): void {
    if (read.kind !== "done") {
      complaint = read.failure.what;
      return;
    }
    try {
      onView(recoveryView(read.value), floorAsked);
      readAtMs = clock.nowMs();
      complaint = null;
    } catch (cause) {
      if (!(cause instanceof RangeError || cause instanceof SyntaxError)) throw cause;
      if (complaint !== cause.message) log.error(cause.message);
      complaint = cause.message;
    }
  }

  async function reading(): Promise<void> {
    while (!signal.aborted) {
      const { promise } = changed;
      const floorAsked = floor();
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(READ_MAX_MS)]);
      understood(await stores.read(bounded), floorAsked);
      if (signal.aborted) return;
      await Promise.race([clock.sleep(everyMs, signal), promise]);
    }
  }

  async function watching(): Promise<void> {
    for (let member = 0; !signal.aborted; member += 1) {
      for await (const item of stores.watch(member % members, floor(), signal))
        if (item.kind === "changes") {
          changed.resolve();
          changed = Promise.withResolvers<void>();
        }
      await clock.sleep(WATCH_AGAIN_MS, signal);
    }
  }

  const both = Promise.all([reading(), watching()]);
  return {
    readAtMs: () => readAtMs,
    complaint: () => complaint,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await both;
    },
  };
}
