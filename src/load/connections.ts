// HTTP connections, each with at most one request at a time. A request is written once: a connection that breaks under
// it is given up with it, so the HTTP library can't send it again on a new one; after a deadline it is destroyed.
import { Client, errors } from "undici";
import type { Clock } from "../runtime/clock.ts";
import type { Exchange, HttpRequest } from "./classify.ts";

/** Idle connections are kept as long as the server keeps them. */
const KEEP_ALIVE_MS = 600_000;
export const CONNECTIONS_MAX = 4_096;

export interface Connections extends AsyncDisposable {
  /** Resolves at the latest at the deadline (Clock.nowMs); never rejects. */
  exchange(address: string, request: HttpRequest, deadlineAtMs: number): Promise<Exchange>;
  /** Closes the idle connections to an address now and the busy ones after their answer. */
  drop(address: string): void;
  open(): number;
}

type Answered = Extract<Exchange, { kind: "answer" }>;

interface Connection {
  readonly client: Client;
  readonly address: string;
  connected: boolean;
  busy: boolean;
  dropped: boolean;
}

export function startConnections(port: number, clock: Clock): Connections {
  const all = new Set<Connection>();
  const idle = new Map<string, Connection[]>();

  const giveUp = (connection: Connection) => {
    if (!all.delete(connection)) return;
    const rest = idle.get(connection.address)?.filter((other) => other !== connection) ?? [];
    idle.set(connection.address, rest);
    // Its requests have been told already, or are told by this; how the socket ends is of no interest.
    connection.client.destroy().catch(() => undefined);
  };

  const dial = (address: string): Connection | null => {
    if (all.size >= CONNECTIONS_MAX) return null;
    const client = new Client(`http://${address}:${port}`, {
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      // The deadline's own timer ends it; this one only has to be later.
      connect: { timeout: KEEP_ALIVE_MS },
    });
    const connection: Connection = { client, address, connected: false, busy: false, dropped: false };
    client.on("connect", () => {
      connection.connected = true;
    });
    client.on("disconnect", () => giveUp(connection));
    all.add(connection);
    return connection;
  };

  const exchange: Connections["exchange"] = async (address, request, deadlineAtMs) => {
    const connection = idle.get(address)?.pop() ?? dial(address);
    if (connection === null) return { kind: "not-sent", code: "TOO_MANY_CONNECTIONS" };
    connection.busy = true;
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        giveUp(connection);
      },
      Math.max(0, deadlineAtMs - clock.nowMs()),
    );
    try {
      const answer = await dispatched(connection.client, request);
      connection.busy = false;
      const ends = String(answer.headers["connection"] ?? "").toLowerCase() === "close";
      if (connection.dropped || ends) giveUp(connection);
      else if (all.has(connection)) push(connection);
      return answer;
    } catch (cause) {
      const { connected } = connection;
      giveUp(connection);
      if (late) return connected ? { kind: "no-answer", code: "DEADLINE" } : notSent("CONNECT_TIMEOUT");
      return connected ? { kind: "no-answer", code: codeOf(cause) } : notSent(codeOf(cause));
    } finally {
      clearTimeout(timer);
    }
  };
  const push = (connection: Connection) => {
    const list = idle.get(connection.address);
    if (list === undefined) idle.set(connection.address, [connection]);
    else list.push(connection);
  };

  return {
    exchange,
    drop: (address) => {
      for (const connection of all) {
        if (connection.address !== address) continue;
        if (connection.busy) connection.dropped = true;
        else giveUp(connection);
      }
    },
    open: () => all.size,
    [Symbol.asyncDispose]: async () => {
      for (const connection of all) giveUp(connection);
    },
  };
}

/** By undici's own events: a readable stream per answer would cost a generator more than all the rest of an operation. */
function dispatched(client: Client, { method, path, body }: HttpRequest): Promise<Answered> {
  return new Promise((resolve, reject) => {
    let status = 0;
    let headers: Answered["headers"] = {};
    const chunks: Buffer[] = [];
    client.dispatch(
      { method, path, body, headers: body === null ? {} : { "content-type": "application/json" } },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, statusCode, received) => {
          status = statusCode;
          headers = received;
        },
        onResponseData: (_controller, chunk) => {
          chunks.push(chunk);
        },
        onResponseEnd: () =>
          resolve({ kind: "answer", status, headers, text: Buffer.concat(chunks).toString("utf8") }),
        onResponseError: (_controller, cause) => reject(cause),
      },
    );
  });
}

const notSent = (code: string): Exchange => ({ kind: "not-sent", code });

function codeOf(cause: unknown): string {
  if (cause instanceof errors.SocketError) return "CONNECTION_CLOSED";
  const code = (cause as { code?: unknown }).code;
  return typeof code === "string" ? code : "BROKEN";
}
