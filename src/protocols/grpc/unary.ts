// One unary gRPC call on one HTTP/2 session, once (grpc/doc/PROTOCOL-HTTP2.md). No retry, no name resolution, no choice of
// connection: whoever calls decides these. Every way a call can end is a value.
import { constants, type ClientHttp2Session } from "node:http2";
import {
  type CallEnd,
  type CallFailure,
  endByHeaders,
  endOf,
  framed,
  opened,
  PREFIX_BYTES,
  unfinished,
} from "./call.ts";

export type UnaryResult = { readonly kind: "answer"; readonly message: Uint8Array } | CallFailure;

const ANSWER_MAX_BYTES = 64 * 1024 * 1024;

/** Never rejects; ends at once when the signal does. `path` is "/package.Service/Method". */
export function unaryCall(
  session: ClientHttp2Session,
  path: string,
  message: Uint8Array,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<UnaryResult> {
  const begun = opened(session, path, headers);
  if ("kind" in begun) return Promise.resolve(begun);
  const stream = begun;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let end: CallEnd | null = null;
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
      end = endByHeaders(received);
    });
    stream.on("trailers", (received) => {
      end ??= endOf(received);
    });
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_MAX_BYTES) giveUp(`the answer is longer than ${ANSWER_MAX_BYTES} bytes`);
      else chunks.push(chunk);
    });
    // Trailers come before "end"; "close" would come some turns of the loop later.
    stream.on("end", () => {
      if (end !== null) finish(end.kind === "ok" ? answerOf(chunks, bytes) : end);
    });
    stream.on("error", (cause) => {
      failure = cause; // "close" follows
    });
    stream.on("close", () => {
      finish(unfinished(stream, failure));
    });
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    stream.end(framed(message));
  });
}

function answerOf(chunks: readonly Buffer[], bytes: number): UnaryResult {
  const [first] = chunks;
  const all = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes);
  if (all.length < PREFIX_BYTES || all[0] !== 0 || all.readUInt32BE(1) !== all.length - PREFIX_BYTES)
    return { kind: "broken", what: `an answer of ${all.length} bytes is not one uncompressed gRPC message` };
  return { kind: "answer", message: all.subarray(PREFIX_BYTES) };
}
