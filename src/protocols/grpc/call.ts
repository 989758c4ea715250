// What unary and streaming gRPC calls share: headers, framing, and the ways a call can end.
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from "node:http2";

/** grpc/doc/statuscodes.md; only those that callers branch on. */
export const STATUS = {
  ok: 0,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export type CallEnd =
  | { readonly kind: "ok" }
  /** The server (or something before it) ended the call with a status other than ok. */
  | { readonly kind: "status"; readonly code: number; readonly message: string };

export type CallFailure =
  | Exclude<CallEnd, { kind: "ok" }>
  /** The session would not take it: not a byte of it was sent. */
  | { readonly kind: "not-sent"; readonly what: string; readonly cause: unknown }
  /** Sent, or perhaps sent, and no status came. */
  | { readonly kind: "broken"; readonly what: string; readonly cause?: unknown }
  | { readonly kind: "aborted" };

/** Compressed flag and length. */
export const PREFIX_BYTES = 5;

/** `path` is "/package.Service/Method". */
export function opened(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>>,
): ClientHttp2Stream | CallFailure {
  try {
    return session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc+proto",
      te: "trailers",
      ...headers,
    });
  } catch (cause) {
    if (!String((cause as NodeJS.ErrnoException).code).startsWith("ERR_HTTP2_")) throw cause;
    return { kind: "not-sent", what: "the session had just ended", cause };
  }
}

export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** From trailers, or from headers that stand for them. */
export function endOf(trailers: IncomingHttpHeaders): CallEnd {
  const code = Number(trailers["grpc-status"] ?? STATUS.unknown);
  if (code === STATUS.ok) return { kind: "ok" };
  return { kind: "status", code, message: decoded(String(trailers["grpc-message"] ?? "")) };
}

/** Percent-encoded UTF-8; what is wrongly encoded is shown as it came. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Headers that already end it: not gRPC's, or in place of an answer. */
export function endByHeaders(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): CallEnd | null {
  const { ":status": httpStatus } = headers;
  if (httpStatus !== 200) return { kind: "status", code: STATUS.unknown, message: `HTTP ${httpStatus}` };
  return headers["grpc-status"] === undefined ? null : endOf(headers);
}

/** A stream that closed before its status came. */
export function unfinished(stream: ClientHttp2Stream, cause: unknown): CallFailure {
  const what = cause instanceof Error ? cause.message : `HTTP/2 code ${stream.rstCode ?? "none"}`;
  // Without an id the session never gave it to HTTP/2 (it had ended, was going away, had no stream left).
  return stream.pending
    ? { kind: "not-sent", what: `the session did not take it: ${what}`, cause }
    : { kind: "broken", what: `the connection ended: ${what}`, cause };
}
