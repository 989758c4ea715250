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
  /** Where it listens itself when a fence stands at `address`. */
  readonly listenAddress?: string;
  /** At which members reach each other at their `address`, when that is a door of its own. */
  readonly replicationPort?: number;
  /** An open file that holds a lock: programs that change the data inherit it, so that it outlives who started them. */
  readonly lock?: number;
  /** Positive control only: acknowledges writes that are not on disk, so that a power loss must be noticed. */
  readonly unsafeNoFsync?: boolean;
}

/** How a process is to be started: data, so that it can be compared in tests and run by anyone. */
export interface Launch {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stopGraceMs: number;
  /** What asks it to end in order; without it SIGTERM. */
  readonly stopSignal?: "SIGINT";
}

export interface Observation {
  readonly role: "leader" | "follower" | "learner";
  readonly term: number;
  /** Applied position: raft index, or bytes of the log. */
  readonly position: number;
  /** Member name; null: no leader known. */
  readonly leader: string | null;
  /**
   * Consensus: a majority is known to be in contact (a leader is known and the engine says it is healthy). Replication from
   * a primary: the primary has as many of its named standbys in contact as a commit waits for; a standby streams.
   */
  readonly quorum: boolean;
  /** Active alarms, for example NOSPACE; any of them means: can't commit, or not as safely as it looks. */
  readonly alarms: readonly string[];
  /** Present where one primary replicates its log to standbys. */
  readonly replication?: ReplicationView;
}

/** Whose acknowledgement a commit waits for: `count` of `members`, any of them; 0 and none: nobody's (asynchronous). */
export interface Acknowledgement {
  readonly count: number;
  readonly members: readonly string[];
}

/** All positions are bytes of the log since its beginning; they compare within a timeline only. */
export interface ReplicationView {
  /** The data's identity: members with different ones have nothing to do with each other. Text: 64 bits. */
  readonly system: string;
  readonly timeline: number;
  /** Where this timeline comes from, the oldest first: a position counts on an ancestor only up to `until`. */
  readonly ancestors: readonly { readonly timeline: number; readonly until: number }[];
  /**
   * Primaryships that this log contains, the oldest first, where each began, and on which timeline it is served: written
   * into the log by `record-epoch`. A primary whose timeline serves none refuses its clients; the newest is the term.
   */
  readonly epochs: readonly {
    readonly epoch: number;
    readonly timeline: number;
    readonly begins: number;
    readonly serves: number;
  }[];
  readonly inRecovery: boolean;
  /** A standby that has log on its disk which it has not replayed yet: what it says of its log is not the whole. */
  readonly replaying: boolean;
  /** On this disk. A standby: received or replayed, the greater (the first is forgotten by a restart). */
  readonly flushed: number;
  /** Visible to readers here. */
  readonly replayed: number;
  /** The address that it streams from; null: it does not stream. */
  readonly source: string | null;
  /** As a new connection finds it configured; null: set by somebody else in words that are not ours. */
  readonly acknowledgement: Acknowledgement | null;
  /** Who streams from here. */
  readonly standbys: readonly {
    readonly name: string;
    readonly state: "startup" | "catchup" | "streaming" | "backup" | "stopping";
    /** Counts for the acknowledgement. */
    readonly synchronous: boolean;
    readonly flushed: number;
    readonly replayed: number;
    /** Between a write here and its being on that disk, as last measured by the engine; null: nothing to measure. */
    readonly lagMs?: number | null;
  }[];
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
  /**
   * Present where one primary replicates its log to standbys: only the primary commits, and nothing promotes itself. A
   * member that is started is a standby, whatever it was before; only `promote` makes a primary.
   */
  readonly replication?: {
    /** As `attach`, and acts: one set of connections for both, so that nothing has to be dialled when it matters. */
    attach(place: ReplicatedPlace): ReplicatedMember;
  };
}

export interface ReplicatedPlace {
  readonly installed: Installation;
  readonly member: MemberSpec;
  readonly plan: Plan;
}

export interface ReplicatedMember extends Member, AsyncDisposable {
  /** Asked again for what is so already it changes nothing. Refuses (definite) rather than waits for a precondition. */
  perform(action: ReplicationAction, signal: AbortSignal): Promise<Outcome<Proof>>;
}

type Place = Pick<MemberSpec, "name" | "address">;

/** "stopped" and "running" say what state the member has to be in. */
export type ReplicationAction =
  /** Stopped, no data: the first data of a new cluster. */
  | { readonly kind: "found" }
  /** Running standby → primary. Its acknowledgement is set before, so that no commit is ever unprotected. */
  | { readonly kind: "promote"; readonly acknowledgement: Acknowledgement }
  /** Running standby, or stopped: streams from the source from now on; null: from nobody (a sealed standby). */
  | { readonly kind: "follow"; readonly source: Place | null }
  /** Running primary: whose acknowledgement commits wait for. */
  | { readonly kind: "acknowledge"; readonly acknowledgement: Acknowledgement }
  /** Running primary: its log says that this epoch begins where its timeline began, and answers carry it. Waits for no standby. */
  | { readonly kind: "record-epoch"; readonly epoch: number }
  /** Running primary: all up to here is on every standby, so it needs no extraction when this primary is lost. */
  | { readonly kind: "mark" }
  /** Running primary: a small commit of its own, proof of life; `here` waits for no standby. */
  | { readonly kind: "commit"; readonly acknowledged: "here" | "as configured" }
  /** Running primary: what it has in memory is written out, so that its end is quick. */
  | { readonly kind: "checkpoint" }
  /** Running: ends in order, its log written out. */
  | { readonly kind: "stop" }
  /** Stopped: its data is replaced by a whole copy of the source's. */
  | { readonly kind: "reseed"; readonly source: Place }
  /** Stopped: goes back to where its history left the source's. What only it has is first written to `divergentFile`. */
  | { readonly kind: "rewind"; readonly source: Place; readonly divergentFile: string };

/** What shows that an action has taken effect. */
export interface Proof {
  readonly what: string;
  readonly timeline: number;
  /** Bytes of the log. */
  readonly position: number;
  /** rewind: transactions that were extracted; null: maybe not all of them, `what` says why. */
  readonly divergent?: number | null;
}

export interface Answer<T> {
  readonly value: T;
  /** The engine's term, or the epoch of the primaryship, under which it answered. */
  readonly term: number;
  /** Applied position of the answering member: raft index or revision. */
  readonly position: number;
}

/** What a member is where only a primary commits. */
export interface MemberRole {
  readonly primary: boolean;
  /** The address that a standby streams from; null: it does not stream. */
  readonly source: string | null;
  readonly term: number;
}

/** `linearizable`: through the quorum; `replica`: what this one member has, possibly old. */
export type ReadMode = "linearizable" | "replica";

/** Keys and values are strings. A write that got no answer is `unknown`; `failed` is always definite. Waits end with the signal. */
export interface EngineClient extends AsyncDisposable {
  /** Present where only a primary commits; asked of the member itself, which may not know yet that it was replaced. */
  readonly role?: (signal: AbortSignal) => Promise<Outcome<MemberRole>>;
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
