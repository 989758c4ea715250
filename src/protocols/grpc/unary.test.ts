import assert from "node:assert/strict";
import { once } from "node:events";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { STATUS } from "./call.ts";
import { type UnaryResult, unaryCall } from "./unary.ts";

const framed = (text: string): Buffer => {
  const frame = Buffer.alloc(5 + text.length);
  frame.writeUInt32BE(text.length, 1);
  frame.write(text, 5);
  return frame;
};
const GRPC = { ":status": 200, "content-type": "application/grpc" };

function answers(
  stream: http2.ServerHttp2Stream,
  parts: readonly Buffer[],
  trailers: Record<string, string>,
): void {
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  for (const part of parts) stream.write(part);
  stream.end();
}

/** One call to a server that does `serve`. */
async function called(
  serve: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
  signal = new AbortController().signal,
): Promise<UnaryResult> {
  const server = http2.createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined); // the client may go away: that is what some tests are about
    stream.resume();
    serve(stream, headers);
  });
  server.on("sessionError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on("error", () => undefined);
  await once(session, "connect");
  try {
    return await unaryCall(session, "/test.Service/Do", Buffer.from("asked"), { hasleader: "true" }, signal);
  } finally {
    session.destroy();
    server.close();
  }
}

test("the answer is the message, however it is cut into pieces", async () => {
  const frame = framed("a longer answer");
  const result = await called((stream, headers) => {
    assert.equal(headers[":path"], "/test.Service/Do");
    assert.equal(headers["hasleader"], "true");
    answers(stream, [frame.subarray(0, 3), frame.subarray(3, 9), frame.subarray(9)], { "grpc-status": "0" });
  });
  assert.equal(result.kind, "answer");
  assert.equal(Buffer.from((result as { message: Uint8Array }).message).toString(), "a longer answer");
});

test("a status comes with its words, in trailers or instead of an answer", async () => {
  const trailers = { "grpc-status": "14", "grpc-message": "etcdserver: no%20leader" };
  const expected = { kind: "status", code: STATUS.unavailable, message: "etcdserver: no leader" };
  assert.deepEqual(await called((stream) => answers(stream, [], trailers)), expected);
  const only = await called((stream) => stream.respond({ ...GRPC, ...trailers }, { endStream: true }));
  assert.deepEqual(only, expected);
});

test("an ok status over something that is not one message is broken, never an answer", async () => {
  for (const parts of [[], [framed("cut").subarray(0, 6)], [framed("one"), framed("two")]])
    assert.equal((await called((stream) => answers(stream, parts, { "grpc-status": "0" }))).kind, "broken");
});

test("an answer without a status is broken; another HTTP status is none of gRPC's", async () => {
  assert.equal((await called((stream) => stream.end(framed("and then nothing")))).kind, "broken");
  const result = await called((stream) => stream.respond({ ":status": 502 }, { endStream: true }));
  assert.deepEqual(result, { kind: "status", code: STATUS.unknown, message: "HTTP 502" });
});

test("a stream or a connection that is reset is broken", async () => {
  assert.equal(
    (await called((stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM))).kind,
    "broken",
  );
  assert.equal((await called((stream) => stream.session?.destroy())).kind, "broken");
});

test("the signal ends it at once, also before it began", async () => {
  const controller = new AbortController();
  const late = await called(() => controller.abort(), controller.signal);
  assert.deepEqual(late, { kind: "aborted" });
  assert.deepEqual(await called(() => assert.fail("was sent"), AbortSignal.abort()), { kind: "aborted" });
});

test("a session that has ended takes nothing", async () => {
  const session = http2.connect("http://127.0.0.1:1");
  session.on("error", () => undefined);
  session.destroy();
  const result = await unaryCall(session, "/test.Service/Do", Buffer.of(), {}, new AbortController().signal);
  assert.equal(result.kind, "not-sent");
});
