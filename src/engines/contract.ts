// What Outlast needs of an engine. One folder per driver; one conformance suite for all (test/engines).
// A contract gains a part only together with a driver and a conformance test that use it.
import type { EngineKind, Plan } from "../domain/plan.ts";
import type { Outcome, Reading } from "../domain/outcome.ts";

export interface Installation {
  readonly engine: EngineKind;
  readonly version: string;
  /** Absolute paths of its programs, by name: { etcd: "/…/etcd" }. */
  readonly programs: Readonly<Record<string, string>>;
  /** cache, path, release, go-module, debian … and what a reader must know of it (for example "3.4, pre-vote on"). */
  readonly source: string;
}

export interface MemberSpec {
  /** The site's name: one member a site. */
  readonly name: string;
  readonly address: string;
  readonly dataFolder: string;
  /** All members, this one included. */
  readonly members: readonly { readonly name: string; readonly address: string }[];
  /** "new": a first start of the whole cluster; "existing": joins one that is running (after membership.replace). */
  readonly cluster: "new" | "existing";
  /** Positive control only: acknowledges writes that are not on disk, so that a power loss must be noticed. */
  readonly unsafeNoFsync?: boolean;
}

/** How a process is to be started: data, so that it can be compared in tests and run by anyone. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stopGraceMs: number;
}

export interface Observation {
  readonly role: "leader" | "follower" | "learner";
  readonly term: number;
  /** Applied position: raft index. */
  readonly position: number;
  /** Member name; null: no leader known. */
  readonly leader: string | null;
  /** A majority is known to be in contact (a leader is known and the engine says it is healthy). */
  readonly quorum: boolean;
  /** Active alarms, for example NOSPACE; any of them means: can't commit. */
  readonly alarms: readonly string[];
}

export interface Member {
  observe(signal: AbortSignal): Promise<Reading<Observation>>;
}

/**
 * What a majority knows of a member: it has no such member; it was added and waits for its first start; the cluster was
 * founded with it and it has not started yet; it has started, so it must have data.
 */
export type Standing = "absent" | "added" | "founder" | "started";

export interface Engine {
  readonly kind: EngineKind;
  provision(version: string | null, signal: AbortSignal): Promise<Outcome<Installation>>;
  /** Pure: command line, files and ports from the plan. */
  launch(installed: Installation, member: MemberSpec, plan: Plan): Launch;
  /** Whether a member has ever started from this folder. */
  hasData(dataFolder: string): Promise<boolean>;
  /** Looks at a running member, ours or somebody else's. */
  attach(member: MemberSpec): Member & AsyncDisposable;
  /** A client bound to one member: calls go to it and to no other, and no call is ever sent twice. */
  client(member: Pick<MemberSpec, "name" | "address">): EngineClient;
  readonly membership?: {
    /** Asked through the other members, and only a majority can answer. */
    standing(member: MemberSpec, signal: AbortSignal): Promise<Reading<Standing>>;
    /** Removes the lost member and adds it again, empty, through the living ones; then start it with cluster "existing". Asked again it does nothing. */
    replace(lost: MemberSpec, signal: AbortSignal): Promise<Outcome>;
  };
}

export interface Answer<T> {
  readonly value: T;
  /** The engine's term under which it answered. */
  readonly term: number;
  /** Applied position of the answering member: raft index or revision. */
  readonly position: number;
}

/** `linearizable`: through the quorum; `replica`: what this one member has, possibly old. */
export type ReadMode = "linearizable" | "replica";

/** Keys and values are strings. A write that got no answer is `unknown`; `failed` is always definite. Waits end with the signal. */
export interface EngineClient extends AsyncDisposable {
  read(key: string, mode: ReadMode, signal: AbortSignal): Promise<Outcome<Answer<string | null>>>;
  write(key: string, value: string, signal: AbortSignal): Promise<Outcome<Answer<null>>>;
  /** All compared (null: absent) and all written in one transaction, or nothing; value: whether it was written. */
  compareAndSet(
    changes: readonly { readonly key: string; readonly from: string | null; readonly to: string }[],
    signal: AbortSignal,
  ): Promise<Outcome<Answer<boolean>>>;
  /** Keys with the prefix, in order of creation, after `after` (a position of the last page's `next`). */
  list(
    prefix: string,
    options: { readonly mode: ReadMode; readonly limit: number; readonly after: string | null },
    signal: AbortSignal,
  ): Promise<
    Outcome<
      Answer<{
        readonly entries: readonly { readonly key: string; readonly value: string }[];
        readonly next: string | null;
      }>
    >
  >;
}
