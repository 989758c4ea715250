// A bounded set of connections to one member, for drivers whose wire carries one call at a time. A call has a connection to
// itself, is sent once, and ends with its signal. A connection is dialled for whoever is first in line when it is there. One
// whose call was given up is destroyed, or, with `lingerMs`, kept until its answer comes: else a member that stood still for
// a moment would come back to as many new connections as there were calls, and to nothing else for long.
//
//   call ─► idle connection, else in line for one, or for a new one ─► ask ─► next in line, or idle
//              └ abort: certainly not sent                               ├ abort ─► given up; destroyed, now or after lingerMs
//                                                                        └ broken ─► destroyed
import { Socket } from "node:net";
import { done, type Outcome } from "../domain/outcome.ts";

export interface PoolOptions<Connection> {
  /** For people: "site paris (10.0.0.1:5432)". */
  readonly where: string;
  readonly connectionsMax: number;
  /** How long a connection waits for the answer to a call that was given up; 0: not at all. */
  readonly lingerMs?: number;
  /** Dials over this socket, not connected yet, and makes ready; throws. `drop` is called when it has ended. */
  readonly dial: (socket: Socket, drop: () => void) => Promise<Connection>;
}

export interface ConnectionPool<Connection> extends AsyncDisposable {
  /**
   * `ask` gets `discard`: this connection is not to be used again. With lingerMs it may outlive the signal, and what the call
   * comes to then is what `givenUp` says.
   */
  use<T>(
    ask: (connection: Connection, discard: () => void) => Promise<Outcome<T>>,
    signal: AbortSignal,
    givenUp?: () => Outcome<T>,
  ): Promise<Outcome<T>>;
}

interface Held<Connection> {
  readonly connection: Connection;
  readonly socket: Socket;
}

interface Waiting<Connection> {
  readonly settle: (taken: Outcome<Held<Connection>>) => void;
}

const WAITING_MAX = 1_000;
/** A connection that is not there by then never will be. */
const OPEN_MAX_MS = 5_000;

export function startConnectionPool<Connection>(to: PoolOptions<Connection>): ConnectionPool<Connection> {
  const { lingerMs = 0 } = to;
  const idle: Held<Connection>[] = [];
  const all = new Set<Held<Connection>>();
  /** Not connected yet. */
  const opening = new Set<Socket>();
  const line: Waiting<Connection>[] = [];
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

  async function open(): Promise<Outcome<Held<Connection>>> {
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
    const bound = setTimeout(() => socket.destroy(), OPEN_MAX_MS);
    opening.add(socket);
    try {
      const connection = await to.dial(socket, drop);
      if (closed || socket.destroyed) throw new Error("closed meanwhile");
      held = { connection, socket };
      all.add(held);
      return done(held);
    } catch (cause) {
      socket.destroy();
      // Nothing was asked yet, so whatever refused, nothing happened.
      return failed("NO_CONNECTION", cause instanceof Error ? cause.message : String(cause), cause);
    } finally {
      opening.delete(socket);
      clearTimeout(bound);
    }
  }

  const give = (held: Held<Connection>) => {
    const first = line.shift();
    if (first === undefined) idle.push(held);
    else first.settle(done(held));
  };

  /** For whoever is first in line then; only a failure is its asker's own. */
  const openFor = (asker: Waiting<Connection>) =>
    void open().then((got) => {
      if (got.kind === "done") return give(got.value);
      const at = line.indexOf(asker);
      if (at >= 0) {
        line.splice(at, 1);
        asker.settle(got);
      }
      openForNext();
    });
  const hasRoom = () => all.size + opening.size < to.connectionsMax;
  /** The place of a connection that is gone is free for whoever waits. */
  const openForNext = () => {
    const [first] = line;
    if (first !== undefined && hasRoom()) openFor(first);
  };

  async function take(signal: AbortSignal): Promise<Outcome<Held<Connection>>> {
    if (closed) return failed("CLIENT_CLOSED", "this client is closed");
    if (signal.aborted) return failed("NOT_ASKED", "it was given up before it was sent");
    const free = idle.pop();
    if (free !== undefined) return done(free);
    if (line.length >= WAITING_MAX)
      return failed("TOO_BUSY", `${WAITING_MAX} calls wait for a connection already`);
    return await new Promise((resolve) => {
      const waiting: Waiting<Connection> = {
        settle: (taken) => {
          signal.removeEventListener("abort", leave);
          resolve(taken);
        },
      };
      const leave = () => {
        line.splice(line.indexOf(waiting), 1);
        waiting.settle(failed("NO_CONNECTION", "no connection in time"));
      };
      signal.addEventListener("abort", leave, { once: true });
      line.push(waiting);
      if (hasRoom()) openFor(waiting);
    });
  }

  const release = (held: Held<Connection>) => {
    if (!held.socket.destroyed) return give(held);
    all.delete(held);
    openForNext();
  };

  return {
    async use(ask, signal, givenUp) {
      const taken = await take(signal);
      if (taken.kind !== "done") return taken;
      const held = taken.value;
      const { connection, socket } = held;
      if (signal.aborted) {
        give(held);
        return failed("NOT_ASKED", "it was given up before it was sent");
      }
      const discard = () => void socket.destroy();
      const lingers = givenUp !== undefined && lingerMs > 0;
      let end: NodeJS.Timeout | undefined;
      const aborted = Promise.withResolvers<void>();
      const onAbort = () => {
        if (lingers) end = setTimeout(discard, lingerMs).unref();
        else discard();
        aborted.resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const asked = ask(connection, discard).finally(() => {
        signal.removeEventListener("abort", onAbort);
        clearTimeout(end);
        release(held);
      });
      if (givenUp === undefined || !lingers) return await asked;
      return await Promise.race([asked, aborted.promise.then(givenUp)]);
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      for (const socket of [...opening, ...[...all].map((held) => held.socket)]) socket.destroy();
      for (const waiting of line.splice(0)) waiting.settle(failed("CLIENT_CLOSED", "this client is closed"));
    },
  };
}
