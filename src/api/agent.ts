// The agent's HTTP API: schemas and the table of routes, shared by the agent and everyone who asks it.
import { z } from "zod";

export const DATA_STATES = ["empty", "founding", "present"] as const;

const observation = z.object({
  role: z.enum(["leader", "follower", "learner"]),
  term: z.int().nonnegative(),
  /** Applied position: raft index. */
  position: z.int().nonnegative(),
  leader: z.string().nullable(),
  quorum: z.boolean(),
  alarms: z.array(z.string()),
});

/** Times are CLOCK_MONOTONIC in ms: comparable between processes of one machine only. */
const reading = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("known"), value: observation, atMs: z.number() }),
  z.object({ kind: z.literal("unknown"), reason: z.string(), sinceMs: z.number() }),
]);

export const siteReport = z.object({
  site: z.string(),
  ableToCommit: z.boolean(),
  because: z.string(),
  epoch: z.int().nullable(),
});

export const workflowAnswer = z.object({
  id: z.string(),
  kind: z.string(),
  step: z.string().nullable(),
  proofs: z.array(z.object({ what: z.string(), by: z.string() })),
  ended: z.enum(["done", "cancelled", "refused"]).nullable(),
  endedBecause: z.string().nullable(),
});
export type WorkflowAnswer = z.infer<typeof workflowAnswer>;

export const agentStatus = z.object({
  site: z.string(),
  /** For how long each fact has been as it is now, as far as this agent's life has seen (src/agent/fact-ages.ts). */
  heldForMs: z.record(z.string(), z.number()).optional(),
  engine: z.object({ kind: z.string(), version: z.string(), source: z.string() }),
  member: z.object({
    state: z.enum(["waiting", "replacing", "running", "stopped"]),
    because: z.string(),
    pid: z.int().nullable(),
    /** Runs since an earlier life of this agent. */
    attached: z.boolean(),
    /** founding: its first start together with all others, no majority seen yet. */
    data: z.enum(DATA_STATES),
    observed: reading,
  }),
  /** Where one primary commits and a recovery chooses it. */
  recovery: z
    .object({
      /** As the store says, of the workload; null: the store has not answered, or nobody has served yet. */
      primaryship: z
        .object({
          epoch: z.int(),
          phase: z.enum(["sealing", "named", "opened"]),
          coordinator: z.string(),
          primary: z.string().nullable(),
          holder: z.string().nullable(),
          standbys: z.array(z.string()),
          acknowledgements: z.int(),
          paused: z.boolean(),
        })
        .nullable(),
      /** Of the lease as this agent saw it change; null: it never did. */
      leaseAgeMs: z.number().nullable(),
      /** How long a lease lasts after its renewal was sent: an older one protects nobody. */
      leaseLifeMs: z.number().optional(),
      /** The epoch that this site's fence is open for; null: closed. */
      fenceOpenFor: z.int().nullable(),
      fenceLeavesOpen: z.array(z.string()),
      role: z.enum(["primary", "standby", "down"]),
      sealedEpoch: z.int(),
      /** The last epoch that its log contains; null: not known. */
      logEpoch: z.int().nullable(),
      /** Bytes of the log on this disk. */
      position: z.number().nullable(),
      /** Of a primary: who streams, and how far behind on disk. */
      standbys: z.array(z.object({ site: z.string(), state: z.string(), lagBytes: z.number() })),
      /** Of a primary: every standby that was ever seen to stream from it, also one that is gone. */
      lags: z
        .array(
          z.object({
            site: z.string(),
            lagBytes: z.number(),
            /** At most so old is the oldest write that it lacks; null: not known. */
            lagMs: z.number().nullable(),
            /** Since it last had everything; null: it never was seen to. */
            caughtUpAgeMs: z.number().nullable(),
          }),
        )
        .optional(),
      /** null: none runs, or none has ended as far as this agent knows. */
      workflows: z.object({ running: workflowAnswer.nullable(), last: workflowAnswer.nullable() }).optional(),
      doing: z.string().nullable(),
      complaint: z.string().nullable(),
      /** Why nothing is decided here any more; null: decisions are made. */
      distrust: z.string().nullable(),
      store: z.object({
        data: z.enum(DATA_STATES),
        because: z.string(),
        /** Its member of this site is in contact with a majority; null: it does not answer. */
        inContact: z.boolean().nullable().optional(),
        readAgeMs: z.number().nullable(),
        complaint: z.string().nullable(),
      }),
    })
    .optional(),
  frontend: z.object({ pid: z.int().nullable(), report: siteReport.nullable() }),
});
export type AgentStatus = z.infer<typeof agentStatus>;

export const WORKFLOWS = ["failover", "switchover", "fence", "unfence", "pause", "resume"] as const;

/** `site`: whom it is about; without it the one that serves. `reason`: of a person who accepts a loss, or for the record. */
export const workflowAsked = z.object({
  kind: z.enum(WORKFLOWS),
  site: z.string().optional(),
  to: z.string().optional(),
  by: z.string().min(1),
  reason: z.string().min(1).optional(),
});
export type WorkflowAsked = z.infer<typeof workflowAsked>;

const refusal = z.object({ error: z.string() });

export const peerReturned = z.object({ site: z.string() });

export interface AgentRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly summary: string;
  /** The body of each status. */
  readonly responses: Readonly<Record<number, z.ZodType>>;
}

export const AGENT_ROUTES = {
  status: {
    method: "GET",
    path: "/v1/status",
    summary: "What this agent sees of its member and its front-end",
    responses: { 200: agentStatus },
  },
  ready: {
    method: "GET",
    path: "/health/ready",
    summary: "Can this site commit? 503 when it can't, with the reason",
    responses: { 200: siteReport, 503: siteReport },
  },
  returned: {
    method: "POST",
    path: "/v1/peers/returned",
    summary:
      "A peer's site starts anew: end the connections with its earlier life. Only from that site's own address",
    responses: { 200: z.object({ ended: z.int() }), 403: z.object({ error: z.string() }) },
  },
  ask: {
    method: "POST",
    path: "/v1/workflows",
    summary: "Begin a workflow, or join the same one that runs. With the agent's token",
    responses: { 202: workflowAnswer, 400: refusal, 401: refusal, 409: refusal },
  },
  workflow: {
    method: "GET",
    path: "/v1/workflows/:id",
    summary: "How far a workflow is",
    responses: { 200: workflowAnswer, 404: refusal },
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    summary: "As /health/ready",
    responses: { 200: siteReport, 503: siteReport },
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "The same in Prometheus' text format",
    responses: { 200: z.string() },
  },
  live: {
    method: "GET",
    path: "/livez",
    summary: "This agent's process answers",
    responses: { 200: z.object({ site: z.string() }) },
  },
} as const satisfies Record<string, AgentRoute>;
