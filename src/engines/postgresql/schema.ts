// What a new cluster holds: the application's role, its database, the epoch, and the table and functions of the ledger.
import { APPLICATION_DATABASE, APPLICATION_ROLE } from "./layout.ts";

/** SQLSTATE of ledger.term() on a primary that nobody has told yet that it may serve. */
export const EPOCH_NOT_RECORDED = "OL002";

/** One statement each, run one after the other by postgres --single, before the first start. */
export const CLUSTER_STATEMENTS: readonly string[] = [
  `CREATE ROLE ${APPLICATION_ROLE} LOGIN`,
  // A cancelled synchronous commit counts as acknowledged: only the superuser may cancel others.
  "REVOKE EXECUTE ON FUNCTION pg_cancel_backend(integer) FROM PUBLIC",
  `CREATE DATABASE ${APPLICATION_DATABASE}`,
];

export const DATABASE_STATEMENTS: readonly string[] = [
  "REVOKE EXECUTE ON FUNCTION pg_cancel_backend(integer) FROM PUBLIC",
  `GRANT pg_read_all_stats TO ${APPLICATION_ROLE}`,
  // Which primaryships this log contains: written by each new primary before anybody may ask it, and so known wherever the
  // log is. Two promotions from one ancestor can choose the same timeline, never the same epoch.
  "CREATE SCHEMA outlast",
  `GRANT USAGE ON SCHEMA outlast TO ${APPLICATION_ROLE}`,
  `CREATE TABLE outlast.epochs (
  epoch bigint PRIMARY KEY,
  timeline bigint NOT NULL,
  begins bigint NOT NULL,
  serves bigint NOT NULL
)`,
  `GRANT SELECT ON outlast.epochs TO ${APPLICATION_ROLE}`,
  // A standby: of what it receives, else of its last restart point.
  `CREATE FUNCTION outlast.timeline() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN pg_is_in_recovery()
    THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), (pg_control_checkpoint()).timeline_id)
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint END
$$`,
  "CREATE SCHEMA ledger",
  `GRANT USAGE ON SCHEMA ledger TO ${APPLICATION_ROLE}`,
  `CREATE TABLE ledger.entries (
  key text PRIMARY KEY,
  value text NOT NULL,
  created bigint GENERATED ALWAYS AS IDENTITY
)`,
  "CREATE INDEX entries_created ON ledger.entries (created)",
  // The old row of a change is told too when a lost write has to be (rewind).
  "ALTER TABLE ledger.entries REPLICA IDENTITY FULL",
  `GRANT SELECT, INSERT, UPDATE ON ledger.entries TO ${APPLICATION_ROLE}`,
  // The term of an answer is the epoch of the primaryship, read in the answer's own transaction. A primary whose timeline
  // serves no epoch (just promoted, or promoted by hand) refuses: nobody has said yet that it may serve.
  `CREATE FUNCTION ledger.term() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE newest outlast.epochs;
BEGIN
  SELECT * INTO newest FROM outlast.epochs ORDER BY epoch DESC LIMIT 1;
  IF NOT pg_is_in_recovery() AND newest.serves IS DISTINCT FROM outlast.timeline() THEN
    RAISE EXCEPTION USING ERRCODE = '${EPOCH_NOT_RECORDED}',
      MESSAGE = format('timeline %s serves no epoch', outlast.timeline());
  END IF;
  RETURN coalesce(newest.epoch, 0);
END
$$`,
  `CREATE FUNCTION ledger.position() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END
    - '0/0'::pg_lsn)::bigint
$$`,
  // A read that is answered only after a standby has acknowledged something later: so no primary that has been replaced
  // can answer it. It fails on a standby.
  `CREATE FUNCTION ledger.confirm() RETURNS pg_lsn LANGUAGE sql VOLATILE AS $$
  SELECT pg_logical_emit_message(true, 'outlast', '')
$$`,
  // All compared and all written, or nothing. In order of keys, so that two of them can't wait for each other.
  `CREATE FUNCTION ledger.compare_and_set(keys text[], froms text[], tos text[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE at integer;
BEGIN
  BEGIN
    FOR at IN SELECT n FROM generate_subscripts(keys, 1) AS n ORDER BY keys[n] COLLATE "C" LOOP
      IF froms[at] IS NULL THEN
        INSERT INTO ledger.entries (key, value) VALUES (keys[at], tos[at]) ON CONFLICT (key) DO NOTHING;
      ELSE
        UPDATE ledger.entries SET value = tos[at] WHERE key = keys[at] AND value = froms[at];
      END IF;
      IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'OL001';
      END IF;
    END LOOP;
    RETURN true;
  EXCEPTION WHEN SQLSTATE 'OL001' THEN
    PERFORM ledger.confirm();
    RETURN false;
  END;
END
$$`,
];

/**
 * One simple query of two statements: one transaction. It waits for no standby: every acknowledged write of the epoch comes
 * later in the log, so whoever has such a write has the epoch too.
 */
export const recordEpochStatement = (epoch: number, timeline: number, begins: number): string =>
  `SET LOCAL synchronous_commit = local;
INSERT INTO outlast.epochs (epoch, timeline, begins, serves) VALUES (${epoch}, ${timeline}, ${begins}, ${timeline})
ON CONFLICT (epoch) DO UPDATE SET serves = excluded.serves`;

/** For the standard input of `postgres --single -j`: a statement ends with a semicolon and an empty line. */
export const singleUserInput = (statements: readonly string[]): string =>
  statements.map((statement) => `${statement};\n\n`).join("");
