// Links by the kernel's netem: links → `tc` lines. Pure. Each place hangs on a bridge in the keeper's namespace; the port that
// leads *to* a place holds one class for each place that packets may come *from*, with that direction's netem in it. Nothing
// of it can be seen inside a place. Options as in tc-netem(8), tc-htb(8), tc-flower(8).
//
//   place A ── veth ──┤ bridge ├── port of B: flower src_mac A ─► class A ─► netem(A → B) ── veth ── place B
import type { LinkSetting, LinkState } from "../link.ts";
import { macOf, type Place, type Topology } from "../topology.ts";

/** In front of every port: packets, as deep as the relay's queue per direction. */
const LIMIT_PACKETS = 20_000;
/** No limit of htb's own: netem holds the link's bandwidth. */
const UNLIMITED = "100gbit";

/** The bridge's port that leads to a place. */
export const portOf = (place: Place): string => `vp${place.port}`;

const onSegment = ({ places }: Topology): Place[] => places.filter((place) => place.kind !== "clients");

/** Once for each place, when it comes up: its port's classes and filters, before any setting. */
export function portLines(topology: Topology, place: Place): string[] {
  const dev = portOf(place);
  const sources = onSegment(topology).filter((source) => source !== place);
  return [
    `qdisc replace dev ${dev} root handle 1: htb`,
    ...sources.flatMap((source) => {
      const id = source.port.toString(16);
      return [
        `class replace dev ${dev} parent 1: classid 1:${id} htb rate ${UNLIMITED} quantum 60000`,
        `filter replace dev ${dev} parent 1: protocol all pref ${source.port} handle 1 flower src_mac ${macOf(source)} classid 1:${id}`,
      ];
    }),
  ];
}

/** One line for each direction: `replace` makes it or changes it in place, packets under way stay queued. */
export function linkLines(topology: Topology, links: readonly LinkSetting[]): string[] {
  const ports = new Map(onSegment(topology).map((place) => [place.name, place]));
  return links.map(({ from, to, ...state }) => {
    const [source, target] = [ports.get(from), ports.get(to)];
    if (source === undefined || target === undefined) throw new RangeError(`no link ${from} → ${to}`);
    const id = source.port.toString(16);
    return `qdisc replace dev ${portOf(target)} parent 1:${id} handle ${id}: netem ${netemOptions(state)}`;
  });
}

/**
 * Jitter without a named distribution is uniform. Then netem draws each packet's delay by itself and would reorder; with a
 * rate a packet's time counts from the one before it (sch_netem.c, netem_enqueue), which keeps the order.
 */
export function netemOptions({
  delayMs,
  jitterMs,
  lossRatio,
  bandwidthBitsPerSecond,
  cut,
}: LinkState): string {
  const microseconds = (ms: number) => `${Math.round(ms * 1000)}us`;
  const delay =
    jitterMs === 0
      ? `delay ${microseconds(delayMs)}`
      : `delay ${microseconds(delayMs)} ${microseconds(jitterMs)}`;
  const loss = cut ? " loss 100%" : lossRatio === 0 ? "" : ` loss ${Number((lossRatio * 100).toFixed(4))}%`;
  const ordered = bandwidthBitsPerSecond ?? (jitterMs === 0 ? null : ORDERING_RATE);
  const rate = ordered === null ? "" : ` rate ${ordered}bit`;
  return `limit ${LIMIT_PACKETS} ${delay}${loss}${rate}`;
}

/** So high that it costs a packet of 9000 bytes 7 µs: only there to keep the order. */
const ORDERING_RATE = 10_000_000_000;
