// The table of drivers, each imported only when it is used.
import type { EngineKind } from "../domain/plan.ts";
import type { Engine, EngineClient, MemberSpec } from "../engines/contract.ts";
import type { EngineTimings } from "../drills/predict.ts";
import { OutlastError } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";

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

type MakeClient = (member: Pick<MemberSpec, "name" | "address">) => EngineClient;

const CLIENTS: Readonly<Record<EngineKind, () => Promise<MakeClient>>> = {
  etcd: async () => {
    const { etcdEngineClient } = await import("../engines/etcd/client.ts");
    return (member) => etcdEngineClient(member);
  },
  postgresql: async () => {
    const { postgresqlEngineClient } = await import("../engines/postgresql/client.ts");
    return (member) => postgresqlEngineClient(member);
  },
  mariadb: async () => {
    const { mariadbEngineClient } = await import("../engines/mariadb/client.ts");
    return (member) => mariadbEngineClient(member);
  },
};

const TIMINGS: Readonly<Record<EngineKind, (plan: Plan) => Promise<EngineTimings>>> = {
  etcd: async (plan) => (await import("../engines/etcd/timings.ts")).etcdTimings(plan),
  postgresql: (plan) => Promise.reject(notRunYet(plan)),
  mariadb: (plan) => Promise.reject(notRunYet(plan)),
};

export const engineOf = (kind: EngineKind, options: WiringOptions): Promise<Engine> => ENGINES[kind](options);

/** Makes clients without anything else of the driver. */
export const clientOf = (kind: EngineKind): Promise<MakeClient> => CLIENTS[kind]();

/** What a plan asks for that its verbs can't do yet: refused before anything starts, and told by `check`. */
export const notRunYet = (plan: Plan): OutlastError =>
  new OutlastError(
    {
      code: "STRATEGY_NOT_RUN_YET",
      definite: true,
      what: `no agent decides yet who is the primary of ${plan.workload.engine}, so nothing here starts it`,
      where: `plan ${plan.name}, spec.strategy ${plan.strategy.kind}`,
      next: "use a plan with strategy distributed for labs and drills; 'outlast check -f PLAN' says what works on this one",
    },
    2,
  );

/** What the engine will be started with, for predictions. */
export const timingsOf = (plan: Plan): Promise<EngineTimings> => TIMINGS[plan.workload.engine](plan);
