// Reading a DNS query from the wire (RFC 1035, RFC 6891). Never throws: whatever arrives becomes a query, an answer with an
// error code that can be sent back, or nothing.
//
// dns-packet does the record decoding and throws on bad packets; header and question are read here, so that the question can
// be sent back byte by byte (its letter case included) also when the rest is broken.
import { decode } from "dns-packet";

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type Rcode = (typeof RCODE)[keyof typeof RCODE];

export const TYPE = { A: 1, NS: 2, SOA: 6, AAAA: 28, OPT: 41, IXFR: 251, AXFR: 252, ANY: 255 } as const;
export const CLASS = { IN: 1, ANY: 255 } as const;

export interface Header {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
}

export interface Edns {
  readonly udpPayloadSize: number;
  readonly dnssecOk: boolean;
}

export interface Query {
  readonly header: Header;
  /** Lower case, without the trailing dot; "" is the root. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question as it came. */
  readonly question: Uint8Array;
  readonly edns: Edns | null;
}

export type Arrived =
  | { readonly kind: "query"; readonly query: Query }
  | {
      readonly kind: "refused";
      readonly header: Header;
      readonly rcode: Rcode;
      readonly question: Uint8Array | null;
      readonly edns: Edns | null;
    }
  | { readonly kind: "ignored"; readonly because: string };

const HEADER_BYTES = 12;

export function readQuery(bytes: Uint8Array): Arrived {
  if (bytes.length < HEADER_BYTES) return { kind: "ignored", because: "shorter than a header" };
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = packet.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return { kind: "ignored", because: "an answer, not a query" };
  const header: Header = {
    id: packet.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    recursionDesired: (flags & 0x0100) !== 0,
  };
  const refused = (rcode: Rcode, question: Uint8Array | null = null, edns: Edns | null = null): Arrived => ({
    kind: "refused",
    header,
    rcode,
    question,
    edns,
  });
  if (header.opcode !== 0) return refused(RCODE.NOTIMP);
  if (packet.readUInt16BE(4) !== 1) return refused(RCODE.FORMERR);
  const asked = readQuestion(packet);
  if (asked === null) return refused(RCODE.FORMERR);
  const records = readRecords(packet);
  if (records === null) return refused(RCODE.FORMERR, asked.question);
  const options = records.filter((record) => record.type === "OPT");
  if (options.length > 1) return refused(RCODE.FORMERR, asked.question);
  const [option] = options;
  if (option === undefined) return { kind: "query", query: { header, ...asked, edns: null } };
  const edns: Edns = {
    udpPayloadSize: Math.max(512, option.udpPayloadSize),
    dnssecOk: (option.flags & 0x8000) !== 0,
  };
  if (option.ednsVersion !== 0) return refused(RCODE.BADVERS, asked.question, edns);
  return { kind: "query", query: { header, ...asked, edns } };
}

/** The only question, from the bytes after the header; null when it is broken. A pointer has nothing to point at there. */
function readQuestion(
  packet: Buffer,
): { name: string; type: number; class: number; question: Uint8Array } | null {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = packet[at];
    if (length === undefined || length > 63) return null;
    at += 1;
    if (length === 0) break;
    if (at + length > packet.length) return null;
    labels.push(packet.toString("latin1", at, at + length).toLowerCase());
    at += length;
    if (at - HEADER_BYTES > 254) return null;
  }
  if (at + 4 > packet.length) return null;
  // A dot inside a label must not look like two labels.
  const name = labels.map((label) => label.replaceAll(".", "\\.")).join(".");
  return {
    name,
    type: packet.readUInt16BE(at),
    class: packet.readUInt16BE(at + 2),
    question: packet.subarray(HEADER_BYTES, at + 4),
  };
}

interface OptRecord {
  readonly type: string;
  readonly udpPayloadSize: number;
  readonly ednsVersion: number;
  readonly flags: number;
}

function readRecords(packet: Buffer): OptRecord[] | null {
  try {
    return (decode(packet).additionals ?? []).map((record) => {
      const found = record as Partial<OptRecord>;
      return {
        type: String(found.type),
        udpPayloadSize: found.udpPayloadSize ?? 512,
        ednsVersion: found.ednsVersion ?? 0,
        flags: found.flags ?? 0,
      };
    });
  } catch {
    return null; // dns-packet's way to say that a record is broken
  }
}
