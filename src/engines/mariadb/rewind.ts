// Back to where a stopped member's history left the source's: tell what only it has, have MariaDB take back what it had not
// committed yet, then follow. What it had committed can't be taken back: then it has to be seeded.
import { done, type Outcome } from "../../domain/outcome.ts";
import type { Clock } from "../../runtime/clock.ts";
import { removeTree, writeFileAtomic } from "../../runtime/files.ts";
import type { Installation, MemberSpec, Proof } from "../contract.ts";
import { refusal } from "../running-member.ts";
import { withServerAlone } from "./alone.ts";
import type { Connections } from "./connections.ts";
import { hasMariadbData, refuseRunning, reseed, whereOf, writeFollow } from "./copies.ts";
import { type Columns, divergenceText, readDivergence, tellable } from "./divergence.ts";
import { forkOf, type Gtid, gtidText, parseGtid, type Timeline, writerOf } from "./gtid.ts";
import { readIdentity, writeIdentity } from "./identity.ts";
import { layoutOf } from "./layout.ts";
import { type Answered, ask, isStandby, reachedFrom, startAgentConnections } from "./member.ts";

type Source = Pick<MemberSpec, "name" | "address">;

interface SourceSeen {
  readonly system: string;
  readonly timelines: readonly Timeline[];
  /** The last sequence number that it has. */
  readonly until: number;
  readonly columns: Columns;
}

async function lookAtSource(
  source: Pick<MemberSpec, "name" | "address" | "replicationPort">,
  signal: AbortSignal,
): Promise<Outcome<SourceSeen>> {
  await using connections = startAgentConnections(source, 1);
  const seen = await ask(connections, signal);
  if (seen.kind === "unknown")
    return refusal("SOURCE_NOT_ANSWERING", seen.reason, `site ${source.name}`, "start it, or name another");
  if (isStandby(seen.value))
    return refusal("SOURCE_NOT_PRIMARY", `${source.name} is a standby`, source.name, "rewind to the primary");
  const columns = await columnsOf(connections, signal);
  if (columns.kind !== "done") return columns;
  const { system, timelines } = seen.value;
  return done({ system, timelines, until: writtenOf(seen.value), columns: columns.value });
}

const writtenOf = (seen: Answered): number => parseGtid(seen.written)?.sequence ?? 0;

async function columnsOf(connections: Connections, signal: AbortSignal): Promise<Outcome<Columns>> {
  const asked = await connections.query(
    {
      text: `SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name,
JSON_ARRAYAGG(COLUMN_NAME ORDER BY ORDINAL_POSITION) AS columns FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') GROUP BY 1`,
      values: [],
      readOnly: true,
    },
    signal,
  );
  if (asked.kind !== "done") return asked;
  return done(
    new Map(asked.value.map((row) => [String(row["name"]), JSON.parse(String(row["columns"])) as string[]])),
  );
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
  const own = (await hasMariadbData(member.dataFolder)) ? await readIdentity(member.dataFolder) : null;
  if (own === null)
    return refusal("NO_DATA", "there is nothing to rewind", where, "seed this member from another one");
  const seen = await lookAtSource(reachedFrom(member, source), signal);
  if (seen.kind !== "done") return seen;
  const { system, timelines, until, columns } = seen.value;
  if (own.system !== system)
    return refusal(
      "OTHER_CLUSTER",
      `its data is of cluster ${own.system}, ${source.name}'s of ${system}`,
      where,
      "look where this data comes from; nothing was changed",
    );

  // Its identity may be older than its data, so this is the latest point that is surely common; each later transaction is
  // looked up by who wrote it.
  const fork = forkOf(own.timelines, { timelines, until });
  const isElsewhere = ({ server, sequence }: Gtid) => writerOf(timelines, sequence, until) === server;
  const read = await readDivergence(installed, member, fork, isElsewhere, signal);
  if (read.kind !== "done") return read;
  const told = tellable(read.value.transactions);
  const timeline = own.timelines.at(-1)?.timeline ?? 0;
  const first = read.value.transactions[0]?.gtid.sequence;
  const leftAt = first === undefined ? fork : first - 1;
  await writeFileAtomic(
    divergentFile,
    divergenceText({
      member: member.name,
      timeline,
      fork: leftAt,
      primary: source.name,
      divergence: read.value,
      columns,
    }),
  );
  const telling = `${told.length} transactions told in ${divergentFile}${read.value.remark === null ? "" : `. ${read.value.remark}`}`;
  const divergent = read.value.remark === null ? told.length : null;

  const { data, rewinding } = layoutOf(member.dataFolder);
  await writeFileAtomic(rewinding, "");
  // As a replica that crashed it takes back what was written to the binary log and not committed: what waited for a standby.
  const settings = { "init-rpl-role": "SLAVE" };
  const place = { installed, member, data, settings, clock };
  const left = await withServerAlone(place, signal, async (alone, _socketFile, bounded) => {
    const asked = await ask(alone, bounded);
    if (asked.kind === "known") return done(asked.value);
    return refusal("NOT_STARTED_ALONE", asked.reason, where, "look at alone.log beside the data");
  });
  if (left.kind !== "done") return left;
  const last = parseGtid(left.value.written);
  if (last !== null && !isElsewhere(last)) {
    const copied = await reseed(installed, member, source, clock, signal);
    if (copied.kind !== "done") return copied;
    return done({
      ...copied.value,
      what: `${gtidText(last)} was committed here and can't be taken back: ${copied.value.what}; ${telling}`,
      divergent,
    });
  }
  await writeIdentity(data, left.value);
  await writeFollow(member, source);
  await removeTree(rewinding);
  return done({
    what: `rewound to ${leftAt}; ${telling}`,
    timeline: timelines.at(-1)?.timeline ?? 0,
    position: last?.sequence ?? 0,
    divergent,
  });
}
