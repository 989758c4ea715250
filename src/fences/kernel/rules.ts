// The rules of a fence as nftables text. Pure. What each is for stands beside it; docs/fences.md has the whole.
//
//   client ─► site:readWrite ─► arriving: packet mark (routing), connection mark (epoch) at SYN ─► translate ─► engine
//   engine ─► from_engine: only while the connection's mark is in @lease ─► client
//   agent ─► datagrams ─► refresh: ticket, then confirm ─► @lease
import { nftMark, nftPort, ownedName } from "../../linux/nftables.ts";
import { nftFamilyAddress } from "./address.ts";
import { epochMark, LOCAL_MARK, readsMark, REPLICATION_MARK } from "./marks.ts";
import type { FencedAddresses, FenceSpec, FenceState } from "./spec.ts";

export const fenceTable = (spec: FenceSpec): string => ownedName(`fence_${spec.owner}`);

/** A connection begins with a bare SYN and with nothing else: one that conntrack has forgotten can't begin again. */
const BEGINS = "ct state new tcp flags & (fin|syn|rst|ack) == syn";

export function ms(value: number): string {
  if (!Number.isInteger(value) || value < 1 || value > 3_600_000) throw new RangeError(`not ms: ${value}`);
  return `${value}ms`;
}

/** Little-endian in the datagram, so that it has the kernel's own byte order where a mark is made of it. */
const inDatagram = (value: number): string => {
  const bytes = nftMark(value).slice(2).match(/../g) ?? [];
  return `0x${bytes.reverse().join("")}`;
};

const block = (name: string, lines: readonly string[]): string =>
  `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join("")}  }\n`;

/** The whole table, in place of whatever has its name: one transaction, closed until an epoch is confirmed. */
export function fenceRules(spec: FenceSpec, state: FenceState): string {
  const table = fenceTable(spec);
  const { ports, users } = spec;
  const control = `udp dport { ${nftPort(ports.ticket)}, ${nftPort(ports.confirm)} }`;
  const doors = `{ ${[ports.readWrite, ports.readOnly, ports.replication].map(nftPort).join(", ")} }`;
  const enginePort = nftPort(ports.engine);
  const replication = nftPort(ports.replication);
  const each = (make: (of: AddressText) => readonly string[]): string[] =>
    spec.addresses.flatMap((addresses) => make(addressText(addresses)));
  const exempt = `ct mark { ${nftMark(REPLICATION_MARK)}, ${nftMark(LOCAL_MARK)} } accept`;
  const steer = ({ family, engine }: AddressText, verb: string): string =>
    `${family} daddr ${engine} tcp dport ${enginePort} ${verb}`;
  const back = ({ family, engine }: AddressText): string =>
    `${family} saddr ${engine} tcp sport ${enginePort} jump from_engine`;
  const translate = each(({ family, site, engine }) => [
    `${family} daddr ${site} tcp dport ${doors} dnat ${family} to ${family === "ip6" ? `[${engine}]` : engine}:${enginePort}`,
  ]);
  const replicationOut = (who: string) =>
    each(({ family, peers }) =>
      peers === ""
        ? []
        : [
            `${family} daddr ${peers} tcp dport ${replication} ${who}counter name "refused" reject with tcp reset`,
          ],
    );
  return [
    `table inet ${table}\ndelete table inet ${table}\ntable inet ${table} {\n`,
    `  comment "outlast: fence of ${table}"\n`,
    "  set ticket { type mark; flags timeout,dynamic; size 4096; }\n",
    "  set lease { type mark; flags timeout,dynamic; size 64; }\n",
    "  set readers { type mark; flags timeout; size 64; }\n",
    "  set seen { type mark; flags timeout,dynamic; size 4096; }\n",
    ...["to_engine_passed", "from_engine_passed", "refused", "withheld"].map(
      (name) => `  counter ${name} { }\n`,
    ),
    block("refresh", refreshRules(spec, state)),
    block("current", currentRules(spec, state)),
    block("begins", [
      ...each(({ family, peers }) =>
        peers === ""
          ? []
          : [`${family} saddr ${peers} tcp dport ${replication} ct mark set ${nftMark(REPLICATION_MARK)}`],
      ),
      "jump current",
    ]),
    block("arriving", [
      "type filter hook prerouting priority mangle; policy accept;",
      // Our translation is the only way in.
      ...each(({ family, engine }) => [
        `iifname != "lo" ${family} daddr ${engine} counter name "refused" drop`,
      ]),
      ...each(({ family, site }) => [
        `${family} daddr ${site} tcp dport ${doors} meta mark set ${nftMark(spec.routing.mark)}`,
        `${family} daddr ${site} tcp dport ${doors} ${BEGINS} jump begins`,
      ]),
    ]),
    block("departing", [
      "type filter hook output priority mangle; policy accept;",
      ...each((of) => [
        `${of.family} daddr ${of.site} tcp dport ${doors} ${BEGINS} jump begins`,
        `${steer(of, "")}meta skuid { ${users.agent}, ${users.engine} } ${BEGINS} ct mark set ${nftMark(LOCAL_MARK)}`,
      ]),
    ]),
    block("translate", ["type nat hook prerouting priority dstnat; policy accept;", ...translate]),
    block("translate_local", ["type nat hook output priority -100; policy accept;", ...translate]),
    block("to_engine", [
      exempt,
      'ct mark @lease counter name "to_engine_passed" accept',
      'ct mark @readers counter name "to_engine_passed" accept',
      'counter name "refused" reject with tcp reset',
    ]),
    block("from_engine", [
      // First, or the resets of our own `reject` are withheld too and a client hangs.
      "tcp flags & rst == rst accept",
      exempt,
      'ct mark @lease update @seen { ct mark timeout 1h } counter name "from_engine_passed" accept',
      'ct mark @readers update @seen { ct mark timeout 1h } counter name "from_engine_passed" accept',
      'counter name "withheld" drop',
    ]),
    block("entering", [
      "type filter hook input priority filter; policy accept;",
      `${control} drop`,
      ...each((of) => [steer(of, "jump to_engine")]),
    ]),
    block("passing", [
      "type filter hook forward priority filter; policy accept;",
      // An engine in a container or a pod of this machine; and nobody behind this machine speaks replication as this site.
      ...each((of) => [steer(of, "jump to_engine"), back(of)]),
      ...replicationOut(""),
    ]),
    block("leaving", [
      "type filter hook output priority filter; policy accept;",
      `oifname "lo" meta skuid ${users.agent} ${control} jump refresh`,
      `${control} counter name "refused" drop`,
      ...each((of) => [back(of)]),
      ...replicationOut(`meta skuid != ${users.engine} `),
    ]),
    "}\n",
  ].join("");
}

interface AddressText {
  readonly family: "ip" | "ip6";
  readonly site: string;
  readonly engine: string;
  /** "" when there are none. */
  readonly peers: string;
}

function addressText({ family, site, engine, peers }: FencedAddresses): AddressText {
  const checked = (address: string) => nftFamilyAddress(family, address);
  return {
    family,
    site: checked(site),
    engine: checked(engine),
    peers: peers.length === 0 ? "" : `{ ${peers.map(checked).join(", ")} }`,
  };
}

/**
 * A ticket puts its nonce into @ticket; a confirm opens the epoch only while its nonce is there. Both name the epoch that has
 * begun, or are refused. The packet mark carries the nonce to the look-up; these datagrams are dropped on arrival.
 */
function refreshRules({ ports }: FenceSpec, { epoch, timings }: FenceState): string[] {
  if (epoch === null) return [];
  const ours = `@th,96,32 ${inDatagram(epochMark(epoch))}`;
  return [
    `udp dport ${nftPort(ports.ticket)} ${ours} update @ticket { @th,64,32 timeout ${ms(timings.ticketMs)} } accept`,
    `udp dport ${nftPort(ports.confirm)} ${ours} meta mark set @th,64,32 meta mark @ticket update @lease { @th,96,32 timeout ${ms(timings.fenceMs)} } accept`,
  ];
}

/** What a connection that begins now belongs to. */
function currentRules({ ports }: FenceSpec, { epoch, reads }: FenceState): string[] {
  const rules: string[] = [];
  if (epoch !== null)
    rules.push(`tcp dport ${nftPort(ports.readWrite)} ct mark set ${nftMark(epochMark(epoch))}`);
  if (reads !== null)
    rules.push(`tcp dport ${nftPort(ports.readOnly)} ct mark set ${nftMark(readsMark(reads))}`);
  return rules;
}

/** From one state to the next as commands of one transaction; whatever an epoch or a generation had leaves with it. */
export function changeRules(spec: FenceSpec, before: FenceState, after: FenceState): string[] {
  const table = fenceTable(spec);
  const fill = (chain: string, rules: readonly string[]): string[] => [
    `flush chain inet ${table} ${chain}`,
    ...rules.map((rule) => `add rule inet ${table} ${chain} ${rule}`),
  ];
  return [
    ...fill("refresh", refreshRules(spec, after)),
    ...fill("current", currentRules(spec, after)),
    ...(before.epoch === after.epoch && after.epoch !== null
      ? []
      : [`flush set inet ${table} ticket`, `flush set inet ${table} lease`]),
    ...(before.reads === after.reads && after.reads !== null ? [] : [`flush set inet ${table} readers`]),
  ];
}

/** Replaces what is left of the generation's time. */
export function letReadsPass(spec: FenceSpec, generation: number, lifeMs: number): string[] {
  const table = fenceTable(spec);
  return [
    `flush set inet ${table} readers`,
    `add element inet ${table} readers { ${nftMark(readsMark(generation))} timeout ${ms(lifeMs)} }`,
  ];
}

export const removeRules = (spec: FenceSpec): string =>
  `table inet ${fenceTable(spec)}\ndelete table inet ${fenceTable(spec)}\n`;
