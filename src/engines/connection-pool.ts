// A bounded set of connections to one member, for drivers whose wire carries one call at a time. A call has a connection to
// itself, is sent once, and ends with its signal: then the socket is destroyed.
//
//   call ─► idle connection, else a new one, else wait in line ─► ask ─► idle
//                                                                  └ broken, abort ─► destroyed
import { Socket } from "node:net";
import { done, type Outcome } from "../domain/outcome.ts";

export interface PoolOptions<Connection> {
  /** For people: "site paris (10.0.0.1:5432)". */
  readonly where: string;
  readonly connectionsMax: number;
  /** Dials over this socket, not connected yet, and makes ready; throws. `drop` is called when it has ended. */
  readonly dial: (socket: Socket, drop: () => void) => Promise<Connection>;
}

export interface ConnectionPool<Connection> extends AsyncDisposable {
  /** `ask` gets `discard`: this connection is not to be used again. */
  use<T>(
    ask: (connection: Connection, discard: () => void) => Promise<Outcome<T>>,
    signal: AbortSignal,
  ): Promise<Outcome<T>>;
}

interface Held<Connection> {
  readonly connection: Connection;
  readonly socket: Socket;
}

const WAITING_MAX = 1_000;

export function startConnectionPool<Connection>(to: PoolOptions<Connection>): ConnectionPool<Connection> {
  const idle: Held<Connection>[] = [];
  const all = new Set<Held<Connection>>();
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

  async function open(signal: AbortSignal): Promise<Outcome<Held<Connection>>> {
    const socket = new Socket();
    let held: Held<Connection> | null = null;
    const drop = () => {
      socket.destroy();
      if (held === null) return;
      all.delete(held);
      const at = idle.indexOf(held);
      if (at >= 0) idle.splice(at, 1);
    };
    socket.on("close", drop);
    const onAbort = () => socket.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    opening += 1;
    try {
      if (signal.aborted) return failed("NOT_ASKED", "it was given up before it was sent");
      const connection = await to.dial(socket, drop);
      if (closed || socket.destroyed) throw new Error("closed meanwhile");
      held = { connection, socket };
      all.add(held);
      return done(held);
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

  async function take(signal: AbortSignal): Promise<Outcome<Held<Connection>>> {
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

  return {
    async use(ask, signal) {
      const taken = await take(signal);
      if (taken.kind !== "done") {
        next(); // its place is free for another one
        return taken;
      }
      const held = taken.value;
      const { connection, socket } = held;
      const discard = () => void socket.destroy();
      signal.addEventListener("abort", discard, { once: true });
      try {
        return await ask(connection, discard);
      } finally {
        signal.removeEventListener("abort", discard);
        if (signal.aborted) discard();
        if (socket.destroyed) all.delete(held);
        else idle.push(held);
        next();
      }
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      for (const { socket } of all) socket.destroy();
      while (line.length > 0) next();
    },
  };
}
