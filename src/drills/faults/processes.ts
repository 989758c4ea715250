import type { Fault } from "../fault.ts";

/** Process names as the keeper finds them: the program's name, or the outlast verb. */
export const MEMBER_PROCESS = { etcd: "etcd", postgresql: "postgres", mariadb: "mariadbd" } as const;

export const killMember: Fault = {
  kind: "kill-member",
  summary: "the engine's process in a site is killed; its agent starts it again at once",
  changes: ({ site }, { plan }) => [
    { kind: "kill-process", place: site, process: MEMBER_PROCESS[plan.workload.engine] },
  ],
  effect: "leader-gone",
  lasting: false,
};

export const freezeMember: Fault = {
  kind: "freeze-member",
  summary: "the engine's process in a site stands still while its agent lives",
  changes: ({ site }, { plan }) => [
    { kind: "freeze-process", place: site, process: MEMBER_PROCESS[plan.workload.engine] },
  ],
  effect: "site-unable",
  lasting: true,
};

export const killAgent: Fault = {
  kind: "kill-agent",
  summary: "a site's agent is killed; its service manager starts it again",
  changes: ({ site }) => [{ kind: "kill-process", place: site, process: "agent" }],
  effect: "degraded",
  lasting: false,
};

export const freezeAgent: Fault = {
  kind: "freeze-agent",
  summary: "a site's agent stands still",
  changes: ({ site }) => [{ kind: "freeze-process", place: site, process: "agent" }],
  effect: "degraded",
  lasting: true,
};
