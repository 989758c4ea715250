// The nftables rules of a gateway's kernel path, as text. Pure; what each rule is for stands beside it.
//
//   client ─► [untracked] ─► [marks: new SYN gets the mark of a site] ─► [nat: DNAT by mark] ─► [forward: dead marks reset] ─► site
//
// A mark is generation << 8 | number of the site (1 …). A site that lost the route comes back under a new generation, so
// connections of before stay dead. No source translation: sites answer through this gateway, and see the client's address.
import { nftAddress, nftMark, nftPort } from "../../linux/nftables.ts";

/** UDP port on loopback where the VXLAN device takes the frames of poke.ts. */
export const POKE_PORT = 14_789;
export const POKE_DEVICE = "poke";
const GENERATION_MAX = 0xffffff;

export interface PathTable {
  readonly table: string;
  readonly virtualAddress: string;
  readonly port: number;
  /** Where new connections go: mark → share. Empty: they are refused. */
  readonly shares: readonly { readonly mark: number; readonly weight: number }[];
  /** Every mark in use → the site's address. */
  readonly targets: readonly { readonly mark: number; readonly address: string }[];
  readonly dead: readonly number[];
}

export function markOf(generation: number, siteNumber: number): number {
  if (generation < 1 || generation > GENERATION_MAX || siteNumber < 1 || siteNumber > 255)
    throw new RangeError(`no mark for generation ${generation}, site ${siteNumber}`);
  return generation * 256 + siteNumber;
}
export const generationOf = (mark: number): number => Math.floor(mark / 256);
export const siteNumberOf = (mark: number): number => mark % 256;

/** The whole table, in place of whatever has its name. */
export function wholeTable(paths: PathTable): string {
  const { table } = paths;
  const vip = `ip daddr ${nftAddress(paths.virtualAddress)} tcp dport ${nftPort(paths.port)}`;
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  set dead { type mark; size 65536; ${elements(paths.dead.map(nftMark))} }
  map target { type mark : ipv4_addr; size 65536; ${elements(paths.targets.map(targetElement))} }
  chain untracked {
    type filter hook prerouting priority raw; policy accept;
    # frames of poke.ts belong to no connection
    iifname "${POKE_DEVICE}" notrack
  }
  chain marks {
    type filter hook prerouting priority mangle; policy accept;
    ${vip} goto arriving
  }
  chain arriving {
    ct state invalid drop
    ct mark != 0 accept
    tcp flags & (fin | syn | rst | ack) == syn jump choose
    # nobody can serve, or the middle of a connection that nobody knows
    ct mark 0 reject with tcp reset
  }
  chain choose {
    ${chooseRule(paths)}
  }
  chain translate {
    type nat hook prerouting priority dstnat; policy accept;
    ${vip} dnat to ct mark map @target
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    # the reset itself must pass
    ct mark @dead tcp flags & rst == rst accept
    # the port of a dead connection is used again before its entry is gone: this SYN is sent again, a refused one is not
    ct mark @dead tcp flags & (fin | syn | rst | ack) == syn drop
    ct mark @dead meta l4proto tcp reject with tcp reset
  }
  chain input {
    type filter hook input priority filter; policy accept;
    # nobody else may inject frames
    udp dport ${POKE_PORT} iifname != "lo" drop
  }
}
`;
}

/**
 * From one state of the table to the next, as commands of one transaction; connections that are not newly dead are not
 * touched.
 */
export function changeTable(before: PathTable, after: PathTable): string[] {
  const { table } = after;
  const had = new Set(before.targets.map(({ mark }) => mark));
  const wanted = new Set(after.targets.map(({ mark }) => mark));
  const wasDead = new Set(before.dead);
  const isDead = new Set(after.dead);
  const element = (verb: "add" | "delete", set: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`${verb} element ip ${table} ${set} { ${items.join(", ")} }`];
  return [
    ...element("add", "target", after.targets.filter(({ mark }) => !had.has(mark)).map(targetElement)),
    ...element("add", "dead", after.dead.filter((mark) => !wasDead.has(mark)).map(nftMark)),
    `flush chain ip ${table} choose`,
    ...(after.shares.length === 0 ? [] : [`add rule ip ${table} choose ${chooseRule(after)}`]),
    ...element("delete", "target", before.targets.filter(({ mark }) => !wanted.has(mark)).map(targetElement)),
    ...element("delete", "dead", before.dead.filter((mark) => !isDead.has(mark)).map(nftMark)),
  ];
}

export const removeTable = (table: string): string => `table ip ${table}\ndelete table ip ${table}\n`;

const elements = (items: readonly string[]): string =>
  items.length === 0 ? "" : `elements = { ${items.join(", ")} };`;
const targetElement = ({ mark, address }: PathTable["targets"][number]): string =>
  `${nftMark(mark)} : ${nftAddress(address)}`;

function chooseRule({ shares }: PathTable): string {
  const [first, ...others] = shares;
  if (first === undefined) return "";
  if (others.length === 0) return `ct mark set ${nftMark(first.mark)}`;
  let from = 0;
  const ranges = wholeShares(shares).map(({ mark, share }) => {
    const range = share === 1 ? `${from}` : `${from}-${from + share - 1}`;
    from += share;
    return `${range} : ${nftMark(mark)}`;
  });
  return `ct mark set numgen random mod ${from} map { ${ranges.join(", ")} }`;
}

/** Shares as whole numbers ≥ 1 that add up to about a thousand. */
function wholeShares(shares: PathTable["shares"]): { mark: number; share: number }[] {
  const sum = shares.reduce((total, { weight }) => total + weight, 0);
  return shares.map(({ mark, weight }) => ({ mark, share: Math.max(1, Math.round((weight / sum) * 1_000)) }));
}
