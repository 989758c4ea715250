// The store's member of this site: started, taken over and founded as the members of any cluster by consensus are (member.ts),
// in a folder and on ports of its own.
import { join } from "node:path";
import type { Plan } from "../../domain/plan.ts";
import type { Engine, Installation, MemberSpec } from "../../engines/contract.ts";
import type { Clock } from "../../runtime/clock.ts";
import { makeFolder } from "../../runtime/files.ts";
import type { Log } from "../../runtime/log.ts";
import { type RunningMember, startMember } from "../member.ts";
import { peerData } from "./peers.ts";

export interface StorePlaceOptions {
  readonly plan: Plan;
  /** Of the driver that keeps the store. */
  readonly engine: Engine;
  readonly installed: Installation;
  readonly site: string;
  readonly members: MemberSpec["members"];
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What renewals and takeovers are timed for (docs/recovery.md); the plan's are the workload's own. */
const HEARTBEAT_MS = 50;
const ELECTION_MS = 300;

export async function startStorePlace(options: StorePlaceOptions): Promise<RunningMember> {
  const { plan, engine, installed, site, members, clock, log } = options;
  const dataFolder = join(options.dataFolder, "store");
  await makeFolder(dataFolder);
  const self = members.find(({ name }) => name === site);
  if (self === undefined) throw new RangeError(`no site ${site}`);
  return startMember({
    plan: {
      ...plan,
      name: `${plan.name}-store`,
      workload: { ...plan.workload, heartbeatMs: HEARTBEAT_MS, electionTimeoutMs: ELECTION_MS },
    },
    engine,
    installed,
    spec: { ...self, dataFolder: join(dataFolder, "member"), members, cluster: "existing" },
    dataFolder,
    clock,
    log: {
      ...log,
      emit: (body) => log.emit("member" in body ? { ...body, member: `${body.member}'s store` } : body),
    },
    peerData: (peer, signal) => peerData(peer, "store", signal, clock),
  });
}
