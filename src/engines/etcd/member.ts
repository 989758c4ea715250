// What a running member says of itself, ours or somebody else's. Status and member list are both answered from what the
// member knows, without the quorum: so a member that lost its majority still answers, and says so.
// (The alarm call of etcd goes through the quorum; the status carries the same alarms as text.)
import { PORTS } from "../../domain/plan.ts";
import type { Reading } from "../../domain/outcome.ts";
import { type EtcdClient, startEtcdClient } from "../../protocols/etcd/client.ts";
import {
  Cluster,
  Maintenance,
  type MemberListResponse,
  type StatusResponse,
} from "../../protocols/etcd/generated/etcdserverpb/rpc_pb.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Member, MemberSpec, Observation } from "../contract.ts";

export const OBSERVE_TIMEOUT_MS = 500;

export function attachEtcd(
  member: Pick<MemberSpec, "address">,
  clock: Clock = systemClock,
  etcd: EtcdClient = startEtcdClient(member.address, PORTS.engineClient),
): Member & AsyncDisposable {
  return {
    async observe(signal): Promise<Reading<Observation>> {
      const sinceMs = clock.nowMs();
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(OBSERVE_TIMEOUT_MS)]);
      const [status, members] = await Promise.all([
        etcd.call(Maintenance.method.status, {}, { signal: bounded, readOnly: true }),
        etcd.call(Cluster.method.memberList, { linearizable: false }, { signal: bounded, readOnly: true }),
      ]);
      if (status.kind !== "done") return { kind: "unknown", reason: status.failure.what, sinceMs };
      if (members.kind !== "done") return { kind: "unknown", reason: members.failure.what, sinceMs };
      return { kind: "known", value: observation(status.value, members.value), atMs: clock.nowMs() };
    },
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  };
}

/** Pure: etcd's two answers in Outlast's words. */
export function observation(status: StatusResponse, members: MemberListResponse): Observation {
  const leader = members.members.find(({ ID }) => ID === status.leader && status.leader !== 0n);
  const self = status.header?.memberId;
  const noLeader = status.leader === 0n || status.errors.some((error) => error.includes("no leader"));
  return {
    role: status.isLearner ? "learner" : self === status.leader && !noLeader ? "leader" : "follower",
    term: Number(status.raftTerm),
    position: Number(status.raftAppliedIndex),
    leader: noLeader ? null : (leader?.name ?? status.leader.toString(16)),
    quorum: !noLeader,
    alarms: status.errors.flatMap((error) => /alarm:(\w+)/.exec(error)?.[1] ?? []),
  };
}
