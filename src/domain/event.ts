// The closed union of events. Each component writes its own as JSON lines to its log; `evidence/` merges the logs by
// monotonic time. There is no other channel.

export interface EventStamp {
  /** CLOCK_MONOTONIC in nanoseconds, decimal: beyond 2^53 after 104 days of uptime. */
  readonly at: string;
  /** RFC 3339 wall clock, for people. */
  readonly wall: string;
  /** agent, balancer, ledger, load, relay, keeper, drill */
  readonly component: string;
  /** Site, "gateway/REGION", or "lab". */
  readonly place: string;
}

export type EventBody =
  | { readonly event: "started"; readonly pid: number; readonly version: string }
  | { readonly event: "stopping"; readonly because: string }
  | { readonly event: "log"; readonly level: "info" | "warning" | "error"; readonly message: string }
  // agent
  | {
      readonly event: "member-started";
      readonly member: string;
      readonly pid: number;
      readonly attached: boolean;
    }
  | {
      readonly event: "member-exited";
      readonly member: string;
      readonly code: number | null;
      readonly signal: string | null;
    }
  | { readonly event: "member-ready"; readonly member: string; readonly role: string; readonly term: number }
  | {
      readonly event: "term-changed";
      readonly member: string;
      readonly term: number;
      readonly leader: string | null;
    }
  /** One step of a recovery at this site's member: sealed, promoted, following, rewound, copied, founded. */
  | {
      readonly event: "member-moved";
      readonly member: string;
      readonly action: string;
      readonly what: string;
      readonly tookMs: number;
    }
  | {
      readonly event: "epoch-changed";
      readonly epoch: number;
      readonly phase: "sealing" | "named" | "opened";
      readonly coordinator: string;
      readonly primary: string | null;
    }
  | {
      readonly event: "workflow-step";
      readonly workflow: string;
      readonly step: string;
      readonly what: string;
    }
  | { readonly event: "fence-opened"; readonly epoch: number }
  | { readonly event: "fence-closed"; readonly epoch: number }
  /** The round trip to another site, when it begins or ceases to be as the plan says (agent/link-findings.ts). */
  | {
      readonly event: "link-measured";
      readonly to: string;
      readonly plannedMs: number;
      readonly measuredMs: number;
      readonly deviates: boolean;
    }
  /** Of the primary's site: which others have on disk what it had a moment ago. */
  | {
      readonly event: "replicas-changed";
      readonly primary: string;
      readonly epoch: number;
      readonly keepingUp: readonly string[];
      readonly behind: readonly string[];
    }
  | { readonly event: "member-replaced"; readonly member: string; readonly because: string }
  | { readonly event: "frontend-started"; readonly pid: number }
  | { readonly event: "frontend-exited"; readonly code: number | null; readonly signal: string | null }
  // ledger
  | {
      readonly event: "able-changed";
      readonly able: boolean;
      readonly because: string;
      readonly term: number | null;
    }
  // balancer
  | {
      readonly event: "site-health-changed";
      readonly site: string;
      readonly reachable: boolean;
      readonly able: boolean;
      readonly because: string;
    }
  | {
      readonly event: "route-changed";
      readonly serial: number;
      readonly epoch: number | null;
      readonly held: boolean;
      readonly groups: readonly {
        readonly region: string;
        readonly sites: readonly string[];
        readonly because: string;
      }[];
    }
  | {
      readonly event: "route-applied";
      readonly plane: string;
      readonly serial: number;
      readonly tookMs: number;
    }
  | {
      readonly event: "connections-reset";
      readonly site: string;
      readonly count: number;
      readonly tookMs: number;
    }
  | { readonly event: "plane-repaired"; readonly plane: string; readonly because: string }
  // keeper and drill
  | {
      readonly event: "fault-applied";
      readonly fault: string;
      readonly target: string;
      readonly detail: Readonly<Record<string, unknown>>;
    }
  | {
      readonly event: "fault-healed";
      readonly fault: string;
      readonly target: string;
      readonly because: string;
    }
  | { readonly event: "process-started"; readonly process: string; readonly pid: number }
  | {
      readonly event: "process-exited";
      readonly process: string;
      readonly code: number | null;
      readonly signal: string | null;
    }
  // load
  | {
      readonly event: "first-success";
      readonly region: string;
      readonly profile: string;
      readonly afterFailures: number;
    }
  | {
      /** Operations that completed in the last `windowMs`; latency counts from when they were scheduled. */
      readonly event: "load-progress";
      readonly region: string;
      readonly windowMs: number;
      readonly profiles: readonly {
        readonly profile: string;
        readonly ok: number;
        readonly fail: number;
        readonly unknown: number;
        /** null: nothing succeeded in the window. */
        readonly p50Ms: number | null;
        readonly p99Ms: number | null;
      }[];
    };

export type OutlastEvent = EventStamp & EventBody;
