// A gRPC client bound to one etcd member: each call is sent to that member, at most once. What an error says about the
// effect of the call is decided in one place (`certainlyNotDone`): everything that is not proven is unknown.
import {
  create,
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { done, type Outcome } from "../../domain/outcome.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { type CallFailure, STATUS } from "../grpc/call.ts";
import { streamCall } from "../grpc/stream.ts";
import { type UnaryResult, unaryCall } from "../grpc/unary.ts";
import { SESSION_TIMINGS, type SessionTimings, startSessions } from "./sessions.ts";

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
const REFUSALS: ReadonlySet<number> = new Set([
  STATUS.invalidArgument,
  STATUS.notFound,
  STATUS.failedPrecondition,
  STATUS.outOfRange,
  STATUS.permissionDenied,
  STATUS.unauthenticated,
  STATUS.resourceExhausted, // NOSPACE, too many requests, request too large
]);

/** "Unavailable" is mostly unknown (a proposal may be on its way); these are said before anything was proposed. */
const REFUSED_UNAVAILABLE: ReadonlySet<string> = new Set([
  "etcdserver: no leader", // unary calls: only by the interceptor that looks at `hasleader`
  "etcdserver: unhealthy cluster",
  "etcdserver: rpc not supported for learner",
  "etcdserver: not capable",
]);

/** True only when the call can't have had an effect and never will. */
export function certainlyNotDone(code: number, message: string): boolean {
  if (code === STATUS.unimplemented) return true;
  if (!message.startsWith("etcdserver: ")) return false;
  return REFUSALS.has(code) || (code === STATUS.unavailable && REFUSED_UNAVAILABLE.has(message));
}

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

  const failed = <T>(end: CallFailure, readOnly: boolean, where: string): Outcome<T> => {
    switch (end.kind) {
      case "not-sent":
        return failure(true, "ENGINE_NOT_CONNECTED", end.what, where, end.cause);
      case "aborted":
        return failure(readOnly, "ENGINE_TIMED_OUT", "no answer before the caller's deadline", where);
      case "broken":
        return failure(readOnly, "ENGINE_CONNECTION_LOST", end.what, where, end.cause);
      case "status": {
        const code = isEtcds(end) ? codeOf(end.message) : "ENGINE_CONNECTION_LOST";
        return failure(readOnly || certainlyNotDone(end.code, end.message), code, end.message, where);
      }
      default:
        return end satisfies never;
    }
  };

  const decoded = <O extends DescMessage>(
    output: O,
    message: Uint8Array,
    readOnly: boolean,
    where: string,
  ): Outcome<MessageShape<O>> => {
    try {
      return done(fromBinary(output, message));
    } catch (cause) {
      return failure(readOnly, "ENGINE_BAD_ANSWER", `not a ${output.typeName}`, where, cause);
    }
  };

  return {
    async call(method, input, { signal, requireLeader = false, readOnly = false }) {
      const where = `${host}:${port} ${method.parent.name}.${method.name}`;
      const message = toBinary(method.input, create(method.input, input));
      const session = await sessions.acquire(signal);
      if (session.kind === "not-sent") return failure(true, session.code, session.what, where);
      const result = await unaryCall(
        session.h2,
        pathOf(method),
        message,
        requireLeader ? LEADER : {},
        signal,
      );
      session.release(result.kind === "answer" || isEtcds(result));
      if (result.kind !== "answer") return failed(result, readOnly, where);
      return decoded(method.output, result.message, readOnly, where);
    },
    async *stream(method, input, { signal, requireLeader = false }) {
      const where = `${host}:${port} ${method.parent.name}.${method.name}`;
      const session = await sessions.acquire(signal);
      if (session.kind === "not-sent") {
        yield failure(true, session.code, session.what, where);
        return;
      }
      let answered = false;
      const messages = (async function* () {
        for await (const message of input) yield toBinary(method.input, create(method.input, message));
      })();
      const header = requireLeader ? LEADER : {};
      try {
        for await (const item of streamCall(session.h2, pathOf(method), messages, header, signal)) {
          if (item.kind === "ok") return;
          if (item.kind !== "message") return yield failed(item, false, where);
          answered = true;
          yield decoded(method.output, item.message, false, where);
        }
      } finally {
        session.release(answered);
      }
    },
    open: () => sessions.open(),
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  };
}

const pathOf = (method: { readonly parent: { readonly typeName: string }; readonly name: string }): string =>
  `/${method.parent.typeName}/${method.name}`;

const LEADER = { hasleader: "true" };

const isEtcds = (result: UnaryResult): boolean =>
  result.kind === "status" && result.message.startsWith("etcdserver: ");

/** "etcdserver: mvcc: database space exceeded" → ENGINE_DATABASE_SPACE_EXCEEDED */
const codeOf = (message: string): string =>
  `ENGINE_${(message.split(": ").at(-1) ?? "")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, "_")
    .slice(0, 60)}`;
