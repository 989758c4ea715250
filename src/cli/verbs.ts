// The table of verbs. A verb's module is imported only when the verb is asked for.
import type { Command } from "commander";

export interface Verb {
  readonly summary: string;
  /** Long-lived processes that others start: not in the first help. */
  readonly hidden?: boolean;
  readonly load: () => Promise<{ build(): Command }>;
}

export const VERBS: Readonly<Record<string, Verb>> = {
  demo: {
    summary: "lose a site under live clients, in one minute, on this machine",
    load: () => import("./commands/demo.ts"),
  },
  check: {
    summary: "is the plan right? with --preflight: can this machine run a lab?",
    load: () => import("./commands/check.ts"),
  },
  drill: {
    summary: "lose something for real, under live clients, and measure what they saw",
    load: () => import("./commands/drill.ts"),
  },
  agent: { summary: "look after one site", hidden: true, load: () => import("./commands/agent.ts") },
  ledger: {
    summary: "front-end of one site",
    hidden: true,
    load: () => import("./commands/ledger.ts"),
  },
  balancer: {
    summary: "steer clients: name server of a site, or gateway of a client region",
    hidden: true,
    load: () => import("./commands/balancer.ts"),
  },
  load: {
    summary: "open-loop clients of one region",
    hidden: true,
    load: () => import("./commands/load.ts"),
  },
  disks: {
    summary: "disks of a lab that can lose power",
    hidden: true,
    load: () => import("./commands/disks.ts"),
  },
  keeper: { summary: "first process of a lab", hidden: true, load: () => import("./commands/keeper.ts") },
  lab: {
    summary: "sites emulated on this machine, with a real network between them",
    load: () => import("./commands/lab.ts"),
  },
  route: {
    summary: "which sites a balancer sends each client region to, and why",
    load: () => import("./commands/route.ts"),
  },
  status: {
    summary: "is the workload as its plan promises? roles, lag, failures survived",
    load: () => import("./commands/status.ts"),
  },
  sabotage: {
    summary: "positive control of a drill",
    hidden: true,
    load: () => import("./commands/sabotage.ts"),
  },
  relay: { summary: "emulated links of a lab", hidden: true, load: () => import("./commands/relay.ts") },
  switchover: {
    summary: "move the primary to another site, without loss",
    load: () => import("./commands/switchover.ts"),
  },
  failover: {
    summary: "take over from a primary that is lost",
    load: () => import("./commands/failover.ts"),
  },
  fence: { summary: "keep clients away from a site", load: () => import("./commands/fence.ts") },
  unfence: { summary: "let a fenced site take part again", load: () => import("./commands/unfence.ts") },
  pause: { summary: "no takeover begins by itself any more", load: () => import("./commands/pause.ts") },
  resume: { summary: "takeovers begin by themselves again", load: () => import("./commands/resume.ts") },
  judge: { summary: "Judge a recorded history", load: () => import("./commands/judge.ts") },
  convert: {
    summary: "a history from one format to another: ours, Jepsen's history.edn",
    load: () => import("./commands/convert.ts"),
  },
};
