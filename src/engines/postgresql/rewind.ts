// Back to where a stopped member's history left the source's: tell what only it has, then pg_rewind, then follow.
import { join } from "node:path";
import { done, type Outcome } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Clock } from "../../runtime/clock.ts";
import { readText, removeTree, writeFileAtomic } from "../../runtime/files.ts";
import type { Installation, MemberSpec, Proof } from "../contract.ts";
import { refusal } from "../running-member.ts";
import { lsnOf, readControlData } from "./control-data.ts";
import { hasPostgresqlData, refuseRunning, runTool, whereOf } from "./copies.ts";
import { divergenceText, divergentTransactions, incomplete, readDivergence, SLOT } from "./divergence.ts";
import { type Ancestor, forkOf, historyFile, parseHistory } from "./history.ts";
import { programOf } from "./launch.ts";
import { AGENT_ROLE, layoutOf } from "./layout.ts";
import { startRunning, writeSettings } from "./running.ts";

type Source = Pick<MemberSpec, "name" | "address">;

interface SourceSeen {
  readonly system: string;
  readonly timeline: number;
  readonly ancestors: readonly Ancestor[];
}

/** What the source is, after a checkpoint: pg_rewind reads its timeline from the last one. */
async function lookAtSource(
  source: Source,
  { members, replicationPort }: Pick<MemberSpec, "members" | "replicationPort">,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<SourceSeen>> {
  const port = replicationPort === undefined ? {} : { replicationPort };
  await using running = startRunning({ ...source, members, ...port }, clock);
  const seen = await running.view(signal);
  if (seen.kind !== "done") return seen;
  const { system, timeline, inRecovery } = seen.value.replication;
  if (inRecovery)
    return refusal("SOURCE_NOT_PRIMARY", `${source.name} is a standby`, source.name, "rewind to the primary");
  const checkpoint = await running.sql("CHECKPOINT", signal);
  if (checkpoint.kind !== "done") return checkpoint;
  if (timeline === 1) return done({ system, timeline, ancestors: [] });
  const history = await running.sql(
    `SELECT pg_read_file('pg_wal/${historyFile(timeline)}') AS history`,
    signal,
  );
  if (history.kind !== "done") return history;
  return done({ system, timeline, ancestors: parseHistory(String(history.value[0]?.["history"])) });
}

export async function rewind(
  installed: Installation,
  member: MemberSpec,
  action: { readonly source: Source; readonly divergentFile: string },
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<Proof>> {
  const where = whereOf(member);
  const { source, divergentFile } = action;
  const stopped = await refuseRunning(member);
  if (stopped.kind !== "done") return stopped;
  if (!(await hasPostgresqlData(member.dataFolder)))
    return refusal("NO_DATA", "there is nothing to rewind", where, "seed this member from another one");
  const seen = await lookAtSource(source, member, clock, signal);
  if (seen.kind !== "done") return seen;
  const control = await readControlData(installed, member, signal);
  if (control.kind !== "done") return control;
  const { data } = layoutOf(member.dataFolder);
  if (control.value.system !== seen.value.system)
    return refusal(
      "OTHER_CLUSTER",
      `its data is of cluster ${control.value.system}, ${source.name}'s of ${seen.value.system}`,
      where,
      "look where this data comes from; nothing was changed",
    );

  const alone = await readDivergence(installed, member, clock, signal);
  if (alone.kind !== "done") return alone;
  // Read after it has run: a member that was promoted in its last moments says its timeline only then.
  const clean = await readControlData(installed, member, signal);
  if (clean.kind !== "done") return clean;
  const { timeline } = clean.value;
  const own = (await readText(join(data, "pg_wal", historyFile(timeline)))) ?? "";
  const fork = forkOf({ timeline, ancestors: parseHistory(own) }, seen.value);
  if (fork === null)
    return refusal("OTHER_HISTORY", "the histories have nothing in common", where, "seed this member");
  const until = Number.isFinite(fork.until) ? fork.until : clean.value.checkpoint;
  const told = divergentTransactions(alone.value.changes, until);
  const remark = incomplete(alone.value, until);
  await writeFileAtomic(
    divergentFile,
    divergenceText({ member: member.name, timeline, fork: until, primary: source.name, told, remark }),
  );

  const { rewinding } = layoutOf(member.dataFolder);
  await writeFileAtomic(rewinding, "");
  const rewound = await runTool(
    [
      programOf(installed, "pg_rewind"),
      `--target-pgdata=${data}`,
      `--source-server=host=${source.address} port=${member.replicationPort ?? PORTS.postgresql} user=${AGENT_ROLE} dbname=postgres`,
      ...(member.unsafeNoFsync === true ? ["--no-sync"] : []),
    ],
    signal,
    where,
    "",
    member.lock,
  );
  if (rewound.kind !== "done") return rewound;
  await removeTree(join(data, "pg_replslot", SLOT));
  await writeFileAtomic(join(data, "postgresql.auto.conf"), "");
  await writeSettings(member, { source: source.address, acknowledgement: { count: 0, members: [] } });
  await removeTree(rewinding);
  const words = rewound.value.stderr.includes("no rewind required") ? "no rewind needed" : "rewound";
  return done({
    what: `${words} to ${lsnOf(until)} of timeline ${fork.timeline}; ${told.length} transactions told in ${divergentFile}${remark === null ? "" : `. ${remark}`}`,
    timeline: seen.value.timeline,
    position: until,
    divergent: remark === null ? told.length : null,
  });
}
