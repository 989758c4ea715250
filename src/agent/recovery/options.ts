// What a recovery agent is started with, and what of the plan concerns it.
import { addressOf } from "../../domain/address.ts";
import { OutlastError } from "../../domain/outcome.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Engine, Installation, MemberSpec } from "../../engines/contract.ts";
import type { Fence, FenceTimings } from "../../fences/contract.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/log.ts";
import type { Store } from "../../store/contract.ts";

export interface FencePlace {
  readonly workload: string;
  /** Where clients and peers connect to. */
  readonly address: string;
  readonly engineAddress: string;
  readonly peers: readonly string[];
  readonly timings: FenceTimings;
}

export interface RecoveryAgentOptions {
  readonly plan: Plan;
  readonly site: string;
  readonly dataFolder: string;
  readonly engine: Engine;
  readonly installed: Installation;
  /** Of the driver that keeps the store: one member of it in each site. */
  readonly storeEngine: Engine;
  readonly storeInstalled: Installation;
  /** Asks the store's member at that address. */
  readonly openStore: (address: string) => Store;
  readonly startFence: (place: FencePlace) => Promise<Fence>;
  /** null: no front-end is started. */
  readonly frontendArgv: readonly string[] | null;
  /** Of what has to be known by whoever changes something over the API; null: one of its own, in the data folder. */
  readonly tokenFile: string | null;
  readonly unsafeNoFsync: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

type Member = MemberSpec["members"][number];

export interface RecoveryPlan {
  readonly self: Member;
  readonly members: readonly Member[];
  /** All sites, those preferred as primary first. */
  readonly candidates: readonly string[];
  readonly acknowledgements: number;
  readonly trigger: "automatic" | "human";
}

const refused = (code: string, what: string, where: string, next: string): OutlastError =>
  new OutlastError({ code, definite: true, what, where, next }, 2);

/** Throws OutlastError (exit 2). */
export function recoveryPlan({ plan, site }: Pick<RecoveryAgentOptions, "plan" | "site">): RecoveryPlan {
  const { strategy } = plan;
  if (strategy.kind !== "transaction-replication") throw new RangeError(`not for ${strategy.kind}`);
  const members = plan.sites.map(({ name, address }) => ({
    name,
    address: addressOf(address, `site ${name}`),
  }));
  const self = members.find(({ name }) => name === site);
  const names = members.map(({ name }) => name);
  if (self === undefined)
    throw refused(
      "UNKNOWN_SITE",
      `no site ${site} in plan ${plan.name}`,
      "--site",
      `name one of ${names.join(", ")}`,
    );
  const missing = names.filter((name) => !strategy.candidates.includes(name));
  if (missing.length > 0)
    throw refused(
      "STRATEGY_NOT_RUN_YET",
      `${missing.join(", ")} ${missing.length === 1 ? "is no candidate" : "are no candidates"}, and an agent promotes any site yet`,
      `plan ${plan.name}, spec.strategy.candidates`,
      "leave candidates out, or name all sites",
    );
  const { candidates, acknowledgements, trigger } = strategy;
  return { self, members, candidates, acknowledgements, trigger };
}
