// A bounded set of connections to one member. A call has a connection to itself, is sent once, and ends with its signal:
// then the socket is destroyed, and never is a CancelRequest sent, because PostgreSQL answers a cancelled synchronous
// commit as a success.
//
//   call ─► idle connection, else a new one, else wait in line ─► query ─► ReadyForQuery ─► idle
//                                                                   └ error of the connection, abort ─► destroyed
import { Socket } from "node:net";
import pg from "pg";
import { done, type Failure, type Outcome } from "../../domain/outcome.ts";
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
  readonly socket: Socket;
  notices: string[];
  broken: boolean;
}

const WAITING_MAX = 1_000;

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
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  const line: { readonly go: () => void }[] = [];
  let opening = 0;
  let closed = false;

  const failed = (code: string, what: string, cause?: unknown): Outcome<never> => ({
    kind: "failed",
    failure: {
      code,
      definite: true,
      what,
      where: to.where,
      next: "look at the member's log and the network",
      ...(cause === undefined ? {} : { cause }),
    },
  });

  async function open(signal: AbortSignal): Promise<Outcome<Connection>> {
    const socket = new Socket();
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
    const connection: Connection = { client, socket, notices: [], broken: false };
    const drop = () => {
      connection.broken = true;
      all.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
    };
    client.on("error", drop);
    socket.on("close", drop);
    client.on("notice", (notice) => {
      if (connection.notices.length < 16) connection.notices.push(notice.message ?? "");
    });
    const onAbort = () => socket.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    opening += 1;
    try {
      if (signal.aborted) return failed("NOT_ASKED", "it was given up before it was sent");
      await client.connect();
      socket.setNoDelay(true);
      if (closed || connection.broken) throw new Error("closed meanwhile");
      all.add(connection);
      return done(connection);
    } catch (cause) {
      socket.destroy();
      // Nothing was asked yet, so whatever refused, nothing happened.
      if (signal.aborted) return failed("NO_CONNECTION", "no connection in time", cause);
      return failed("NO_CONNECTION", cause instanceof Error ? cause.message : String(cause), cause);
    } finally {
      opening -= 1;
      signal.removeEventListener("abort", onAbort);
    }
  }

  async function take(signal: AbortSignal): Promise<Outcome<Connection>> {
    for (;;) {
      if (closed) return failed("CLIENT_CLOSED", "this client is closed");
      if (signal.aborted) return failed("NOT_ASKED", "it was given up before it was sent");
      const free = idle.pop();
      if (free !== undefined) return done(free);
      if (all.size + opening < to.connectionsMax) return await open(signal);
      if (line.length >= WAITING_MAX)
        return failed("TOO_BUSY", `${WAITING_MAX} calls wait for a connection already`);
      await new Promise<void>((resolve) => {
        const entry = {
          go: () => {
            signal.removeEventListener("abort", leave);
            resolve();
          },
        };
        const leave = () => {
          const at = line.indexOf(entry);
          if (at >= 0) line.splice(at, 1);
          resolve();
        };
        signal.addEventListener("abort", leave, { once: true });
        line.push(entry);
      });
    }
  }

  const next = () => line.shift()?.go();

  async function ask(
    connection: Connection,
    { name, text, values, readOnly }: Query,
    signal: AbortSignal,
  ): Promise<Outcome<readonly Row[]>> {
    const { client, socket } = connection;
    connection.notices = [];
    const onAbort = () => socket.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
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
      const failure = failureOf(cause, signal.aborted, to.where);
      const definite = failure.definite || readOnly === true;
      return { kind: definite ? "failed" : "unknown", failure: { ...failure, definite } };
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) socket.destroy();
      if (connection.broken || socket.destroyed) all.delete(connection);
      else idle.push(connection);
      next();
    }
  }

  return {
    async query(query, signal) {
      const taken = await take(signal);
      if (taken.kind !== "done") {
        next(); // its place is free for another one
        return taken;
      }
      return await ask(taken.value, query, signal);
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      for (const { socket } of all) socket.destroy();
      while (line.length > 0) next();
    },
  };
}

const notReplicated = (warning: string, where: string): Failure => ({
  code: "SYNCHRONOUS_WAIT_ENDED",
  definite: false,
  what: `it is committed here, but maybe nowhere else: ${warning}`,
  where,
  next: "treat it as unknown; look who ended the wait",
});
