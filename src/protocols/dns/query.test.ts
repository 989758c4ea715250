import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { frame, newFrameReader } from "./frames.ts";
import { RCODE, readQuery } from "./query.ts";
import { emptyResponse, UDP_BYTES_MAX, writeResponse } from "./response.ts";

const edns = { type: "OPT", name: ".", udpPayloadSize: 4096, flags: 0, options: [] };
const asked = (name: string, more: object = {}) =>
  encode({ type: "query", id: 7, flags: 0x0100, questions: [{ type: "A", name }], ...more } as never);
const header = { id: 7, opcode: 0, recursionDesired: true };

test("a query is read with its name in lower case and its question as it came", () => {
  const arrived = readQuery(asked("LeDger.Example.test", { additionals: [edns] }));
  assert.equal(arrived.kind, "query");
  if (arrived.kind !== "query") return;
  assert.equal(arrived.query.name, "ledger.example.test");
  assert.equal(arrived.query.edns?.udpPayloadSize, 4096);
  const back = decode(
    writeResponse(emptyResponse(arrived.query.header, RCODE.NOERROR, arrived.query.question, null), "udp"),
  );
  assert.equal(back.questions?.[0]?.name, "LeDger.Example.test");
  assert.equal(back.id, 7);
});

test("what is broken is a format error, what is unknown is not implemented, an answer is ignored", () => {
  const kind = (bytes: Uint8Array) => {
    const arrived = readQuery(bytes);
    return arrived.kind === "refused" ? arrived.rcode : arrived.kind;
  };
  const good = asked("a.test");
  assert.equal(kind(good.subarray(0, 11)), "ignored");
  assert.equal(kind(good.subarray(0, good.length - 1)), RCODE.FORMERR);
  const opcode = Buffer.from(good);
  opcode[2] = 0x10; // STATUS
  assert.equal(kind(opcode), RCODE.NOTIMP);
  const response = Buffer.from(good);
  response[2] = 0x80;
  assert.equal(kind(response), "ignored");
  const pointer = Buffer.from(good);
  pointer[12] = 0xc0;
  assert.equal(kind(pointer), RCODE.FORMERR);
  assert.equal(kind(asked("a.test", { additionals: [edns, edns] })), RCODE.FORMERR);
  assert.equal(kind(asked("a.test", { additionals: [{ ...edns, ednsVersion: 1 }] })), RCODE.BADVERS);
});

test("no bytes make it throw, and every answer to them can be written and has the same id", () => {
  const mutated = fc
    .tuple(
      fc.constantFrom(asked("ledger.example.test", { additionals: [edns] }), asked("x.test")),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
    )
    .map(([bytes, changes]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated), (bytes) => {
      const arrived = readQuery(bytes);
      if (arrived.kind === "ignored") return;
      const [head, question, rcode] =
        arrived.kind === "query"
          ? [arrived.query.header, arrived.query.question, RCODE.REFUSED]
          : [arrived.header, arrived.question, arrived.rcode];
      const bytesBack = writeResponse(emptyResponse(head, rcode, question, null), "udp");
      assert.equal(bytesBack.readUInt16BE(0), head.id);
      assert.equal(bytesBack.readUInt16BE(2) & 0xf, rcode & 0xf);
    }),
    { numRuns: 700 },
  );
});

test("an answer that does not fit is empty and says so; over TCP it is whole", () => {
  const question = asked("ledger.example.test").subarray(12);
  const answers = Array.from({ length: 60 }, (_, at) => ({
    type: "A" as const,
    name: "ledger.example.test",
    ttl: 5,
    data: `10.0.0.${at}`,
  }));
  const response = { ...emptyResponse(header, RCODE.NOERROR, question, null), answers };
  const plain = decode(writeResponse(response, "udp"));
  assert.equal(plain.flag_tc, true);
  assert.equal(plain.answers?.length, 0);
  const large = writeResponse({ ...response, edns: { udpPayloadSize: 4096, dnssecOk: false } }, "udp");
  assert.ok(large.length <= UDP_BYTES_MAX);
  assert.equal(decode(large).flag_tc, true);
  assert.equal(decode(writeResponse(response, "tcp")).answers?.length, 60);
});

test("messages come out of a stream whole, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (messages, size) => {
        const stream = Buffer.concat(messages.map((message) => frame(Buffer.from(message))));
        const read = newFrameReader();
        const found: Buffer[] = [];
        for (let at = 0; at < stream.length; at += size) found.push(...read(stream.subarray(at, at + size)));
        assert.deepEqual(
          found.map((message) => [...message]),
          messages.map((message) => [...message]),
        );
      },
    ),
  );
});
