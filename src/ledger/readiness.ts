// Can this site commit? A pure fold over what writes of this front-end came back with (docs/ledger.md, Readiness).
//
//   sent ─► open ─► acknowledged      evidence for "able", good until it expires
//                ├► refused           certainly not done: by a probe it means "unable", by a client it asks for a probe
//                ├► silent            the wait was given up after the patience: "unable" until the next acknowledgement
//                └► abandoned         its client went away earlier: says nothing
//
// Only acknowledged writes count: a read, or a compare that failed, can be answered by a member that can't commit.
import type { Plan } from "../domain/plan.ts";

export type Asker = "client" | "probe";

export interface ReadinessTiming {
  /** Without an acknowledged write for this long a probe is written. */
  readonly intervalMs: number;
  /** A write unanswered for this long, with none acknowledged meanwhile: unable. */
  readonly patienceMs: number;
  /** From the sending of the last acknowledged write until it proves nothing any more. */
  readonly expiryMs: number;
  /** Least time between two probes. */
  readonly probeGapMs: number;
}

/** A commit at a follower takes two round trips (to the leader, to a majority); one more and the disks are slack. */
const DISK_SLACK_MS = 100;

export function readinessTiming(plan: Plan): ReadinessTiming {
  const { intervalMs, timeoutMs } = plan.balancer.timing;
  const roundTripMs = Math.max(0, ...plan.links.map((link) => link.roundTripMs + 2 * link.jitterMs));
  const patienceMs = Math.max(timeoutMs, 3 * roundTripMs + DISK_SLACK_MS);
  return {
    intervalMs,
    patienceMs,
    // The probe after the last evidence has its full patience before the evidence is gone.
    expiryMs: 2 * intervalMs + patienceMs,
    probeGapMs: Math.max(50, intervalMs / 4),
  };
}

export interface Readiness {
  /** Writes without an answer that no later write has outlived: id → when sent. */
  readonly open: ReadonlyMap<number, number>;
  /** Since when at least one write has been open at every moment and none was acknowledged. */
  readonly askedSinceMs: number | null;
  /** A wait was given up after the full patience, and nothing was acknowledged since. */
  readonly silent: boolean;
  readonly acknowledged: {
    readonly sentMs: number;
    readonly answeredMs: number;
    readonly term: number;
    readonly by: Asker;
  } | null;
  /** The last definite refusal since the last acknowledgement. */
  readonly refused: { readonly by: Asker; readonly code: string; readonly what: string } | null;
}

export const nothingKnown: Readiness = {
  open: new Map(),
  askedSinceMs: null,
  silent: false,
  acknowledged: null,
  refused: null,
};

export type WriteNews =
  | { readonly kind: "sent"; readonly id: number; readonly atMs: number }
  | {
      readonly kind: "acknowledged";
      readonly id: number;
      readonly atMs: number;
      readonly sentMs: number;
      readonly term: number;
      readonly by: Asker;
    }
  | {
      readonly kind: "refused";
      readonly id: number;
      readonly atMs: number;
      readonly by: Asker;
      readonly code: string;
      readonly what: string;
    }
  | { readonly kind: "silent"; readonly id: number; readonly atMs: number }
  | { readonly kind: "abandoned"; readonly id: number; readonly atMs: number };

function without(state: Readiness, id: number, atMs: number, timing: ReadinessTiming): Readiness {
  if (!state.open.has(id)) return state;
  const open = new Map(state.open);
  open.delete(id);
  if (open.size > 0) return { ...state, open };
  return { ...state, open, askedSinceMs: null, silent: isSilent(state, atMs, timing) };
}

const isSilent = (state: Readiness, nowMs: number, timing: ReadinessTiming): boolean =>
  state.silent || (state.askedSinceMs !== null && nowMs - state.askedSinceMs >= timing.patienceMs);

/** Nothing but an acknowledgement turns unable into able. */
export function learn(state: Readiness, news: WriteNews, timing: ReadinessTiming): Readiness {
  switch (news.kind) {
    case "sent":
      return {
        ...state,
        open: new Map(state.open).set(news.id, news.atMs),
        askedSinceMs: state.askedSinceMs ?? news.atMs,
      };
    case "acknowledged": {
      // A write that was sent earlier and still hangs (caught by a leader's death) says nothing of the present.
      const open = new Map([...state.open].filter(([id, sentMs]) => id !== news.id && sentMs > news.sentMs));
      const older = state.acknowledged !== null && state.acknowledged.sentMs > news.sentMs;
      return {
        open,
        askedSinceMs: open.size === 0 ? null : news.atMs,
        silent: false,
        acknowledged: older
          ? state.acknowledged
          : { sentMs: news.sentMs, answeredMs: news.atMs, term: news.term, by: news.by },
        refused: null,
      };
    }
    case "refused": {
      const rest = without(state, news.id, news.atMs, timing);
      // A client's refusal never covers a probe's.
      if (rest.refused?.by === "probe" && news.by === "client") return rest;
      return { ...rest, refused: { by: news.by, code: news.code, what: news.what } };
    }
    case "silent":
      // One that a later acknowledged write has outlived is no longer open: no evidence.
      return state.open.has(news.id)
        ? { ...without(state, news.id, news.atMs, timing), silent: true }
        : state;
    case "abandoned":
      return without(state, news.id, news.atMs, timing);
    default:
      return news satisfies never;
  }
}

/** Code of a probe's refusal by a member that is healthy and no primary: its words say all. */
export const STANDBY = "STANDBY";

export interface Ability {
  readonly able: boolean;
  readonly because: string;
  /** The term of the last acknowledged write; null: none yet. */
  readonly term: number | null;
  /** Since the last acknowledged write was sent; null: none yet. */
  readonly evidenceAgeMs: number | null;
}

export function decide(state: Readiness, nowMs: number, timing: ReadinessTiming): Ability {
  const { acknowledged, refused } = state;
  const term = acknowledged?.term ?? null;
  const evidenceAgeMs = acknowledged === null ? null : nowMs - acknowledged.sentMs;
  const unable = (because: string): Ability => ({ able: false, because, term, evidenceAgeMs });
  if (refused?.code === STANDBY) return unable(refused.what);
  if (refused?.by === "probe")
    return unable(`the member refused a probe write: ${refused.code} ${refused.what}`);
  if (acknowledged === null) return unable("no write acknowledged since this front-end started");
  if (isSilent(state, nowMs, timing))
    return unable(`no write acknowledged within ${Math.round(timing.patienceMs)} ms`);
  if (nowMs - acknowledged.sentMs > timing.expiryMs)
    return unable(`the last acknowledged write was sent over ${Math.round(timing.expiryMs)} ms ago`);
  return { able: true, because: `a ${acknowledged.by}'s write was acknowledged`, term, evidenceAgeMs };
}

/** Whether to write a probe now. The caller keeps to one in flight. */
export function probeDue(
  state: Readiness,
  nowMs: number,
  lastProbeSentMs: number | null,
  timing: ReadinessTiming,
): boolean {
  if (lastProbeSentMs !== null && nowMs - lastProbeSentMs < timing.probeGapMs) return false;
  if (state.acknowledged === null || state.refused !== null || state.silent) return true;
  return nowMs - state.acknowledged.answeredMs >= timing.intervalMs;
}
