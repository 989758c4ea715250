// What a running member says of itself, ours or somebody else's: one question, answered from its memory, also by a standby
// that has lost its source and by a primary whose commits all wait.
import { z } from "zod";
import type { Reading } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Member, MemberSpec, Observation } from "../contract.ts";
import { type Connections, startConnections } from "./connections.ts";
import { parseHistory } from "./history.ts";
import { AGENT_ROLE, APPLICATION_DATABASE } from "./layout.ts";
import { parseNames } from "./settings.ts";

export const OBSERVE_TIMEOUT_MS = 500;

const bytes = (lsn: string) => `(${lsn} - '0/0'::pg_lsn)::bigint`;

const OBSERVE = `SELECT json_build_object(
  'system', (SELECT system_identifier::text FROM pg_control_system()),
  'inRecovery', pg_is_in_recovery(),
  'timeline', timeline,
  'epochs', (SELECT coalesce(json_agg(json_build_object('epoch', epoch, 'timeline', e.timeline, 'begins', begins,
      'serves', serves) ORDER BY epoch), '[]') FROM outlast.epochs AS e),
  'history', CASE WHEN timeline > 1 THEN
    pg_read_file('pg_wal/' || lpad(upper(to_hex(timeline)), 8, '0') || '.history', 0, 1000000, true) END,
  'flushed', CASE WHEN pg_is_in_recovery()
    THEN ${bytes("greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())")}
    ELSE ${bytes("pg_current_wal_flush_lsn()")} END,
  'replayed', CASE WHEN pg_is_in_recovery() THEN ${bytes("pg_last_wal_replay_lsn()")}
    ELSE ${bytes("pg_current_wal_flush_lsn()")} END,
  'source', (SELECT sender_host FROM pg_stat_wal_receiver WHERE status = 'streaming'),
  'replaying', pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'startup'
      AND wait_event IN ('RecoveryWalStream', 'RecoveryRetrieveRetryInterval')),
  'names', (SELECT setting FROM pg_settings WHERE name = 'synchronous_standby_names'),
  'standbys', (SELECT coalesce(json_agg(json_build_object(
      'name', application_name, 'state', state, 'synchronous', sync_state IN ('sync', 'quorum'),
      'flushed', ${bytes("coalesce(flush_lsn, '0/0')")}, 'replayed', ${bytes("coalesce(replay_lsn, '0/0')")},
      'lagMs', extract(epoch FROM flush_lag) * 1000)
      ORDER BY application_name), '[]') FROM pg_stat_replication),
  'weakened', (SELECT coalesce(json_agg(coalesce(r.rolname, d.datname, 'all')), '[]')
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE EXISTS (SELECT FROM unnest(s.setconfig) AS c WHERE c ~ '^synchronous_commit=(off|false|no|0|local|remote_write)$')),
  'altered', (SELECT coalesce(json_agg(name), '[]') FROM pg_file_settings
    WHERE sourcefile LIKE '%postgresql.auto.conf' AND name IN ('primary_conninfo', 'synchronous_standby_names'))
)::text AS seen FROM (SELECT outlast.timeline() AS timeline) AS own`;

const answer = z.object({
  system: z.string(),
  inRecovery: z.boolean(),
  timeline: z.number(),
  epochs: z.array(
    z.object({ epoch: z.number(), timeline: z.number(), begins: z.number(), serves: z.number() }),
  ),
  history: z.string().nullable(),
  flushed: z.number().nullable(),
  replayed: z.number().nullable(),
  source: z.string().nullable(),
  replaying: z.boolean(),
  names: z.string(),
  standbys: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["startup", "catchup", "streaming", "backup", "stopping"]),
      synchronous: z.boolean(),
      flushed: z.number(),
      replayed: z.number(),
      lagMs: z.number().nullable(),
    }),
  ),
  weakened: z.array(z.string()),
  altered: z.array(z.string()),
});
export type Answered = z.infer<typeof answer>;

/** As the agent's role: to a member of this machine where it listens itself, to another one by the door for members. */
export function startAgentConnections(
  member: Pick<MemberSpec, "name" | "address" | "listenAddress" | "replicationPort">,
  connectionsMax = 2,
): Connections {
  const here = member.listenAddress !== undefined;
  const host = member.listenAddress ?? member.address;
  const port = here ? PORTS.postgresql : (member.replicationPort ?? PORTS.postgresql);
  return startConnections({
    host,
    port,
    user: AGENT_ROLE,
    database: APPLICATION_DATABASE,
    where: `site ${member.name} (${host}:${port})`,
    connectionsMax,
  });
}

export function attachPostgresql(
  member: Pick<MemberSpec, "name" | "address" | "listenAddress" | "replicationPort" | "members">,
  clock: Clock,
  connections: Connections = startAgentConnections(member),
): Member & AsyncDisposable {
  return {
    async observe(signal): Promise<Reading<Observation>> {
      const sinceMs = clock.nowMs();
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(OBSERVE_TIMEOUT_MS)]);
      const asked = await connections.query(
        { name: "observe", text: OBSERVE, values: [], readOnly: true },
        bounded,
      );
      if (asked.kind !== "done") return { kind: "unknown", reason: asked.failure.what, sinceMs };
      const seen = answer.safeParse(JSON.parse(String(asked.value[0]?.["seen"])));
      if (!seen.success)
        return { kind: "unknown", reason: `an answer of another shape: ${seen.error.message}`, sinceMs };
      return { kind: "known", value: observation(seen.data, member), atMs: clock.nowMs() };
    },
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}

/** Pure: PostgreSQL's answer in Outlast's words. */
export function observation(seen: Answered, member: Pick<MemberSpec, "name" | "members">): Observation {
  const { system, inRecovery, timeline, epochs, source, standbys } = seen;
  const acknowledgement = parseNames(seen.names);
  const flushed = seen.flushed ?? 0;
  const replayed = seen.replayed ?? 0;
  const counted = standbys.filter(({ state, synchronous }) => synchronous && state === "streaming").length;
  const leader = inRecovery
    ? source === null
      ? null
      : (member.members.find(({ address }) => address === source)?.name ?? source)
    : member.name;
  return {
    role: inRecovery ? "follower" : "leader",
    term: epochs.at(-1)?.epoch ?? 0,
    position: replayed,
    leader,
    quorum: inRecovery ? source !== null : acknowledgement !== null && counted >= acknowledgement.count,
    alarms: [
      ...seen.weakened.map((where) => `SYNCHRONOUS_COMMIT_WEAKENED ${where}`),
      ...seen.altered.map((setting) => `SETTING_OVERRIDDEN ${setting}`),
      ...(acknowledgement === null ? [`SYNCHRONOUS_NAMES_FOREIGN ${seen.names}`] : []),
    ],
    replication: {
      system,
      epochs,
      timeline,
      ancestors: parseHistory(seen.history ?? ""),
      inRecovery,
      replaying: seen.replaying,
      flushed,
      replayed,
      source,
      acknowledgement,
      standbys,
    },
  };
}
