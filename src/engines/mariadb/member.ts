// What a running member says of itself, ours or somebody else's: three questions, answered from its memory, also by a standby
// that has lost its source and by a primary whose commits all wait.
import { z } from "zod";
import type { Reading } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Acknowledgement, Member, MemberSpec, Observation } from "../contract.ts";
import { type Connections, type Row, startConnections } from "./connections.ts";
import { ancestorsOf, sequenceOf } from "./gtid.ts";
import { AGENT_ACCOUNT, replicaName } from "./layout.ts";
import type { StandbyProgress } from "./standby-progress.ts";

const OBSERVE_TIMEOUT_MS = 500;
/** Less than this counts as a timeout after which replication turns asynchronous by itself. */
const TIMEOUT_LEAST_MS = 365 * 24 * 3_600_000;
const OBSERVE = `SELECT JSON_OBJECT(
  'system', (SELECT \`system\` FROM outlast.cluster),
  'epoch', (SELECT epoch FROM outlast.epoch),
  'timelines', (SELECT JSON_ARRAYAGG(JSON_OBJECT('timeline', timeline, 'began', began, 'server', server) ORDER BY timeline)
    FROM outlast.timelines),
  'epochs', (SELECT JSON_ARRAYAGG(JSON_OBJECT('epoch', epoch, 'timeline', timeline, 'begins', begins) ORDER BY epoch)
    FROM outlast.epochs),
  'readOnly', @@global.read_only = 1,
  'written', @@global.gtid_current_pos,
  'applied', @@global.gtid_slave_pos,
  'semiSync', @@global.rpl_semi_sync_master_enabled = 1,
  'timeoutMs', @@global.rpl_semi_sync_master_timeout,
  'waitPoint', @@global.rpl_semi_sync_master_wait_point,
  'waitNoSlave', @@global.rpl_semi_sync_master_wait_no_slave = 1,
  'durable', @@global.sync_binlog = 1 AND @@global.innodb_flush_log_at_trx_commit = 1 AND @@global.sync_relay_log = 1,
  'statementTimeS', @@global.max_statement_time,
  'accounts', (SELECT JSON_ARRAYAGG(JSON_OBJECT('account', User, 'locked',
      COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0) IN ('1', 'true')) ORDER BY User)
    FROM mysql.global_priv WHERE User LIKE 'replica-%'),
  'threads', (SELECT JSON_ARRAYAGG(JSON_OBJECT('id', ID, 'account', USER, 'command', COMMAND, 'state', STATE) ORDER BY ID)
    FROM information_schema.PROCESSLIST WHERE COMMAND IN ('Binlog Dump', 'Slave_worker'))
) AS seen`;
/** A question of its own: as part of the other one it takes five times as long. */
const STATUS = "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_%'";

const flag = z
  .union([z.boolean(), z.literal(0), z.literal(1)])
  .transform((value) => value === true || value === 1);

const answer = z.object({
  system: z.string(),
  epoch: z.number(),
  timelines: z.array(z.object({ timeline: z.number(), began: z.number(), server: z.number() })).min(1),
  epochs: z.array(z.object({ epoch: z.number(), timeline: z.number(), begins: z.number() })).nullable(),
  readOnly: flag,
  written: z.string(),
  applied: z.string(),
  semiSync: flag,
  timeoutMs: z.number(),
  waitPoint: z.string(),
  waitNoSlave: flag,
  durable: flag,
  statementTimeS: z.number(),
  accounts: z.array(z.object({ account: z.string(), locked: flag })).nullable(),
  threads: z
    .array(
      z.object({ id: z.number(), account: z.string(), command: z.string(), state: z.string().nullable() }),
    )
    .nullable(),
});

const status = z.object({
  Rpl_semi_sync_master_status: z.string(),
  Rpl_semi_sync_master_clients: z.coerce.number(),
  Rpl_semi_sync_master_no_tx: z.coerce.number(),
  Rpl_semi_sync_master_wait_sessions: z.coerce.number(),
});

/** Of SHOW SLAVE STATUS; no row: it follows nobody and never did. */
const slave = z.object({
  Master_Host: z.string(),
  Slave_IO_Running: z.string(),
  Slave_SQL_Running: z.string(),
  Slave_SQL_Running_State: z.string().nullable(),
  Gtid_IO_Pos: z.string(),
  Last_IO_Errno: z.coerce.number(),
  Last_IO_Error: z.string(),
  Last_SQL_Errno: z.coerce.number(),
  Last_SQL_Error: z.string(),
});

export type Answered = z.infer<typeof answer> & {
  readonly status: z.infer<typeof status>;
  readonly slave: z.infer<typeof slave> | null;
};

/** As the agent: to a member of this machine where it listens itself, to another one by the door for members. */
export function startAgentConnections(
  member: Pick<MemberSpec, "name" | "address" | "listenAddress" | "replicationPort">,
  connectionsMax = 2,
  session?: string,
): Connections {
  const here = member.listenAddress !== undefined;
  const address = member.listenAddress ?? member.address;
  const port = here ? PORTS.mariadb : (member.replicationPort ?? PORTS.mariadb);
  return startConnections({
    to: { address, port },
    user: AGENT_ACCOUNT,
    where: `site ${member.name} (${address}:${port})`,
    connectionsMax,
    ...(session === undefined ? {} : { session }),
  });
}

/** Another member as this one reaches it. */
export const reachedFrom = (
  { replicationPort }: Pick<MemberSpec, "replicationPort">,
  other: Pick<MemberSpec, "name" | "address">,
) => ({ ...other, ...(replicationPort === undefined ? {} : { replicationPort }) });

/** What it says, in its own words. */
export async function ask(connections: Connections, signal: AbortSignal): Promise<Reading<Answered>> {
  const answers: (readonly Row[])[] = [];
  // One after the other: a position in a later one is never older than one in an earlier one.
  for (const text of [OBSERVE, STATUS, "SHOW SLAVE STATUS"]) {
    const asked = await connections.query({ text, readOnly: true }, signal);
    if (asked.kind !== "done") return { kind: "unknown", reason: asked.failure.what, sinceMs: 0 };
    answers.push(asked.value);
  }
  const [own = [], counters = [], following = []] = answers;
  const seen = answer.extend({ status, slave: slave.nullable() }).safeParse({
    ...(JSON.parse(String(own[0]?.["seen"])) as object),
    status: Object.fromEntries(counters.map((row) => [row["Variable_name"], row["Value"]])),
    slave: following[0] ?? null,
  });
  if (seen.success) return { kind: "known", value: seen.data, atMs: 0 };
  return { kind: "unknown", reason: `an answer of another shape: ${seen.error.message}`, sinceMs: 0 };
}

export function attachMariadb(
  member: Pick<MemberSpec, "name" | "address" | "listenAddress" | "members">,
  clock: Clock,
  progress: StandbyProgress,
  connections: Connections = startAgentConnections(member),
): Member & AsyncDisposable {
  return {
    async observe(signal): Promise<Reading<Observation>> {
      const sinceMs = clock.nowMs();
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(OBSERVE_TIMEOUT_MS)]);
      const asked = await ask(connections, bounded);
      if (asked.kind === "unknown") return { ...asked, sinceMs };
      return {
        kind: "known",
        value: observation(asked.value, member, progress.of(streamsOf(asked.value))),
        atMs: clock.nowMs(),
      };
    },
    [Symbol.asyncDispose]: async () => {
      await progress[Symbol.asyncDispose]();
      await connections[Symbol.asyncDispose]();
    },
  };
}

export interface Stream {
  readonly name: string;
  /** Another one after each reconnection. */
  readonly id: number;
}

/** Who streams from it: of several streams under one account the latest. */
export const streamsOf = (seen: Pick<Answered, "threads">): readonly Stream[] => {
  const streams = new Map<string, Stream>();
  for (const { id, account, command } of seen.threads ?? []) {
    const name = replicaName(account) ?? account;
    if (command === "Binlog Dump") streams.set(name, { name, id });
  }
  return [...streams.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

/** Nothing that was handed to a worker is still to be applied. */
export const workersIdle = (seen: Pick<Answered, "threads">): boolean =>
  (seen.threads ?? []).every(
    ({ command, state }) => command !== "Slave_worker" || state?.startsWith("Waiting for work") === true,
  );

/** Whose acknowledgement a commit waits for; null: set in another way than ours. */
export function acknowledgementOf(seen: Answered): Acknowledgement | null {
  if (!seen.semiSync) return { count: 0, members: [] };
  const ours = seen.waitPoint === "AFTER_SYNC" && seen.waitNoSlave && seen.timeoutMs >= TIMEOUT_LEAST_MS;
  if (!ours || seen.status.Rpl_semi_sync_master_status !== "ON") return null;
  const members = (seen.accounts ?? []).filter(({ locked }) => !locked);
  return { count: 1, members: members.flatMap(({ account }) => replicaName(account) ?? []) };
}

/** It takes part as a standby: nobody can write to it, or it applies what another one writes. */
export const isStandby = (seen: Answered): boolean => seen.readOnly || seen.slave !== null;

/** Where a standby has all that it received; what it received is forgotten by a restart. */
export const receivedOf = (seen: Answered): number =>
  Math.max(sequenceOf(seen.written), sequenceOf(seen.applied), sequenceOf(seen.slave?.Gtid_IO_Pos ?? ""));

/**
 * Of a standby: all that it received since its start is applied. What it received before its start and had not applied then
 * is received again, so it does not count.
 */
export function hasAppliedAll(seen: Answered): boolean {
  if (seen.slave === null) return true;
  if (seen.slave.Slave_SQL_Running !== "Yes") return seen.slave.Gtid_IO_Pos === "";
  return (
    sequenceOf(seen.slave.Gtid_IO_Pos) <= sequenceOf(seen.applied) &&
    seen.slave.Slave_SQL_Running_State?.startsWith("Slave has read all relay log") === true &&
    workersIdle(seen)
  );
}

/** How far a standby is known to be; `null`: it has not been reached yet. */
export interface Progress {
  readonly flushed: number;
  readonly replayed: number;
  /** It has answered within the last two seconds. */
  readonly inContact: boolean;
}

/** Pure: MariaDB's answer in Outlast's words. */
export function observation(
  seen: Answered,
  member: Pick<MemberSpec, "name" | "members">,
  progress: ReadonlyMap<string, Progress>,
): Observation {
  const inRecovery = isStandby(seen);
  const acknowledgement = acknowledgementOf(seen);
  const streaming = seen.slave?.Slave_IO_Running === "Yes" ? seen.slave.Master_Host : null;
  const replayed = Math.max(sequenceOf(seen.written), sequenceOf(seen.applied));
  const streams = streamsOf(seen);
  const allCount = seen.status.Rpl_semi_sync_master_clients >= streams.length;
  const standbys = streams.map(({ name }) => {
    const known = progress.get(name);
    return {
      name,
      state: known?.inContact === false ? ("startup" as const) : ("streaming" as const),
      synchronous: allCount && acknowledgement?.members.includes(name) === true,
      flushed: known?.flushed ?? 0,
      replayed: known?.replayed ?? 0,
    };
  });
  const counted = standbys.filter(({ state, synchronous }) => synchronous && state === "streaming").length;
  const leader = inRecovery
    ? streaming === null
      ? null
      : (member.members.find(({ address }) => address === streaming)?.name ?? streaming)
    : member.name;
  return {
    role: inRecovery ? "follower" : "leader",
    term: seen.epoch,
    position: replayed,
    leader,
    quorum: inRecovery ? streaming !== null : acknowledgement !== null && counted >= acknowledgement.count,
    alarms: alarmsOf(seen),
    replication: {
      system: seen.system,
      timeline: seen.timelines.at(-1)?.timeline ?? 0,
      ancestors: ancestorsOf(seen.timelines),
      // Only who has promoted a timeline records an epoch for it.
      epochs: (seen.epochs ?? []).map((known) => ({ ...known, serves: known.timeline })),
      inRecovery,
      // While it streams it always has something to apply, and says how far it has received.
      replaying: inRecovery && streaming === null && !hasAppliedAll(seen),
      flushed: inRecovery ? receivedOf(seen) : replayed,
      replayed,
      source: streaming,
      acknowledgement,
      standbys,
    },
  };
}

function alarmsOf(seen: Answered): readonly string[] {
  const { slave: stream } = seen;
  const unacknowledged = seen.status.Rpl_semi_sync_master_no_tx;
  return [
    ...(acknowledgementOf(seen) === null ? ["ACKNOWLEDGEMENT_FOREIGN semi-synchronous settings"] : []),
    ...(!isStandby(seen) && seen.semiSync && unacknowledged > 0
      ? [`COMMITTED_UNACKNOWLEDGED ${unacknowledged}`]
      : []),
    ...(seen.durable ? [] : ["NOT_DURABLE sync_binlog, innodb_flush_log_at_trx_commit or sync_relay_log"]),
    ...(seen.statementTimeS > 0 ? ["SYNCHRONOUS_WAIT_BOUNDED max_statement_time"] : []),
    ...(!seen.readOnly && stream !== null ? ["STANDBY_WRITABLE read_only"] : []),
    ...(stream !== null && stream.Last_SQL_Errno !== 0
      ? [`REPLICATION_STOPPED ${stream.Last_SQL_Errno} ${stream.Last_SQL_Error}`]
      : []),
    ...(stream !== null && stream.Last_IO_Errno === 1236
      ? [`REPLICATION_STOPPED ${stream.Last_IO_Errno} ${stream.Last_IO_Error}`]
      : []),
  ];
}
