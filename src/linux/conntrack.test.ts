import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConnections } from "./conntrack.ts";

const expected = {
  state: "ESTABLISHED",
  clientAddress: "10.78.1.2",
  clientPort: 53090,
  serverAddress: "10.79.0.1",
  serverPort: 8080,
  mark: 257,
};
const tail =
  "ESTABLISHED src=10.78.1.2 dst=10.79.0.1 sport=53090 dport=8080 src=10.77.1.1 dst=10.78.1.2 sport=8080 dport=53090 [ASSURED] mark=257";

test("connections are read as conntrack prints them and as /proc shows them; other lines are left out", () => {
  const text = `tcp      6 431999 ${tail} use=1
ipv4     2 tcp      6 431999 ${tail} zone=0 use=2
udp      17 29 src=127.0.0.1 dst=127.0.0.1 sport=1 dport=2 mark=257 use=1
`;
  assert.deepEqual(parseConnections(text), [expected, expected]);
});

test("a connection that was not answered yet is read too", () => {
  const [opening] = parseConnections(
    "tcp      6 118 SYN_SENT src=10.78.1.2 dst=10.79.0.1 sport=40000 dport=8080 [UNREPLIED] src=10.77.1.1 dst=10.78.1.2 sport=8080 dport=40000 mark=513 use=1",
  );
  assert.equal(opening?.state, "SYN_SENT");
  assert.equal(opening?.mark, 513);
});
