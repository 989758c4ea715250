// The actions of replication, each refusing what it can't do and proving what it did. Which action comes when, and whom to
// seal, is decided by whoever asks (recovery/).
import { done, type Outcome } from "../../domain/outcome.ts";
import type { Clock } from "../../runtime/clock.ts";
import type {
  Acknowledgement,
  MemberSpec,
  Proof,
  ReplicatedMember,
  ReplicatedPlace,
  ReplicationAction,
} from "../contract.ts";
import { notSeen, proofOf, refusal, untilSeen, viewOf } from "../running-member.ts";
import { acknowledge, admit, impossible, sameMembers, setWaiting, words } from "./acknowledge.ts";
import { found, hasMariadbData, inOrder, reseed, serverPid, whereOf, writeFollow } from "./copies.ts";
import { sequenceOf } from "./gtid.ts";
import { orderlyEnd, readIdentity, writeIdentity } from "./identity.ts";
import { layoutOf } from "./layout.ts";
import {
  acknowledgementOf,
  type Answered,
  ask,
  attachMariadb,
  hasAppliedAll,
  isStandby,
  receivedOf,
  startAgentConnections,
} from "./member.ts";
import { LOOK_TIMEOUT_MS, type Place } from "./place.ts";
import { rewind } from "./rewind.ts";
import { followStatements, serverNumber } from "./settings.ts";
import { startStandbyProgress } from "./standby-progress.ts";
import { checkpoint, commit, mark, recordEpoch } from "./upkeep.ts";

/** One observes while another acts, and commits prove life: one of them may wait for a standby. */
const CONNECTIONS_MAX = 5;

export function attachReplicated({ installed, member }: ReplicatedPlace, clock: Clock): ReplicatedMember {
  const connections = startAgentConnections(member, CONNECTIONS_MAX);
  const local = startAgentConnections(member, 1, "sql_log_bin=0");
  const progress = startStandbyProgress(member, clock);
  const attached = attachMariadb(member, clock, progress, connections);
  const perform = async (action: ReplicationAction, signal: AbortSignal): Promise<Outcome<Proof>> => {
    const place: Place = {
      installed,
      member,
      connections,
      local,
      clock,
      signal,
      look: async () => {
        const seen = await ask(connections, AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]));
        return seen.kind === "known" ? done(seen.value) : notAnswering(member, seen.reason);
      },
      view: async () => {
        const seen = await viewOf(attached, member.name, signal);
        return seen.kind === "done" ? done(seen.value.replication) : seen;
      },
    };
    switch (action.kind) {
      case "found":
        return await found(installed, member, clock, signal);
      case "reseed":
        return await reseed(installed, member, action.source, clock, signal);
      case "rewind":
        return await rewind(installed, member, action, clock, signal);
      case "follow":
        return await follow(place, action.source);
      case "stop":
        return await stop(place);
      case "promote":
        return await promote(place, action.acknowledgement);
      case "acknowledge":
        return await acknowledge(place, action.acknowledgement);
      case "mark":
        return await mark(place);
      case "record-epoch":
        return await recordEpoch(place, action.epoch);
      case "commit":
        return await commit(place, action.acknowledged);
      case "checkpoint":
        return await checkpoint(place);
      default:
        return action satisfies never;
    }
  };
  return {
    observe: (signal) => attached.observe(signal),
    perform,
    [Symbol.asyncDispose]: async () => {
      await local[Symbol.asyncDispose]();
      await attached[Symbol.asyncDispose]();
    },
  };
}

const notAnswering = (member: MemberSpec, reason: string) =>
  refusal("MEMBER_NOT_ANSWERING", reason, `site ${member.name}`, "start the member, or look at its log");

async function promote(place: Place, acknowledgement: Acknowledgement): Promise<Outcome<Proof>> {
  const { member, connections, clock, signal } = place;
  const before = await place.look();
  if (before.kind !== "done") return before;
  if (!isStandby(before.value)) return await acknowledge(place, acknowledgement, "is the primary already");
  const refused = impossible(member, acknowledgement);
  if (refused !== null) return refused;
  // From now on a start follows nobody.
  await writeFollow(member, null);
  const applied = await applyAll(place, before.value);
  if (applied.kind !== "done") return applied;
  const admitted = await admit(place, acknowledgement, applied.value);
  if (admitted.kind !== "done") return admitted;
  const { timelines } = applied.value;
  const began = receivedOf(applied.value) + 1;
  const timeline = (timelines.at(-1)?.timeline ?? 0) + 1;
  // Its first transaction waits for nobody, and nobody else can write yet: whoever has a later one has this one too.
  const opened = await inOrder(
    connections,
    [
      "STOP SLAVE",
      "RESET SLAVE ALL",
      "SET GLOBAL rpl_semi_sync_master_enabled = OFF",
      `BEGIN NOT ATOMIC START TRANSACTION; INSERT INTO outlast.timelines VALUES (${timeline}, ${began}, ${serverNumber(member.address)}); UPDATE outlast.epoch SET epoch = epoch + 1; COMMIT; END`,
      setWaiting(acknowledgement),
      "SET GLOBAL read_only = OFF",
    ],
    signal,
  );
  if (opened.kind !== "done") return { kind: "unknown", failure: { ...opened.failure, definite: false } };
  const primary = await untilSeen(
    "it is a primary",
    place.look,
    (seen) => !isStandby(seen) && sameMembers(acknowledgementOf(seen), acknowledgement),
    member.name,
    clock,
    signal,
  );
  if (primary.kind !== "done") return primary;
  await writeIdentity(layoutOf(member.dataFolder).data, primary.value);
  return done({
    what: `primary on timeline ${timeline} from ${began}; commits wait for ${words(acknowledgement)}`,
    timeline,
    position: receivedOf(primary.value),
  });
}

/**
 * What a standby has received is applied before its threads are ever started again: that would throw it away and fetch it
 * once more from the source, which may be gone (MDEV-4698).
 */
async function applyAll(place: Place, before: Answered): Promise<Outcome<Answered>> {
  const { member, connections, clock, signal } = place;
  if (before.slave === null) return done(before);
  const told = await inOrder(connections, ["STOP SLAVE IO_THREAD", "START SLAVE SQL_THREAD"], signal);
  if (told.kind !== "done") return told;
  return await untilSeen(
    "all that it received is applied",
    place.look,
    (seen) => {
      if (seen.slave === null) return true;
      const { Last_SQL_Errno: number, Last_SQL_Error: error } = seen.slave;
      if (number !== 0)
        return refusal(
          "REPLICATION_STOPPED",
          `${number} ${error}`,
          whereOf(member),
          "seed or rewind this member",
        );
      return seen.slave.Slave_IO_Running === "No" && hasAppliedAll(seen);
    },
    member.name,
    clock,
    signal,
  );
}

async function follow(
  place: Place,
  source: Pick<MemberSpec, "name" | "address"> | null,
): Promise<Outcome<Proof>> {
  const { member, clock, signal } = place;
  if (!(await hasMariadbData(member.dataFolder)))
    return refusal("NO_DATA", "there is no data here", whereOf(member), "seed this member from another one");
  const what = source === null ? "streams from nobody" : `streams from ${source.name}`;
  if ((await serverPid(member)) === null) {
    await writeFollow(member, source);
    return done({ what: `when started it ${what}`, timeline: 0, position: 0 });
  }
  const before = await place.look();
  if (before.kind !== "done") return before;
  if (!isStandby(before.value))
    return refusal(
      "IS_PRIMARY",
      `${member.name} is a primary`,
      whereOf(member),
      "stop it first; it starts again as a standby",
    );
  await writeFollow(member, source);
  const told = source === null ? await seal(place) : await turnTo(place, source, before.value);
  if (told.kind !== "done") return told;
  const seen = await untilSeen(
    `it ${what}`,
    place.look,
    ({ slave }) => {
      if (source === null) return slave === null || slave.Slave_IO_Running === "No";
      // The source says that it does not have what this member has, or no longer what it needs.
      if (slave?.Last_IO_Errno === 1236 || slave?.Last_SQL_Errno)
        return refusal(
          "REPLICATION_STOPPED",
          `${slave.Last_IO_Error || slave.Last_SQL_Error}`,
          whereOf(member),
          "rewind or seed this member",
        );
      return slave?.Slave_IO_Running === "Yes" && slave.Master_Host === source.address;
    },
    member.name,
    clock,
    signal,
  );
  if (seen.kind !== "done") return seen;
  const view = await place.view();
  return view.kind === "done" ? done(proofOf(what, view.value)) : view;
}

/** What it has received it still applies. */
const seal = ({ connections, signal }: Place): Promise<Outcome<unknown>> =>
  connections.query({ text: "STOP SLAVE IO_THREAD" }, signal);

async function turnTo(
  place: Place,
  source: Pick<MemberSpec, "name" | "address">,
  before: Answered,
): Promise<Outcome<unknown>> {
  const { member, connections, signal } = place;
  if (before.slave?.Slave_IO_Running === "Yes" && before.slave.Master_Host === source.address)
    return done(undefined);
  const applied = await applyAll(place, before);
  if (applied.kind !== "done") return applied;
  return await inOrder(
    connections,
    ["STOP SLAVE", ...followStatements(member.name, source, member.replicationPort)],
    signal,
  );
}

async function stop(place: Place): Promise<Outcome<Proof>> {
  const { member, clock, signal } = place;
  const { data } = layoutOf(member.dataFolder);
  const pid = await serverPid(member);
  if (pid !== null) {
    const seen = await place.look();
    if (seen.kind === "done") await writeIdentity(data, seen.value);
    const sent = await endInOrder(place, seen.kind === "done" && !isStandby(seen.value));
    if (!sent) process.kill(pid, "SIGTERM");
    while ((await serverPid(member)) !== null) {
      if (signal.aborted) return notSeen(`process ${pid} has not ended in time`, whereOf(member));
      await clock.sleep(10, signal);
    }
  }
  const ended = await orderlyEnd(data);
  const identity = await readIdentity(member.dataFolder);
  if (ended === null || identity === null)
    return refusal(
      "NOT_ENDED_IN_ORDER",
      "it left no final position",
      whereOf(member),
      "start it, or rewind it",
    );
  const position = ended.trim().split(/\s+/).join(",");
  return done({
    what: `ended in order at ${position}`,
    timeline: identity.timelines.at(-1)?.timeline ?? 0,
    position: sequenceOf(position),
  });
}

/** A primary first sends its standbys all it has; by SIGTERM it would not wait for that. false: it could not be told. */
async function endInOrder({ connections, signal }: Place, primary: boolean): Promise<boolean> {
  if (!primary) return false;
  const told = await connections.query({ text: "SHUTDOWN WAIT FOR ALL SLAVES" }, signal);
  return told.kind === "done";
}
