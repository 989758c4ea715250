// One gRPC call with messages in both directions as they come (grpc/doc/PROTOCOL-HTTP2.md), once, on one HTTP/2 session.
import { once } from "node:events";
import { constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
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

export type StreamItem = { readonly kind: "message"; readonly message: Uint8Array } | CallEnd | CallFailure;

const MESSAGE_MAX_BYTES = 64 * 1024 * 1024;

/** The last item is the end; nothing is read ahead of the consumer, who ends the call by leaving. Never throws. */
export async function* streamCall(
  session: ClientHttp2Session,
  path: string,
  input: AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  if (signal.aborted) return yield { kind: "aborted" };
  const stream = opened(session, path, headers);
  if ("kind" in stream) return yield stream;
  let end: CallEnd | null = null;
  stream.on("response", (received) => {
    end = endByHeaders(received);
  });
  stream.on("trailers", (received) => {
    end ??= endOf(received);
  });
  const cancel = () => stream.close(constants.NGHTTP2_CANCEL);
  signal.addEventListener("abort", cancel, { once: true });
  void send(stream, input);
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= PREFIX_BYTES) {
        const until = PREFIX_BYTES + rest.readUInt32BE(1);
        if (rest[0] !== 0 || until > MESSAGE_MAX_BYTES)
          return yield { kind: "broken", what: "a message is compressed or too long" };
        if (rest.length < until) break;
        yield { kind: "message", message: rest.subarray(PREFIX_BYTES, until) };
        rest = rest.subarray(until);
      }
    }
    if (signal.aborted) return yield { kind: "aborted" };
    if (end === null) return yield unfinished(stream, undefined);
    if (rest.length > 0) return yield { kind: "broken", what: "the last message is not whole" };
    yield end;
  } catch (cause) {
    yield signal.aborted ? { kind: "aborted" } : unfinished(stream, cause);
  } finally {
    signal.removeEventListener("abort", cancel);
    if (!stream.closed) cancel();
  }
}

/** Ends when the input or the stream does; an input that fails resets the stream, which its reader then sees. */
async function send(stream: ClientHttp2Stream, input: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const message of input) {
      if (stream.destroyed || stream.closed) return;
      if (!stream.write(framed(message))) await once(stream, "drain");
    }
    stream.end();
  } catch {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}
