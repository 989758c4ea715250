// A history: what clients did and what they were told, as they saw it. The file format is docs/formats.md.
// Times are integer nanoseconds since the header's origin, on one monotonic clock.

export type Outcome3 = "ok" | "fail" | "unknown";

export type OperationKind =
  | "read"
  | "write"
  | "cas"
  | "append"
  | "add"
  | "contains"
  | "transfer"
  | "balances"
  | "txn"
  | "produce"
  | "consume"
  | "enqueue"
  | "dequeue"
  | "acquire"
  | "release";

export interface Operation {
  /** One operation open at a time; retired after `unknown`. */
  readonly process: number;
  /** Survives a process that was retired. */
  readonly session?: number;
  readonly site?: string;
  readonly region?: string;
  /** Client profile: kernel, dns, pinned, direct … */
  readonly profile?: string;
  readonly op: OperationKind;
  readonly key?: string;
  readonly input?: unknown;
  /** When it should have been sent; latency and outages count from here. */
  readonly scheduled?: number;
  readonly invoked: number;
  readonly outcome: Outcome3;
  readonly output?: unknown;
  /** Present unless the outcome is unknown. */
  readonly completed?: number;
  /** The engine's term or epoch that the answer carried. */
  readonly epoch?: number;
  /** Read-back: the replica (site) that was asked by name. */
  readonly from?: string;
  /** Why it failed or is unknown: a stable code. */
  readonly error?: string;
}

export interface Mark {
  readonly mark: "fault" | "heal" | "event";
  readonly at: number;
  readonly name: string;
  readonly site?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface HistoryHeader {
  readonly history: "outlast/v1";
  /** RFC 3339, wall clock at time 0. */
  readonly origin: string;
  readonly uncertaintyNs: number;
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface History {
  readonly header: HistoryHeader;
  readonly operations: readonly Operation[];
  readonly marks: readonly Mark[];
}
