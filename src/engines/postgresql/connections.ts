// A bounded set of connections to one member (../connection-pool.ts). Never is a CancelRequest sent, because PostgreSQL answers a
// cancelled synchronous commit as a success.
//
//   call ─► connection of its own ─► query ─► ReadyForQuery ─► idle
//                                        ├ abort ─► given up: unknown; the connection lingers, or is destroyed
//                                        └ error of the connection ─► destroyed
import pg from "pg";
import { done, type Failure, type Outcome } from "../../domain/outcome.ts";
import { startConnectionPool } from "../connection-pool.ts";
import { failureOf, readsAsCommitted } from "./failures.ts";

export interface ConnectTo {
  /** An address, or the folder of a socket file. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** For people: "site paris (10.0.0.1:5432)". */
  readonly where: string;
  readonly connectionsMax: number;
  /** See ../connection-pool.ts. */
  readonly lingerMs?: number;
}

export interface Query {
  /** Prepared once a connection; null: not prepared, may hold several statements. */
  readonly name: string | null;
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Changes nothing: then no outcome is unknown. */
  readonly readOnly?: boolean;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Connections extends AsyncDisposable {
  query(query: Query, signal: AbortSignal): Promise<Outcome<readonly Row[]>>;
}

interface Connection {
  readonly client: pg.Client;
  notices: string[];
}

/** Neither a role nor a database may weaken these: what the client asks for at the start comes last. */
const SESSION = [
  "synchronous_commit=on",
  "client_min_messages=notice",
  "statement_timeout=0",
  "lock_timeout=0",
  "idle_session_timeout=0",
  "default_transaction_isolation=read\\ committed",
  "default_transaction_read_only=off",
]
  .map((setting) => `-c ${setting}`)
  .join(" ");

export function startConnections(to: ConnectTo): Connections {
  const pool = startConnectionPool<Connection>({
    where: to.where,
    connectionsMax: to.connectionsMax,
    lingerMs: to.lingerMs ?? 0,
    dial: async (socket, drop) => {
      const client = new pg.Client({
        host: to.host,
        port: to.port,
        user: to.user,
        database: to.database,
        password: "",
        ssl: false,
        options: SESSION,
        stream: () => socket,
      });
      const connection: Connection = { client, notices: [] };
      client.on("error", drop);
      client.on("notice", (notice) => {
        if (connection.notices.length < 16) connection.notices.push(notice.message ?? "");
      });
      await client.connect();
      socket.setNoDelay(true);
      return connection;
    },
  });

  async function ask(
    connection: Connection,
    { name, text, values, readOnly }: Query,
    signal: AbortSignal,
  ): Promise<Outcome<readonly Row[]>> {
    const { client } = connection;
    connection.notices = [];
    try {
      const asked =
        name === null
          ? client.query<Record<string, unknown>>(text)
          : client.query<Record<string, unknown>>({ name, text, values: [...(values ?? [])] });
      const result = await asked;
      const warning = readsAsCommitted(connection.notices);
      if (warning === null) return done(result.rows);
      return { kind: "unknown", failure: notReplicated(warning, to.where) };
    } catch (cause) {
      return refused(cause, readOnly, signal);
    }
  }

  function refused(cause: unknown, readOnly: boolean | undefined, signal: AbortSignal): Outcome<never> {
    const failure = failureOf(cause, signal.aborted, to.where);
    const definite = failure.definite || readOnly === true;
    return { kind: definite ? "failed" : "unknown", failure: { ...failure, definite } };
  }

  return {
    query: (query, signal) =>
      pool.use(
        (connection) => ask(connection, query, signal),
        signal,
        () => refused(new Error("given up"), query.readOnly, signal),
      ),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

const notReplicated = (warning: string, where: string): Failure => ({
  code: "SYNCHRONOUS_WAIT_ENDED",
  definite: false,
  what: `it is committed here, but maybe nowhere else: ${warning}`,
  where,
  next: "treat it as unknown; look who ended the wait",
});
