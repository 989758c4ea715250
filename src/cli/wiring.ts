// The table of drivers, each imported only when it is used.
import type { EngineKind } from "../domain/plan.ts";
import type { Engine } from "../engines/contract.ts";
import type { EngineTimings } from "../drills/predict.ts";
import type { Plan } from "../domain/plan.ts";

export interface WiringOptions {
  readonly cacheFolder: string;
  /** One line of news while something is fetched or built. */
  readonly progress: (line: string) => void;
}

const ENGINES: Readonly<Record<EngineKind, (options: WiringOptions) => Promise<Engine>>> = {
  etcd: async (options) => (await import("../engines/etcd/engine.ts")).etcdEngine(options),
};

const TIMINGS: Readonly<Record<EngineKind, (plan: Plan) => Promise<EngineTimings>>> = {
  etcd: async (plan) => (await import("../engines/etcd/timings.ts")).etcdTimings(plan),
};

export const engineOf = (kind: EngineKind, options: WiringOptions): Promise<Engine> => ENGINES[kind](options);

/** What the engine will be started with, for predictions. */
export const timingsOf = (plan: Plan): Promise<EngineTimings> => TIMINGS[plan.workload.engine](plan);
