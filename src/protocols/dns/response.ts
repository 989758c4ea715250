// Writing a DNS answer to the wire: the question as it came, records by dns-packet, EDNS0 only when the query had it, TC when
// it does not fit (RFC 1035 §4.1.1, RFC 6891, RFC 8914 for the extended error).
import { type Answer as DnsRecord, encode } from "dns-packet";
import type { Edns, Header, Rcode } from "./query.ts";

/** What a UDP packet carries on nearly every path without fragments (DNS flag day 2020). */
export const UDP_BYTES_MAX = 1232;
const PLAIN_UDP_BYTES_MAX = 512;
const TCP_BYTES_MAX = 65_535;
const EXTENDED_ERROR_OPTION = 15;
const EXTENDED_ERROR_TEXT_MAX = 200;

export interface ExtendedError {
  /** RFC 8914: 0 other, 3 stale answer, 18 prohibited … */
  readonly code: number;
  readonly text: string;
}

export interface Response {
  readonly header: Header;
  readonly question: Uint8Array | null;
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  readonly edns: Edns | null;
  readonly extendedError: ExtendedError | null;
}

export const emptyResponse = (
  header: Header,
  rcode: Rcode,
  question: Uint8Array | null,
  edns: Edns | null,
): Response => ({
  header,
  question,
  rcode,
  authoritative: false,
  answers: [],
  authorities: [],
  additionals: [],
  edns,
  extendedError: null,
});

export function writeResponse(response: Response, transport: "udp" | "tcp"): Buffer {
  const limit =
    transport === "tcp"
      ? TCP_BYTES_MAX
      : response.edns === null
        ? PLAIN_UDP_BYTES_MAX
        : Math.min(UDP_BYTES_MAX, response.edns.udpPayloadSize);
  const whole = write(response, false);
  if (whole.length <= limit) return whole;
  const bare = { ...response, additionals: [] };
  const withoutGlue = write(bare, false);
  if (withoutGlue.length <= limit) return withoutGlue; // glue is a courtesy: its absence is no truncation
  return write({ ...bare, answers: [], authorities: [], extendedError: null }, true);
}

function write(response: Response, truncated: boolean): Buffer {
  const { header, question, rcode, edns } = response;
  const flags =
    0x8000 |
    (header.opcode << 11) |
    (response.authoritative ? 0x0400 : 0) |
    (truncated ? 0x0200 : 0) |
    (header.recursionDesired ? 0x0100 : 0) |
    (rcode & 0xf);
  const option = edns === null ? [] : [optRecord(rcode, edns, response.extendedError)];
  // Without questions: dns-packet writes no compression pointers, so the raw question can be put in afterwards.
  const records = encode({
    type: "response",
    id: header.id,
    answers: [...response.answers],
    authorities: [...response.authorities],
    additionals: [...response.additionals, ...option],
  });
  records.writeUInt16BE(flags, 2);
  if (question === null) return Buffer.from(records);
  records.writeUInt16BE(1, 4);
  return Buffer.concat([records.subarray(0, 12), question, records.subarray(12)]);
}

function optRecord(rcode: Rcode, edns: Edns, error: ExtendedError | null): DnsRecord {
  const options = error === null ? [] : [{ code: EXTENDED_ERROR_OPTION, data: extendedError(error) }];
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: UDP_BYTES_MAX,
    extendedRcode: rcode >> 4,
    ednsVersion: 0,
    flags: edns.dnssecOk ? 0x8000 : 0,
    flag_do: edns.dnssecOk,
    options,
  } as unknown as DnsRecord; // the types of dns-packet know fewer options than dns-packet
}

function extendedError({ code, text }: ExtendedError): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(text.slice(0, EXTENDED_ERROR_TEXT_MAX))]);
}
