// EngineClient over one PostgreSQL member. Only a primary writes and reads "linearizable"; a standby refuses both at once,
// definitely. An acknowledged commit is ReadyForQuery without the warning that a synchronous wait was ended.
//
// "linearizable" holds with synchronous replication: a read too is acknowledged by a standby (ledger.confirm). With
// asynchronous replication a primary that was cut off still answers from what it has.
import { done, type Outcome } from "../../domain/outcome.ts";
import { PORTS } from "../../domain/plan.ts";
import type { Answer, EngineClient, MemberSpec, ReadMode } from "../contract.ts";
import { type Connections, type Query, type Row, startConnections } from "./connections.ts";
import { APPLICATION_DATABASE, APPLICATION_ROLE } from "./layout.ts";

const CONNECTIONS_MAX = 48;
/** Of them, for reads of the member by itself. */
const READS_MAX = 8;
/** A commit that waits for a standby may be answered yet; a cut that is silent never is. */
const LINGER_MS = 10_000;
const ANSWERED = "ledger.term() AS term, ledger.position() AS position";
const confirmed = (mode: ReadMode) => (mode === "linearizable" ? ", ledger.confirm()" : "");

const READ = (mode: ReadMode) =>
  `SELECT (SELECT value FROM ledger.entries WHERE key = $1) AS value, ${ANSWERED}${confirmed(mode)}`;
const WRITE = `INSERT INTO ledger.entries (key, value) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING ${ANSWERED}`;
const COMPARE_AND_SET = `SELECT ledger.compare_and_set($1, $2, $3) AS value, ${ANSWERED}`;
const ROLE = `SELECT pg_is_in_recovery() AS standby, (SELECT coalesce(max(epoch), 0) FROM outlast.epochs) AS epoch,
(SELECT sender_host FROM pg_stat_wal_receiver WHERE status = 'streaming') AS source`;
/** One row always, so that an empty page has a term too. */
const LIST = (mode: ReadMode) =>
  `SELECT (SELECT coalesce(json_agg(json_build_array(key, value, created::text) ORDER BY created), '[]')::text FROM (
  SELECT key, value, created FROM ledger.entries
  WHERE starts_with(key, $1) AND created > $2 ORDER BY created LIMIT $3) AS page) AS value,
${ANSWERED}${confirmed(mode)}`;

function answered<T>(outcome: Outcome<readonly Row[]>, value: (row: Row) => T): Outcome<Answer<T>> {
  if (outcome.kind !== "done") return outcome;
  const [row] = outcome.value;
  if (row === undefined) throw new RangeError("PostgreSQL answered without a row");
  return done({ value: value(row), term: Number(row["term"]), position: Number(row["position"]) });
}

/** `readsAt`: where this machine's own member is read from itself, and asked what it is, whatever a fence says. */
export function postgresqlEngineClient(
  member: Pick<MemberSpec, "name" | "address">,
  { readsAt = member.address }: { readonly readsAt?: string } = {},
): EngineClient {
  const where = `site ${member.name} (${member.address}:${PORTS.postgresql})`;
  const to = {
    port: PORTS.postgresql,
    user: APPLICATION_ROLE,
    database: APPLICATION_DATABASE,
    where,
    lingerMs: LINGER_MS,
  };
  const apart = readsAt !== member.address;
  const connections = startConnections({
    ...to,
    host: member.address,
    connectionsMax: apart ? CONNECTIONS_MAX - READS_MAX : CONNECTIONS_MAX,
  });
  const reads = apart ? startConnections({ ...to, host: readsAt, connectionsMax: READS_MAX }) : connections;
  const by = (mode: ReadMode): Connections => (mode === "replica" ? reads : connections);
  const reading = (name: string, mode: ReadMode, text: string, values: unknown[]): Query => ({
    name: `${name}-${mode}`,
    text,
    values,
    readOnly: true,
  });
  return {
    async role(signal) {
      const asked = await reads.query({ name: "role", text: ROLE, values: [], readOnly: true }, signal);
      if (asked.kind !== "done") return asked;
      const [row] = asked.value;
      if (row === undefined) throw new RangeError("PostgreSQL answered without a row");
      const source = row["source"] as string | null;
      return done({ primary: row["standby"] === false, source, term: Number(row["epoch"]) });
    },
    read: async (key, mode, signal) =>
      answered(
        await by(mode).query(reading("read", mode, READ(mode), [key]), signal),
        (row) => row["value"] as string | null,
      ),
    write: async (key, value, signal) =>
      answered(
        await connections.query({ name: "write", text: WRITE, values: [key, value] }, signal),
        () => null,
      ),
    compareAndSet: async (changes, signal) => {
      const values = (["key", "from", "to"] as const).map((part) => changes.map((change) => change[part]));
      return answered(
        await connections.query({ name: "compare-and-set", text: COMPARE_AND_SET, values }, signal),
        (row) => row["value"] === true,
      );
    },
    list: async (prefix, { mode, limit, after }, signal) =>
      answered(
        await by(mode).query(
          // One more than asked for tells whether there is another page.
          reading("list", mode, LIST(mode), [prefix, after ?? "-1", limit + 1]),
          signal,
        ),
        (row) => {
          const found = JSON.parse(row["value"] as string) as [string, string, string][];
          const page = found.slice(0, limit);
          return {
            entries: page.map(([key, value]) => ({ key, value })),
            next: found.length > limit ? (page.at(-1)?.[2] ?? null) : null,
          };
        },
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all([connections[Symbol.asyncDispose](), reads[Symbol.asyncDispose]()]);
    },
  };
}
