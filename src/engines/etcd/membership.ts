// Replacing a member whose data is gone: the cluster forgets the old identity and gets the same name and address anew,
// through its living members. Each turn reads the list and takes one step, so that it can be cut off anywhere and asked
// again; a change with an unknown outcome is settled by the next reading.
import { done, type Failure, type Outcome, type Reading } from "../../domain/outcome.ts";
import { startEtcdClient } from "../../protocols/etcd/client.ts";
import {
  Cluster,
  Maintenance,
  type Member as EtcdMember,
} from "../../protocols/etcd/generated/etcdserverpb/rpc_pb.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { MemberSpec, Standing } from "../contract.ts";
import { ENGINE_PORTS, type EtcdPorts, peerUrl } from "./launch.ts";

export interface ListedMember {
  readonly id: bigint;
  /** "": added, never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** Empty until it has started and told the others. */
  readonly clientUrls: readonly string[];
}

const entryOf = (listed: readonly ListedMember[], name: string, url: string): ListedMember | undefined =>
  listed.find((entry) => entry.name === name || entry.peerUrls.includes(url));

/** Pure. A founder is listed with its name from the beginning, a member that was added only once it has started. */
export function standingOf(listed: readonly ListedMember[], name: string, url: string): Standing {
  const entry = entryOf(listed, name, url);
  if (entry === undefined) return "absent";
  if (entry.name === "") return "added";
  return entry.clientUrls.length === 0 ? "founder" : "started";
}

const listedOf = (members: readonly EtcdMember[]): ListedMember[] =>
  members.map(({ ID, name, peerURLs, clientURLs }) => ({
    id: ID,
    name,
    peerUrls: peerURLs,
    clientUrls: clientURLs,
  }));

export async function etcdStanding(
  member: MemberSpec,
  signal: AbortSignal,
  clock: Clock = systemClock,
  ports: EtcdPorts = ENGINE_PORTS,
): Promise<Reading<Standing>> {
  const sinceMs = clock.nowMs();
  let reason = "it has no other members";
  for (const other of member.members) {
    if (other.name === member.name) continue;
    await using etcd = startEtcdClient(other.address, ports.client);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(STANDING_TIMEOUT_MS)]);
    const list = await etcd.call(
      Cluster.method.memberList,
      { linearizable: true },
      { signal: bounded, requireLeader: true, readOnly: true },
    );
    if (list.kind === "done") {
      const listed = listedOf(list.value.members);
      return {
        kind: "known",
        value: standingOf(listed, member.name, peerUrl(member.address, ports)),
        atMs: clock.nowMs(),
      };
    }
    reason = `${other.name}: ${list.failure.what}`;
  }
  return { kind: "unknown", reason, sinceMs };
}

export type ReplaceStep =
  | { readonly kind: "remove"; readonly id: bigint }
  | { readonly kind: "add" }
  | { readonly kind: "nothing"; readonly because: string };

/** Pure. `answering`: the member id that answers at the lost member's address, or null when none does. */
export function nextReplaceStep(
  listed: readonly ListedMember[],
  lost: { readonly name: string; readonly peerUrl: string },
  answering: bigint | null,
): ReplaceStep {
  const entry = entryOf(listed, lost.name, lost.peerUrl);
  if (entry === undefined) return { kind: "add" };
  if (entry.name === "") return { kind: "nothing", because: "it was added and has not started yet" };
  if (entry.id === answering) return { kind: "nothing", because: "the member is running" };
  return { kind: "remove", id: entry.id };
}

/** Said for about 5 s after any member's start, and while too few members are connected: it passes, or it is the answer. */
export const passes = (failure: Failure): boolean =>
  failure.definite &&
  /unhealthy cluster|not enough started members|no leader|too many requests/.test(failure.what);

const WAIT_MAX_MS = 15_000;
const STANDING_TIMEOUT_MS = 500;
const CALL_TIMEOUT_MS = 2_000;
const STEPS_MAX = 8;

export async function replaceEtcdMember(
  lost: MemberSpec,
  signal: AbortSignal,
  clock: Clock = systemClock,
  ports: EtcdPorts = ENGINE_PORTS,
): Promise<Outcome> {
  const url = peerUrl(lost.address, ports);
  const untilMs = clock.nowMs() + WAIT_MAX_MS;
  const others = lost.members.filter(({ name }) => name !== lost.name);
  let last: Failure | null = null;
  let steps = 0;
  while (!signal.aborted && clock.nowMs() < untilMs && steps < STEPS_MAX) {
    const answering = await answeringId(lost.address, ports, signal);
    for (const other of others) {
      await using etcd = startEtcdClient(other.address, ports.client);
      const options = () => ({
        signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
        requireLeader: true,
      });
      const list = await etcd.call(
        Cluster.method.memberList,
        { linearizable: true },
        { ...options(), readOnly: true },
      );
      if (list.kind !== "done") {
        last = list.failure;
        continue;
      }
      const listed = listedOf(list.value.members);
      const step = nextReplaceStep(listed, { name: lost.name, peerUrl: url }, answering);
      if (step.kind === "nothing") return done(undefined);
      const changed =
        step.kind === "remove"
          ? await etcd.call(Cluster.method.memberRemove, { ID: step.id }, options())
          : await etcd.call(Cluster.method.memberAdd, { peerURLs: [url] }, options());
      if (changed.kind === "done") {
        steps += 1;
        last = null;
        break; // read again: the next step, or nothing more
      }
      last = changed.failure;
      if (changed.kind === "failed" && !passes(changed.failure)) return changed;
    }
    if (last !== null) await clock.sleep(200, signal);
  }
  return {
    kind: "unknown",
    failure: {
      code: "MEMBER_NOT_REPLACED",
      definite: false,
      what: `${lost.name} could not be replaced: ${signal.aborted ? "interrupted" : (last?.what ?? "no step led to an end")}`,
      where: last?.where ?? url,
      next: "see that a majority of the other members is running, then ask again; it goes on where it stopped",
    },
  };
}

async function answeringId(address: string, ports: EtcdPorts, signal: AbortSignal): Promise<bigint | null> {
  await using etcd = startEtcdClient(address, ports.client);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(500)]);
  const status = await etcd.call(Maintenance.method.status, {}, { signal: bounded, readOnly: true });
  return status.kind === "done" ? (status.value.header?.memberId ?? null) : null;
}
