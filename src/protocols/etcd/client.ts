// A gRPC client bound to one etcd member: each call is sent to that member, at most once. What an error says about the
// effect of the call is decided in one place (`certainlyNotDone`): everything that is not proven is unknown.
import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { done, type Outcome } from "../../domain/outcome.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { NOT_SENT, SESSION_TIMINGS, type SessionTimings, startSessions } from "./sessions.ts";

export interface CallOptions {
  readonly signal: AbortSignal;
  /** The member answers "no leader" at once, before it does anything, when it knows none. */
  readonly requireLeader?: boolean;
  /** The call changes nothing: any failure is definite. */
  readonly readOnly?: boolean;
}

export interface EtcdClient extends AsyncDisposable {
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    input: MessageInitShape<I>,
    options: CallOptions,
  ): Promise<Outcome<MessageShape<O>>>;
  /** Messages as they come. The last item is a failure unless the member ended the stream in order. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    input: AsyncIterable<MessageInitShape<I>>,
    options: Pick<CallOptions, "signal" | "requireLeader">,
  ): AsyncIterable<Outcome<MessageShape<O>>>;
  /** Sessions and dialled sockets that exist now. */
  open(): number;
}

/** Codes with which etcd refuses: before it proposes, or all members alike when they apply. Only with etcd's own words. */
const REFUSALS: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.ResourceExhausted, // NOSPACE, too many requests, request too large
]);

/** "Unavailable" is mostly unknown (a proposal may be on its way); these are said before anything was proposed. */
const REFUSED_UNAVAILABLE: ReadonlySet<string> = new Set([
  "etcdserver: no leader", // unary calls: only by the interceptor that looks at `hasleader`
  "etcdserver: unhealthy cluster",
  "etcdserver: rpc not supported for learner",
  "etcdserver: not capable",
]);

/** True only when the call can't have had an effect and never will. */
export function certainlyNotDone(code: Code, message: string): boolean {
  if (code === Code.Unimplemented) return true;
  if (!message.startsWith("etcdserver: ")) return false;
  return REFUSALS.has(code) || (code === Code.Unavailable && REFUSED_UNAVAILABLE.has(message));
}

const wasNotSent = (error: unknown): boolean =>
  error instanceof Error && (NOT_SENT in error || wasNotSent(error.cause));

export function startEtcdClient(
  host: string,
  port: number,
  options: { readonly clock?: Clock; readonly timings?: SessionTimings } = {},
): EtcdClient {
  const sessions = startSessions(
    host,
    port,
    options.clock ?? systemClock,
    options.timings ?? SESSION_TIMINGS,
  );

  const failure = <T>(
    definite: boolean,
    code: string,
    what: string,
    where: string,
    cause?: unknown,
  ): Outcome<T> => ({
    kind: definite ? "failed" : "unknown",
    failure: {
      code,
      definite,
      what,
      where,
      next: definite
        ? "look at the member, then ask again"
        : "read the value back before you rely on either outcome",
      ...(cause === undefined ? {} : { cause }),
    },
  });

  return {
    async call(method, input, { signal, requireLeader = false, readOnly = false }) {
      const where = `${host}:${port} ${method.parent.name}.${method.name}`;
      const session = await sessions.acquire(signal);
      if (session.kind === "not-sent") return failure(true, session.code, session.what, where);
      let answered = false;
      try {
        const header = requireLeader ? { hasleader: "true" } : {};
        const answer = await session.transport.unary(method, signal, undefined, header, input);
        answered = true;
        return done(answer.message);
      } catch (cause) {
        const error = ConnectError.from(cause);
        const notSent = wasNotSent(cause);
        answered = error.rawMessage.startsWith("etcdserver: ");
        const definite = readOnly || notSent || certainlyNotDone(error.code, error.rawMessage);
        const code = notSent
          ? "ENGINE_NOT_CONNECTED"
          : signal.aborted
            ? "ENGINE_TIMED_OUT"
            : error.rawMessage.startsWith("etcdserver: ")
              ? codeOf(error.rawMessage)
              : "ENGINE_CONNECTION_LOST";
        const what =
          code === "ENGINE_TIMED_OUT" ? "no answer before the caller's deadline" : error.rawMessage;
        return failure(definite, code, what, where, cause);
      } finally {
        session.release(answered);
      }
    },
    async *stream(method, input, { signal, requireLeader = false }) {
      const where = `${host}:${port} ${method.parent.name}.${method.name}`;
      const session = await sessions.acquire(signal);
      if (session.kind === "not-sent") {
        yield failure(true, session.code, session.what, where);
        return;
      }
      let answered = false;
      try {
        const header = requireLeader ? { hasleader: "true" } : {};
        const answer = await session.transport.stream(method, signal, undefined, header, input);
        for await (const message of answer.message) {
          answered = true;
          yield done(message);
        }
      } catch (cause) {
        const error = ConnectError.from(cause);
        const code = signal.aborted ? "ENGINE_TIMED_OUT" : "ENGINE_CONNECTION_LOST";
        yield failure(false, code, error.rawMessage, where, cause);
      } finally {
        session.release(answered);
      }
    },
    open: () => sessions.open(),
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  };
}

/** "etcdserver: mvcc: database space exceeded" → ENGINE_DATABASE_SPACE_EXCEEDED */
const codeOf = (message: string): string =>
  `ENGINE_${(message.split(": ").at(-1) ?? "")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, "_")
    .slice(0, 60)}`;
