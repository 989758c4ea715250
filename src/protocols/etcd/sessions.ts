// HTTP/2 sessions to one etcd member, for gRPC. Promises:
//   - a call is given to one session, once; nothing here ever sends a call again
//   - a call that could not be given to a session was certainly not sent (NotSent)
//   - a session that went silent (network cut, member frozen) gets no new call; within tens of ms after the member can be
//     reached again there is a new one, however long TCP's own retransmission timer on the old one has become
//
//   no session ──acquire──► dialing ──first socket that connects──► current ──silent, closed, GOAWAY──► retired
//        ▲                    │ refused: every waiter fails at once                                       │ last call
//        └────────────────────┘◄──────────────────────────────────────────────────────────────────────────┘ ended
//
// While calls are open and no byte arrives, the session is asked by PING: the member's HTTP/2 layer answers even when the
// engine can't commit, so a leader election is not mistaken for a dead connection. A server counts pings without data as
// misuse after two (gRPC keepalive enforcement, 5 s in etcd), hence the spacing in pingDelayMs. Only time in which this
// process could have read a byte counts as the member's silence: after a late turn of our own, timers run before sockets.
import * as http2 from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import type { Clock } from "../../runtime/clock.ts";

export interface SessionTimings {
  /** Open calls and no byte for this long: ask by PING. */
  readonly silentMs: number;
  /** No byte this long after the PING: retire the session. */
  readonly pingPatienceMs: number;
  /** While somebody waits and no dialled socket has connected, dial again this often. */
  readonly redialMs: number;
}

export const SESSION_TIMINGS: SessionTimings = { silentMs: 100, pingPatienceMs: 300, redialMs: 80 };

/** The first keeps TCP's own SYN retries for very long round trips; the others are replaced in turn. */
const DIALS_MAX = 4;
const QUICK_PINGS = 3;
const SLOW_PING_MS = 5_100;

/** How long a session may stay silent before its nth ping without data in between (n from 0). */
export const pingDelayMs = (nth: number, silentMs: number): number =>
  nth < QUICK_PINGS ? silentMs * 2 ** nth : SLOW_PING_MS;

/** How much of the time between two looks counts as listening: what is beyond two turns was our own lateness. */
export const listenedMs = (elapsedMs: number, everyMs: number): number => Math.min(elapsedMs, 2 * everyMs);

export interface NotSent {
  readonly kind: "not-sent";
  readonly code: "ENGINE_REFUSED_CONNECTION" | "ENGINE_NOT_CONNECTED" | "ENGINE_CLIENT_CLOSED";
  readonly what: string;
}

export interface Session {
  readonly kind: "session";
  readonly h2: http2.ClientHttp2Session;
  /** Must be called when the call has ended, however it ended. */
  release(answered: boolean): void;
}

export interface Sessions extends AsyncDisposable {
  acquire(signal: AbortSignal): Promise<Session | NotSent>;
  /** Sessions and dialled sockets that exist now: for tests and for leak checks. */
  open(): number;
}

interface Live {
  readonly h2: http2.ClientHttp2Session;
  calls: number;
  retired: boolean;
  /** The last call ended without an answer. */
  doubted: boolean;
  watch: NodeJS.Timeout | null;
}

export function startSessions(
  host: string,
  port: number,
  clock: Clock,
  timings: SessionTimings = SESSION_TIMINGS,
): Sessions {
  const authority = `http://${host}:${port}`;
  const live = new Set<Live>();
  const dials: Socket[] = [];
  const waiters = new Set<(result: Live | NotSent) => void>();
  let current: Live | null = null;
  let redial: NodeJS.Timeout | null = null;
  let closed = false;

  function retire(session: Live): void {
    session.retired = true;
    if (current === session) current = null;
    if (session.calls === 0) session.h2.destroy();
  }

  /** Looks at the session while calls are open, and after a call that ended in silence until a byte settles the doubt. */
  function watchSilence(session: Live): void {
    if (session.watch !== null) return;
    let bytes = bytesRead(session.h2);
    const everyMs = Math.max(10, timings.silentMs / 4);
    let lookedAtMs = clock.nowMs();
    let nowMs = 0; // listened so far
    let quietSinceMs = 0;
    let pings = 0;
    let pingedAtMs: number | null = null;
    const look = () => {
      const atMs = clock.nowMs();
      nowMs += listenedMs(atMs - lookedAtMs, everyMs);
      lookedAtMs = atMs;
      const seen = bytesRead(session.h2);
      if (seen !== bytes) {
        // An answered PING shows life but is not data: the server's count of pings goes on.
        if (pingedAtMs === null) pings = 0;
        bytes = seen;
        quietSinceMs = nowMs;
        pingedAtMs = null;
        session.doubted = false;
      } else if (pingedAtMs !== null) {
        if (nowMs - pingedAtMs > timings.pingPatienceMs) retire(session);
      } else if (nowMs - quietSinceMs >= pingDelayMs(pings, timings.silentMs) && !session.h2.destroyed) {
        pings += 1;
        pingedAtMs = nowMs;
        session.h2.ping(() => undefined); // its answer is seen as bytes
      }
      if (session.calls > 0 || session.doubted || pingedAtMs !== null) return;
      stopWatching(session);
    };
    session.watch = setInterval(look, everyMs);
  }

  function adopt(socket: Socket): Live {
    const h2 = http2.connect(authority, {
      createConnection: () => socket,
      settings: { initialWindowSize: 4 * 1024 * 1024 },
    });
    const session: Live = {
      h2,
      calls: 0,
      retired: false,
      doubted: false,
      watch: null,
    };
    live.add(session);
    h2.on("error", () => undefined); // each open call is told by its own stream; "close" follows
    h2.on("goaway", () => retire(session));
    h2.on("close", () => {
      stopWatching(session);
      live.delete(session);
      if (current === session) current = null;
    });
    return session;
  }

  function settle(result: Live | NotSent): void {
    stopDialing();
    for (const waiter of waiters) waiter(result);
    waiters.clear();
  }

  function stopDialing(): void {
    if (redial !== null) clearInterval(redial);
    redial = null;
    for (const socket of dials.splice(0)) socket.destroy();
  }

  function dial(): void {
    if (dials.length >= DIALS_MAX) dials.splice(1, 1)[0]?.destroy();
    const socket = connectTcp({ host, port, noDelay: true });
    dials.push(socket);
    socket.once("connect", () => {
      dials.splice(dials.indexOf(socket), 1);
      current = adopt(socket);
      settle(current);
    });
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      const at = dials.indexOf(socket);
      if (at < 0) return; // adopted (the session tells) or given up
      dials.splice(at, 1);
      settle({
        kind: "not-sent",
        code: "ENGINE_REFUSED_CONNECTION",
        what: `${host}:${port} can't be connected to: ${cause.code ?? cause.message}`,
      });
    });
  }

  async function acquire(signal: AbortSignal): Promise<Session | NotSent> {
    const stopped = (what: string): NotSent => ({ kind: "not-sent", code: "ENGINE_NOT_CONNECTED", what });
    if (closed) return { kind: "not-sent", code: "ENGINE_CLIENT_CLOSED", what: "this client was closed" };
    if (signal.aborted) return stopped("the call was over before it began");
    const ready = current !== null && !current.h2.destroyed && !current.h2.closed ? current : null;
    const result =
      ready ??
      (await new Promise<Live | NotSent>((resolve) => {
        const finish = (value: Live | NotSent) => {
          signal.removeEventListener("abort", giveUp);
          resolve(value);
        };
        const giveUp = () => {
          waiters.delete(finish);
          if (waiters.size === 0) stopDialing();
          finish(stopped(`no connection to ${host}:${port} in time`));
        };
        signal.addEventListener("abort", giveUp, { once: true });
        waiters.add(finish);
        if (redial === null) {
          redial = setInterval(dial, timings.redialMs);
          dial();
        }
      }));
    if ("kind" in result) return result;
    const session = result;
    session.calls += 1;
    watchSilence(session);
    return {
      kind: "session",
      h2: session.h2,
      release: (answered) => {
        session.calls -= 1;
        session.doubted = !answered;
        if (session.calls === 0 && session.retired) session.h2.destroy();
      },
    };
  }

  return {
    acquire,
    open: () => live.size + dials.length,
    [Symbol.asyncDispose]: async () => {
      closed = true;
      settle({ kind: "not-sent", code: "ENGINE_CLIENT_CLOSED", what: "this client was closed" });
      for (const session of live) session.h2.destroy();
    },
  };
}

function stopWatching(session: Live): void {
  if (session.watch !== null) clearInterval(session.watch);
  session.watch = null;
}

const bytesRead = (h2: http2.ClientHttp2Session): number =>
  h2.destroyed ? -1 : (h2.socket?.bytesRead ?? -1);
