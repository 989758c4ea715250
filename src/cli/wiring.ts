// The table of drivers, each imported only when it is used.
import { OutlastError } from "../domain/outcome.ts";
import type { EngineKind } from "../domain/plan.ts";
import type { Engine, EngineClient, MemberSpec } from "../engines/contract.ts";
import type { EngineTimings } from "../drills/predict.ts";
import { LEASE_TIMINGS } from "../recovery/lease-timings.ts";
import { FENCED_ENGINE_ADDRESS, type Plan } from "../domain/plan.ts";

export interface WiringOptions {
  readonly cacheFolder: string;
  /** One line of news while something is fetched or built. */
  readonly progress: (line: string) => void;
}

const ENGINES: Readonly<Record<EngineKind, (options: WiringOptions) => Promise<Engine>>> = {
  etcd: async (options) => (await import("../engines/etcd/engine.ts")).etcdEngine(options),
  postgresql: async (options) => (await import("../engines/postgresql/engine.ts")).postgresqlEngine(options),
  mariadb: async (options) => (await import("../engines/mariadb/engine.ts")).mariadbEngine(options),
};

/** `here`: of the site that asks; its own member is read without its fence. */
export type MakeClient = (member: Pick<MemberSpec, "name" | "address">, here?: boolean) => EngineClient;

const CLIENTS: Readonly<Record<EngineKind, () => Promise<MakeClient>>> = {
  etcd: async () => {
    const { etcdEngineClient } = await import("../engines/etcd/client.ts");
    return (member) => etcdEngineClient(member);
  },
  postgresql: async () => {
    const { postgresqlEngineClient } = await import("../engines/postgresql/client.ts");
    return (member, here = false) =>
      postgresqlEngineClient(member, here ? { readsAt: FENCED_ENGINE_ADDRESS } : {});
  },
  mariadb: async () => {
    const { mariadbEngineClient } = await import("../engines/mariadb/client.ts");
    return (member) => mariadbEngineClient(member);
  },
};

const TIMINGS: Readonly<Record<EngineKind, (plan: Plan) => Promise<EngineTimings>>> = {
  etcd: async (plan) => ({
    kind: "election",
    ...(await import("../engines/etcd/timings.ts")).etcdTimings(plan),
  }),
  postgresql: async (plan) => ({ kind: "takeover", lease: takesOverByItself(plan) ? LEASE_TIMINGS : null }),
  mariadb: (plan) => Promise.reject(notRunYet(plan)),
};

/** An engine that has a driver, and no agent that could keep a lost primary of it from serving. */
export const hasNoFenceYet = ({ workload }: Plan): boolean => workload.engine === "mariadb";

const notRunYet = (plan: Plan): OutlastError =>
  new OutlastError(
    {
      code: "STRATEGY_NOT_RUN_YET",
      definite: true,
      what: `the fence does not stand in front of ${plan.workload.engine} yet, so nothing here starts it`,
      where: `plan ${plan.name}, spec.workload.engine`,
      next: "use postgresql or etcd for labs and drills; what the driver does is in docs/engines.md",
    },
    2,
  );

/** Throws STRATEGY_NOT_RUN_YET (exit 2). */
export function refuseNotRunYet(plan: Plan): void {
  if (hasNoFenceYet(plan)) throw notRunYet(plan);
}

/** What was acknowledged first and replicated afterwards is given up by a person only. */
const takesOverByItself = ({ strategy }: Plan): boolean =>
  strategy.kind === "transaction-replication" &&
  strategy.trigger === "automatic" &&
  strategy.acknowledgements > 0;

export const engineOf = (kind: EngineKind, options: WiringOptions): Promise<Engine> => ENGINES[kind](options);

/** Makes clients without anything else of the driver. */
export const clientOf = (kind: EngineKind): Promise<MakeClient> => CLIENTS[kind]();

/** What the engine will be started with, for predictions. */
export const timingsOf = (plan: Plan): Promise<EngineTimings> => TIMINGS[plan.workload.engine](plan);
