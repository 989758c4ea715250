// A request is written once, whatever the connection does under it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { startHttpProfile } from "../../src/load/http-profile.ts";
import { kernelAddressing } from "../../src/load/profiles/kernel.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { NET } from "../loopback.ts";

const HOST = `127.${NET}.66.1`;
const OK = '{"term":1}';
const answer = (more = "") =>
  `HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: ${OK.length}\r\n${more}\r\n${OK}`;

/** Counts the requests by the id in their body; `react` is called for each. */
async function withServer(
  react: (socket: Socket, count: number) => void,
  use: (port: number, seen: ReadonlyMap<string, number>) => Promise<void>,
): Promise<void> {
  const seen = new Map<string, number>();
  const sockets = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      for (
        let found = /\{"id":"([^"]+)"\}/.exec(text);
        found !== null;
        found = /\{"id":"([^"]+)"\}/.exec(text)
      ) {
        text = text.slice(found.index + found[0].length);
        const id = found[1] ?? "";
        seen.set(id, (seen.get(id) ?? 0) + 1);
        count += 1;
        react(socket, count);
      }
    });
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const bound = server.address();
  try {
    await use(typeof bound === "object" && bound !== null ? bound.port : 0, seen);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const send = async (port: number, count: number, deadlineMs: number) => {
  await using profile = startHttpProfile(port, systemClock, () => kernelAddressing(HOST));
  const results = [];
  for (let i = 0; i < count; i += 1)
    results.push(await profile.send({ op: "append", id: `entry-${i}` }, systemClock.nowMs() + deadlineMs));
  await systemClock.sleep(300); // a repeated request would arrive now
  return results;
};

test("reset under the request: unknown, seen once", () =>
  withServer(
    (socket) => socket.resetAndDestroy(),
    async (port, seen) => {
      const results = await send(port, 5, 2_000);
      assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(["unknown"]));
      assert.deepEqual([...seen.values()], [1, 1, 1, 1, 1]);
    },
  ));

test("closed under every second request of a kept connection: unknown, seen once", () =>
  withServer(
    (socket, count) => (count % 2 === 0 ? socket.destroy() : void socket.write(answer())),
    async (port, seen) => {
      const results = await send(port, 6, 2_000);
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ["ok", "unknown", "ok", "unknown", "ok", "unknown"],
      );
      assert.ok([...seen.values()].every((times) => times === 1));
    },
  ));

test("half an answer, then the end: unknown, seen once", () =>
  withServer(
    (socket) => socket.end("HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\r\n{"),
    async (port, seen) => {
      const results = await send(port, 3, 2_000);
      assert.ok(results.every(({ outcome }) => outcome === "unknown"));
      assert.deepEqual([...seen.values()], [1, 1, 1]);
    },
  ));

test("no answer: unknown at the deadline, seen once, the connection is gone", () =>
  withServer(
    () => undefined,
    async (port, seen) => {
      const from = systemClock.nowMs();
      const results = await send(port, 2, 200);
      assert.ok(systemClock.nowMs() - from >= 399);
      assert.deepEqual(results, [
        { outcome: "unknown", error: "DEADLINE" },
        { outcome: "unknown", error: "DEADLINE" },
      ]);
      assert.deepEqual([...seen.values()], [1, 1]);
    },
  ));

test("an answer that ends the connection is an answer, and the next request goes over a new one", () =>
  withServer(
    (socket) => socket.end(answer("connection: close\r\n")),
    async (port, seen) => {
      const results = await send(port, 4, 2_000);
      assert.deepEqual(
        results,
        results.map(() => ({ outcome: "ok" })),
      );
      assert.deepEqual([...seen.values()], [1, 1, 1, 1]);
    },
  ));

test("a refused connection is a failure", async () => {
  const [result] = await send(1, 1, 1_000);
  assert.deepEqual(result, { outcome: "fail", error: "ECONNREFUSED" });
});
