// One unary gRPC call on one HTTP/2 session, once (grpc/doc/PROTOCOL-HTTP2.md). No retry, no name resolution, no choice of
// connection: whoever calls decides these. Every way a call can end is a value.
import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
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

export type UnaryResult =
  | { readonly kind: "answer"; readonly message: Uint8Array }
  /** The server (or something before it) ended the call with a status other than ok. */
  | { readonly kind: "status"; readonly code: number; readonly message: string }
  /** The session would not take it: not a byte of it was sent. */
  | { readonly kind: "not-sent"; readonly what: string; readonly cause: unknown }
  /** Sent, or perhaps sent, and no status came. */
  | { readonly kind: "broken"; readonly what: string; readonly cause?: unknown }
  | { readonly kind: "aborted" };

const PREFIX_BYTES = 5; // compressed flag, length
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;

/** Never rejects; ends at once when the signal does. `path` is "/package.Service/Method". */
export function unaryCall(
  session: ClientHttp2Session,
  path: string,
  message: Uint8Array,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<UnaryResult> {
  let stream: ClientHttp2Stream;
  try {
    stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc+proto",
      te: "trailers",
      ...headers,
    });
  } catch (cause) {
    return Promise.resolve({ kind: "not-sent", what: "the session had just ended", cause });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status: UnaryResult | null = null;
    let failure: unknown;

    const finish = (result: UnaryResult) => {
      signal.removeEventListener("abort", abort);
      resolve(result);
    };
    const abort = () => {
      finish({ kind: "aborted" });
      stream.close(constants.NGHTTP2_CANCEL);
    };
    const giveUp = (what: string) => {
      finish({ kind: "broken", what });
      stream.close(constants.NGHTTP2_CANCEL);
    };

    stream.on("response", (received) => {
      const { ":status": httpStatus } = received;
      if (httpStatus !== 200)
        status = { kind: "status", code: STATUS.unknown, message: `HTTP ${httpStatus}` };
      else if (received["grpc-status"] !== undefined) status = statusOf(received);
    });
    stream.on("trailers", (received) => {
      status ??= statusOf(received);
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_MAX_BYTES) giveUp(`the answer is longer than ${ANSWER_MAX_BYTES} bytes`);
      else chunks.push(chunk);
    });
    // Trailers come before "end"; "close" would come some turns of the loop later.
    stream.on("end", () => {
      if (status !== null) finish(status.kind === "answer" ? answerOf(chunks, bytes) : status);
    });
    stream.on("error", (cause) => {
      failure = cause; // "close" follows
    });
    stream.on("close", () => {
      const what = wordsOf(failure, stream.rstCode);
      // Without an id the session never gave it to HTTP/2 (it had ended, was going away, had no stream left).
      if (stream.pending)
        finish({ kind: "not-sent", what: `the session did not take it: ${what}`, cause: failure });
      else finish({ kind: "broken", what: `the connection ended: ${what}`, cause: failure });
    });
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, PREFIX_BYTES);
    stream.end(frame);
  });
}

const EMPTY: UnaryResult = { kind: "answer", message: new Uint8Array() };

function statusOf(trailers: IncomingHttpHeaders): UnaryResult {
  const code = Number(trailers["grpc-status"] ?? STATUS.unknown);
  if (code === STATUS.ok) return EMPTY;
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

function answerOf(chunks: readonly Buffer[], bytes: number): UnaryResult {
  const [first] = chunks;
  const all = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes);
  if (all.length < PREFIX_BYTES || all[0] !== 0 || all.readUInt32BE(1) !== all.length - PREFIX_BYTES)
    return { kind: "broken", what: `an answer of ${all.length} bytes is not one uncompressed gRPC message` };
  return { kind: "answer", message: all.subarray(PREFIX_BYTES) };
}

const wordsOf = (failure: unknown, rstCode: number | undefined): string =>
  failure instanceof Error ? failure.message : `HTTP/2 code ${rstCode ?? "none"}`;
