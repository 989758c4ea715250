// A bounded set of connections to one member. A call is one statement, sent once; one that is given up closes its socket,
// and never is a KILL QUERY sent: it would end the wait of a commit, which is then acknowledged without a standby.
import { createConnection, type Connection, type RowDataPacket } from "mysql2";
import { done, type Outcome } from "../../domain/outcome.ts";
import { startConnectionPool } from "../connection-pool.ts";
import { failureOf, leavesConnectionUsable } from "./failures.ts";

export interface ConnectTo {
  /** An address and a port, or the path of a socket file. */
  readonly to: { readonly address: string; readonly port: number } | { readonly socketFile: string };
  readonly user: string;
  /** For people: "site paris (10.0.0.1:3306)". */
  readonly where: string;
  readonly connectionsMax: number;
  /** What is set in each session beyond SESSION: "sql_log_bin=0". */
  readonly session?: string;
}

export interface Query {
  /** With question marks for the values; prepared once a connection, unless `values` is missing. */
  readonly text: string;
  readonly values?: readonly (string | number | null)[];
  /** Changes nothing: then no outcome is unknown. */
  readonly readOnly?: boolean;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Connections extends AsyncDisposable {
  /** The rows of the last result; none when it has no rows. */
  query(query: Query, signal: AbortSignal): Promise<Outcome<readonly Row[]>>;
}

/** Neither a global setting nor init_connect may weaken these. */
const SESSION =
  "autocommit=1, sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', max_statement_time=0, lock_wait_timeout=60, innodb_lock_wait_timeout=60, wait_timeout=86400, group_concat_max_len=67108864, tx_isolation='READ-COMMITTED'";

export function startConnections(options: ConnectTo): Connections {
  const pool = startConnectionPool<Connection>({
    where: options.where,
    connectionsMax: options.connectionsMax,
    dial: async (socket, drop) => {
      const { to } = options;
      const connection = createConnection({
        user: options.user,
        password: "",
        stream: () =>
          "socketFile" in to
            ? socket.connect({ path: to.socketFile })
            : socket.connect({ host: to.address, port: to.port }).setNoDelay(true),
        connectTimeout: 0, // the caller's signal bounds it
        charset: "utf8mb4_bin",
        supportBigNumbers: true,
        jsonStrings: true,
        maxPreparedStatements: 64,
      });
      connection.on("error", drop);
      await new Promise<void>((resolve, reject) => {
        connection.query(
          `SET SESSION ${SESSION}${options.session === undefined ? "" : `, ${options.session}`}`,
          (error) => (error === null ? resolve() : reject(error)),
        );
      });
      return connection;
    },
  });

  return {
    query: (query, signal) =>
      pool.use(async (connection, discard) => {
        try {
          return done(await ask(connection, query));
        } catch (cause) {
          const failure = failureOf(cause, signal.aborted, options.where);
          // It may have left a transaction open, in which the next write would seem to be committed.
          if (!leavesConnectionUsable(cause)) discard();
          const definite = failure.definite || query.readOnly === true;
          return { kind: definite ? "failed" : "unknown", failure: { ...failure, definite } };
        }
      }, signal),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function ask(connection: Connection, { text, values }: Query): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, result: unknown) =>
      error === null ? resolve(rowsOf(result)) : reject(error);
    if (values === undefined) connection.query<RowDataPacket[]>(text, answered);
    else connection.execute<RowDataPacket[]>(text, [...values], answered);
  });
}

/** Rows; or of a procedure: its results one after the other and what the whole said, of which the last rows count. */
function rowsOf(result: unknown): readonly Row[] {
  if (!Array.isArray(result)) return [];
  const nested = result.filter((part) => Array.isArray(part)) as Row[][];
  return nested.length > 0 ? (nested.at(-1) ?? []) : (result as Row[]);
}
