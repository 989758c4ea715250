// Only a peer itself may say that its site starts anew: the answer is to end the connections with its earlier life.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startAgentServer } from "../../src/agent/server.ts";
import { AGENT_ROUTES } from "../../src/api/agent.ts";
import { PORTS } from "../../src/domain/plan.ts";
import { NET } from "../loopback.ts";

const HOST = `127.${NET}.31.1`;
const PEER = `127.${NET}.31.2`;

test("a return is believed only from the peer's own address", async () => {
  const asked: string[] = [];
  await using _server = await startAgentServer(HOST, {
    site: "paris",
    status: () => assert.fail("not asked"),
    report: () => ({ site: "paris", ableToCommit: false, because: "test", epoch: null }),
    returned: async (site, address) => {
      asked.push(`${site} at ${address}`);
      return site === "london" && address === PEER ? 3 : null;
    },
  });
  const { request } = await import("node:http");
  const post = (localAddress: string, body: string) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const outgoing = request(
        {
          host: HOST,
          port: PORTS.agent,
          path: AGENT_ROUTES.returned.path,
          method: "POST",
          localAddress,
          headers: { "content-type": "application/json" },
        },
        (incoming) => {
          let text = "";
          incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
          incoming.on("end", () => resolve({ status: incoming.statusCode, text }));
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  assert.deepEqual(await post(PEER, '{"site":"london"}'), { status: 200, text: '{"ended":3}' });
  assert.equal((await post(`127.${NET}.31.9`, '{"site":"london"}')).status, 403);
  assert.equal((await post(PEER, '{"site":7}')).status, 403);
  assert.deepEqual(asked, [`london at ${PEER}`, `london at 127.${NET}.31.9`]);
});
