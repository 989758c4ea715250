// The actions of replication, each refusing what it can't do and proving what it did. Which action comes when, and the
// order of names and store, is decided by whoever asks (recovery/).
import { join } from "node:path";
import { done, type Outcome } from "../../domain/outcome.ts";
import type { Clock } from "../../runtime/clock.ts";
import { removeTree } from "../../runtime/files.ts";
import type {
  Acknowledgement,
  Installation,
  MemberSpec,
  Proof,
  ReplicatedMember,
  ReplicatedPlace,
  ReplicationAction,
  ReplicationView,
} from "../contract.ts";
import { proofOf, refusal } from "../running-member.ts";
import { lsnOf, postmasterPid, readControlData } from "./control-data.ts";
import { found, hasPostgresqlData, reseed, whereOf } from "./copies.ts";
import { SLOT } from "./divergence.ts";
import { layoutOf } from "./layout.ts";
import { rewind } from "./rewind.ts";
import { type Running, startRunning, writeSettings } from "./running.ts";
import { recordEpochStatement } from "./schema.ts";
import { namesText } from "./settings.ts";
import { startAgentConnections } from "./member.ts";

export function attachReplicated({ installed, member }: ReplicatedPlace, clock: Clock): ReplicatedMember {
  const running = startRunning(member, clock, startAgentConnections(member, CONNECTIONS_MAX));
  const perform = async (action: ReplicationAction, signal: AbortSignal): Promise<Outcome<Proof>> => {
    switch (action.kind) {
      case "found":
        return await found(installed, member, signal);
      case "reseed":
        return await reseed(installed, member, action.source, signal);
      case "rewind":
        return await rewind(installed, member, action, clock, signal);
      case "follow":
        return await follow(running, member, action.source, signal);
      case "stop":
        return await stop(installed, member, clock, signal);
      case "promote":
        return await promote(running, member, action.acknowledgement, signal);
      case "acknowledge":
        return await acknowledge(running, member, action.acknowledgement, signal);
      case "record-epoch":
        return await recordEpoch(running, member, action.epoch, signal);
      case "mark":
        return await mark(running, member, signal);
      case "checkpoint":
        return await checkpoint(running, signal);
      case "commit":
        return await commit(running, action.acknowledged, signal);
      default:
        return action satisfies never;
    }
  };
  return {
    observe: (signal) => running.observe(signal),
    perform,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** One observes while another acts, and commits prove life: one of them may wait for a standby. */
const CONNECTIONS_MAX = 5;

/** A mark from when it was a primary: a standby's catalog moves on without it, and it would hold back the log. */
const UNMARK = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${SLOT}'`;

const words = (acknowledgement: Acknowledgement): string =>
  namesText(acknowledgement) || "nobody (asynchronous)";

const sameNames = (a: Acknowledgement | null, b: Acknowledgement): boolean =>
  a !== null && namesText(a) === namesText(b);

async function promote(
  running: Running,
  member: MemberSpec,
  acknowledgement: Acknowledgement,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const before = await running.view(signal);
  if (before.kind !== "done") return before;
  if (!before.value.replication.inRecovery)
    return await acknowledge(running, member, acknowledgement, signal, "is the primary already");
  // Names first: from its first moment as a primary its commits wait for them. And it streams from nobody any more.
  await writeSettings(member, { source: null, acknowledgement });
  const told = await running.sql("SELECT pg_reload_conf()", signal);
  if (told.kind !== "done") return told;
  const named = await running.until(
    "its names are set",
    (seen) => sameNames(seen.acknowledgement, acknowledgement),
    signal,
  );
  if (named.kind !== "done") return named;
  const unmarked = await running.sql(UNMARK, signal);
  if (unmarked.kind !== "done") return unmarked;
  const promoted = await running.sql("SELECT pg_promote(wait => false)", signal);
  if (promoted.kind !== "done") return { kind: "unknown", failure: { ...promoted.failure, definite: false } };
  const primary = await running.until("it is a primary", (seen) => !seen.inRecovery, signal);
  if (primary.kind !== "done") return primary;
  return done(
    proofOf(
      `primary on timeline ${primary.value.timeline} from ${lsnOf(named.value.flushed)}; commits wait for ${words(acknowledgement)}`,
      primary.value,
    ),
  );
}

async function acknowledge(
  running: Running,
  member: MemberSpec,
  acknowledgement: Acknowledgement,
  signal: AbortSignal,
  what = "is the primary",
): Promise<Outcome<Proof>> {
  const before = await running.view(signal);
  if (before.kind !== "done") return before;
  if (before.value.replication.inRecovery) return notPrimary(member);
  await writeSettings(member, { source: null, acknowledgement });
  const told = await running.sql("SELECT pg_reload_conf()", signal);
  if (told.kind !== "done") return told;
  const named = await running.until(
    "its names are set",
    (seen) => sameNames(seen.acknowledgement, acknowledgement),
    signal,
  );
  if (named.kind !== "done") return named;
  return done(proofOf(`${what}; new statements wait for ${words(acknowledgement)}`, named.value));
}

/** In words of the log itself: they come to whoever gets the log, and no further than it. */
async function recordEpoch(
  running: Running,
  member: MemberSpec,
  epoch: number,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const before = await running.view(signal);
  if (before.kind !== "done") return before;
  const { inRecovery, timeline, ancestors, epochs } = before.value.replication;
  if (inRecovery) return notPrimary(member);
  const newest = epochs.at(-1)?.epoch ?? 0;
  if (epoch < newest)
    return refusal(
      "EPOCH_IS_OVER",
      `its log contains epoch ${newest}, later than ${epoch}`,
      whereOf(member),
      "look who is the primary now",
    );
  const begins = ancestors.at(-1)?.until ?? 0;
  const has = (seen: ReplicationView) =>
    seen.epochs.some((known) => known.epoch === epoch && known.serves === seen.timeline);
  if (!has(before.value.replication)) {
    const written = await running.sql(recordEpochStatement(epoch, timeline, begins), signal);
    if (written.kind !== "done") return written;
  }
  const recorded = await running.until(`epoch ${epoch} is recorded`, has, signal);
  if (recorded.kind !== "done") return recorded;
  return done(proofOf(`epoch ${epoch} begins at ${lsnOf(begins)}`, recorded.value));
}

async function checkpoint(running: Running, signal: AbortSignal): Promise<Outcome<Proof>> {
  const written = await running.sql("CHECKPOINT", signal);
  if (written.kind !== "done") return written;
  const seen = await running.view(signal);
  return seen.kind === "done" ? done(proofOf("written out", seen.value.replication)) : seen;
}

async function commit(
  running: Running,
  acknowledged: "here" | "as configured",
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const level = acknowledged === "here" ? "local" : "on";
  const asked = await running.sql(
    `SELECT set_config('synchronous_commit', '${level}', true), pg_logical_emit_message(true, 'outlast', '')`,
    signal,
  );
  return asked.kind === "done" ? done({ what: "it has committed", timeline: 0, position: 0 }) : asked;
}

const notPrimary = (member: MemberSpec) =>
  refusal("NOT_PRIMARY", `${member.name} is a standby`, whereOf(member), "ask the primary, or promote it");

async function follow(
  running: Running,
  member: MemberSpec,
  source: Pick<MemberSpec, "name" | "address"> | null,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  if (!(await hasPostgresqlData(member.dataFolder)))
    return refusal("NO_DATA", "there is no data here", whereOf(member), "seed this member from another one");
  const settings = { source: source?.address ?? null, acknowledgement: { count: 0, members: [] } };
  const what = source === null ? "streams from nobody" : `streams from ${source.name}`;
  if ((await postmasterPid(member)) === null) {
    await writeSettings(member, settings);
    if (source !== null) await removeTree(join(layoutOf(member.dataFolder).data, "pg_replslot", SLOT));
    return done({ what: `when started it ${what}`, timeline: 0, position: 0 });
  }
  const before = await running.view(signal);
  if (before.kind !== "done") return before;
  if (!before.value.replication.inRecovery)
    return refusal(
      "IS_PRIMARY",
      `${member.name} is a primary`,
      whereOf(member),
      "stop it first; it starts again as a standby",
    );
  await writeSettings(member, settings);
  const told = await running.sql("SELECT pg_reload_conf()", signal);
  if (told.kind !== "done") return told;
  // Who follows nobody may have writes that have to be told yet.
  const unmarked = source === null ? told : await running.sql(UNMARK, signal);
  if (unmarked.kind !== "done") return unmarked;
  const seen = await running.until(`it ${what}`, (view) => view.source === settings.source, signal);
  return seen.kind === "done" ? done(proofOf(what, seen.value)) : seen;
}

async function stop(
  installed: Installation,
  member: MemberSpec,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const pid = await postmasterPid(member);
  if (pid !== null) {
    process.kill(pid, "SIGINT");
    while ((await postmasterPid(member)) !== null) {
      if (signal.aborted)
        return {
          kind: "unknown",
          failure: {
            code: "STILL_RUNNING",
            definite: false,
            what: `process ${pid} has not ended in time`,
            where: whereOf(member),
            next: "ask again, or kill it",
          },
        };
      await clock.sleep(10, signal);
    }
  }
  const control = await readControlData(installed, member, new AbortController().signal);
  if (control.kind !== "done") return control;
  const { state, timeline, checkpoint } = control.value;
  if (!state.startsWith("shut down"))
    return refusal("NOT_ENDED_IN_ORDER", `it says "${state}"`, whereOf(member), "start it, or rewind it");
  return done({ what: `${state}, last checkpoint at ${lsnOf(checkpoint)}`, timeline, position: checkpoint });
}

/** The slot is made when there is none, and moved up to what every standby (every named one, if any) has on disk. */
async function mark(running: Running, member: MemberSpec, signal: AbortSignal): Promise<Outcome<Proof>> {
  const seen = await running.view(signal);
  if (seen.kind !== "done") return seen;
  const { replication } = seen.value;
  if (replication.inRecovery) return notPrimary(member);
  const members = replication.acknowledgement?.members ?? ["(names that are not ours)"];
  const present = replication.standbys.filter(({ state }) => state === "streaming");
  const missing = members.filter((name) => !present.some((standby) => standby.name === name));
  await using connections = startAgentConnections(member, 1);
  const made = await connections.query(
    {
      name: null,
      text: `SELECT pg_create_logical_replication_slot('${SLOT}', 'test_decoding')
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '${SLOT}')`,
    },
    signal,
  );
  if (made.kind !== "done") return made;
  if (missing.length > 0 || present.length === 0)
    return done(proofOf(`not moved: ${missing.join(", ") || "every standby"} does not stream`, replication));
  const confirmed = Math.min(...present.map(({ flushed }) => flushed));
  const moved = await connections.query(
    {
      name: null,
      text: `SELECT pg_replication_slot_advance('${SLOT}', '${lsnOf(confirmed)}') FROM pg_replication_slots
WHERE slot_name = '${SLOT}' AND confirmed_flush_lsn < '${lsnOf(confirmed)}'`,
    },
    signal,
  );
  if (moved.kind !== "done") return moved;
  return done({
    what: `every standby has what is before ${lsnOf(confirmed)}`,
    timeline: replication.timeline,
    position: confirmed,
  });
}
