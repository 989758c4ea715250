// The writes that only a lost primary has, told in words before pg_rewind removes them. The old primary is started alone
// (one socket file in a folder of ours, no network), and its slot, kept where every standby had acknowledged, is decoded:
// table, old and new row, time of the commit. Without the slot the writes can't be told, and that is said.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { done, type Outcome } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Clock } from "../../runtime/clock.ts";
import { openProgramLog, removeTree } from "../../runtime/files.ts";
import { start } from "../../runtime/process.ts";
import type { Installation, MemberSpec } from "../contract.ts";
import { startConnections } from "./connections.ts";
import { bytesOf, lsnOf } from "./control-data.ts";
import { postgresArguments } from "./launch.ts";
import { AGENT_ROLE, APPLICATION_DATABASE, layoutOf } from "./layout.ts";
import { asOrdinaryUser } from "../../linux/ordinary-user.ts";
import { refusal } from "../running-member.ts";
import { whereOf } from "./copies.ts";

/** The slot that `mark` moves; decodes the application's database. */
export const SLOT = "outlast_divergence";
const CHANGES_MAX = 200_000;
const START_MAX_MS = 120_000;
const STOP_GRACE_MS = 30_000;
const LOG_MAX_BYTES = 4 * 1024 * 1024;

export interface Change {
  readonly lsn: string;
  readonly xid: string;
  readonly data: string;
}

export interface Divergence {
  /** Where the slot stood; null: there is no slot, or it was given up as too old. */
  readonly slot: string | null;
  readonly changes: readonly Change[];
}

/** Pure. Whole transactions whose commit ends after `fork`, in words; those before are on the new primary too. */
export function divergentTransactions(changes: readonly Change[], fork: number): readonly string[][] {
  const told: string[][] = [];
  let open: string[] = [];
  for (const { lsn, xid, data } of changes) {
    if (data.startsWith("BEGIN")) open = [];
    else if (data.startsWith("COMMIT")) {
      const time = /\(at ([^)]+)\)/.exec(data)?.[1] ?? "at an unknown time";
      if (bytesOf(lsn) > fork && open.length > 0)
        told.push([
          `${time}  transaction ${xid}, committed up to ${lsn}`,
          ...open.map((line) => `  ${line}`),
        ]);
    } else open.push(data.replace(/^table /, ""));
  }
  return told;
}

export function divergenceText(of: {
  readonly member: string;
  readonly timeline: number;
  readonly fork: number;
  readonly primary: string;
  readonly told: readonly string[][];
  readonly remark: string | null;
}): string {
  const { member, timeline, fork, primary, told, remark } = of;
  return [
    `# Writes of ${member} on timeline ${timeline} after ${lsnOf(fork)} that ${primary} does not have.`,
    `# ${told.length} transactions. None was acknowledged under synchronous replication; with asynchronous replication any may have been.`,
    ...(remark === null ? [] : [`# ${remark}`]),
    ...told.flatMap((lines) => ["", ...lines]),
    "",
  ].join("\n");
}

/** Pure. Why the writes after `fork` may not all be among those that were read; null: they are. */
export function incomplete({ slot, changes }: Divergence, fork: number): string | null {
  if (slot === null)
    return `The writes can't be told: there is no slot ${SLOT} (its mark was never set, or it grew too old).`;
  if (bytesOf(slot) > fork)
    return `Writes between ${lsnOf(fork)} and ${slot} can't be told: the mark stood at ${slot} already.`;
  if (changes.length >= CHANGES_MAX) return `Only the first ${CHANGES_MAX} changes were read.`;
  return null;
}

/** Starts the stopped member alone, reads what its slot holds, and ends it in order: so its data is clean for pg_rewind. */
export async function readDivergence(
  installed: Installation,
  member: MemberSpec,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome<Divergence>> {
  const { data } = layoutOf(member.dataFolder);
  await removeTree(join(data, "standby.signal"));
  const folder = await mkdtemp(join(tmpdir(), "outlast-alone-"));
  const log = await openProgramLog(join(member.dataFolder, "alone.log"), LOG_MAX_BYTES);
  const argv = postgresArguments(installed, member, {
    listen_addresses: "",
    unix_socket_directories: folder,
    port: String(PORTS.postgresql),
    primary_conninfo: "",
    synchronous_standby_names: "",
    default_transaction_read_only: "on",
    autovacuum: "off",
  });
  try {
    await using child = await start(asOrdinaryUser(argv), { stdio: ["ignore", log.fd, log.fd] });
    await using connections = startConnections({
      host: folder,
      port: PORTS.postgresql,
      user: AGENT_ROLE,
      database: APPLICATION_DATABASE,
      where: whereOf(member),
      connectionsMax: 1,
    });
    const ended = new AbortController();
    void child.exited.then(() => ended.abort());
    const bounded = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(START_MAX_MS)]);
    const read = await slotChanges(connections, clock, bounded, whereOf(member));
    await child.stop(STOP_GRACE_MS, "SIGINT");
    return read;
  } finally {
    await log.close();
    await removeTree(folder);
  }
}

async function slotChanges(
  connections: ReturnType<typeof startConnections>,
  clock: Clock,
  signal: AbortSignal,
  where: string,
): Promise<Outcome<Divergence>> {
  const slotText = `SELECT confirmed_flush_lsn::text AS slot FROM pg_replication_slots
WHERE slot_name = '${SLOT}' AND coalesce(wal_status, '') <> 'lost'`;
  for (;;) {
    const slot = await connections.query({ name: null, text: slotText, readOnly: true }, signal);
    if (slot.kind === "done") {
      const at = slot.value[0]?.["slot"];
      if (typeof at !== "string") return done({ slot: null, changes: [] });
      const text = `SELECT lsn::text, xid::text, data FROM pg_logical_slot_peek_changes('${SLOT}', NULL, ${CHANGES_MAX},
'include-timestamp', 'on', 'skip-empty-xacts', 'on')`;
      const changes = await connections.query({ name: null, text, readOnly: true }, signal);
      if (changes.kind !== "done") return changes;
      return done({ slot: at, changes: changes.value as unknown as Change[] });
    }
    if (signal.aborted)
      return refusal(
        "NOT_STARTED_ALONE",
        `the old data could not be started to read its writes: ${slot.failure.what}`,
        where,
        "look at alone.log beside the data",
      );
    await clock.sleep(50, signal);
  }
}
