// The relay: a learning-free switch between VXLAN devices with delay, loss, bandwidth and silent cut per pair and direction.
//
//   vxlan of place A ──UDP, VNI = A──► receive ─► transit() ─► lane queue ─► send, VNI = B ──► vxlan of place B
//
// The VNI of an arriving packet names its sender, the last byte of the inner destination MAC its receiver.
// Runs in a network namespace of its own, as a process of its own: its lateness is the lab's fidelity.
import { createSocket } from "node:dgram";
import type { Clock } from "../../runtime/clock.ts";
import type { Random } from "../../runtime/random.ts";
import type { LinkFidelity, LinkSetting, LinkState } from "../link.ts";
import { startFidelity } from "./lateness.ts";
import { type Lane, newLane, transit } from "./transit.ts";

const HEADER_BYTES = 8 + 14; // VXLAN, inner Ethernet
const QUEUE_PACKETS_MAX = 20_000; // per direction; a full queue drops, as a router does
/** Most that a packet may go too early, and how fast the lead follows, a packet. */
const LEAD_MAX_MS = 2;
const LEAD_STEP_MS = 0.004;

interface Direction {
  readonly from: string;
  readonly to: string;
  readonly toPort: number;
  link: LinkState;
  readonly lane: Lane;
  queue: { readonly packet: Buffer; readonly dueMs: number; readonly arrivedMs: number }[];
  head: number;
}

export interface RelayOptions {
  readonly listen: { readonly address: string; readonly port: number };
  readonly backbone: { readonly address: string; readonly port: number };
  /** Place name → VNI. */
  readonly ports: Readonly<Record<string, number>>;
  readonly links: readonly LinkSetting[];
  readonly clock: Clock;
  readonly random: Random;
}

export interface Relay extends AsyncDisposable {
  /** Holds from the next packet on; packets already under way arrive. */
  set(links: readonly LinkSetting[]): void;
  fidelity(): LinkFidelity;
  resetFidelity(): void;
}

export async function startRelay({
  listen,
  backbone,
  ports,
  links,
  clock,
  random,
}: RelayOptions): Promise<Relay> {
  const directions = new Map<number, Direction>();
  const key = (fromPort: number, toPort: number) => (fromPort << 8) | toPort;
  const fidelity = startFidelity();
  const waiting = new Set<Direction>();
  // Timers have 1 ms steps and this process is not always on a core when its packets are due. So it sends a little before,
  // by as much as makes as many packets early as late: the median of each link is the plan's, the rest is its jitter.
  let leadMs = 0.5;
  let timer: NodeJS.Timeout | null = null;
  let timerDueMs = Number.POSITIVE_INFINITY;

  const set = (settings: readonly LinkSetting[]) => {
    for (const { from, to, ...link } of settings) {
      const [fromPort, toPort] = [ports[from], ports[to]];
      if (fromPort === undefined || toPort === undefined) throw new RangeError(`no link ${from} → ${to}`);
      const known = directions.get(key(fromPort, toPort));
      if (known !== undefined) known.link = link;
      else
        directions.set(key(fromPort, toPort), {
          from,
          to,
          toPort,
          link,
          lane: newLane(),
          queue: [],
          head: 0,
        });
    }
  };
  set(links);

  const sender = createSocket("udp4");
  const receiver = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });

  const forward = (direction: Direction, packet: Buffer) => {
    packet[4] = 0;
    packet[5] = 0;
    packet[6] = direction.toPort;
    sender.send(packet, (error) => {
      if (error !== null) fidelity.dropped("overflow");
    });
  };

  const follow = (signedLatenessMs: number) => {
    const next = leadMs + (signedLatenessMs > 0 ? LEAD_STEP_MS : -LEAD_STEP_MS);
    leadMs = Math.min(LEAD_MAX_MS, Math.max(0, next));
  };

  const pump = () => {
    timer = null;
    timerDueMs = Number.POSITIVE_INFINITY;
    const nowMs = clock.nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const direction of waiting) {
      const { queue } = direction;
      let item = queue[direction.head];
      while (item !== undefined && item.dueMs <= nowMs + leadMs) {
        forward(direction, item.packet);
        follow(nowMs - item.dueMs);
        fidelity.sent(direction.from, direction.to, Math.max(0, nowMs - item.dueMs), nowMs - item.arrivedMs);
        direction.head += 1;
        item = queue[direction.head];
      }
      if (item === undefined) {
        direction.queue = [];
        direction.head = 0;
        waiting.delete(direction);
        continue;
      }
      if (direction.head > 1024) {
        direction.queue = queue.slice(direction.head);
        direction.head = 0;
      }
      nextMs = Math.min(nextMs, item.dueMs);
    }
    wakeAt(nextMs, nowMs);
  };

  const wakeAt = (dueMs: number, nowMs: number) => {
    if (dueMs >= timerDueMs || dueMs === Number.POSITIVE_INFINITY) return;
    if (timer !== null) clearTimeout(timer);
    timerDueMs = dueMs;
    timer = setTimeout(pump, Math.max(1, Math.round(dueMs - leadMs - nowMs)));
  };

  receiver.on("message", (packet) => {
    if (packet.length < HEADER_BYTES) return;
    const direction = directions.get(key(packet[6] ?? 0, packet[13] ?? 0));
    if (direction === undefined) return; // multicast, or a place that is not there
    const nowMs = clock.nowMs();
    const decision = transit(direction.link, direction.lane, packet.length, nowMs, random);
    if (decision.kind === "dropped") return fidelity.dropped(decision.why);
    if (direction.queue.length - direction.head >= QUEUE_PACKETS_MAX) return fidelity.dropped("overflow");
    if (decision.dueMs <= nowMs && direction.head === direction.queue.length) {
      forward(direction, packet);
      return fidelity.sent(direction.from, direction.to, 0, 0);
    }
    direction.queue.push({ packet, dueMs: decision.dueMs, arrivedMs: nowMs });
    waiting.add(direction);
    wakeAt(decision.dueMs, nowMs);
  });

  await new Promise<void>((resolve, reject) => {
    sender.once("error", reject);
    sender.connect(backbone.port, backbone.address, resolve);
  });
  // No device there any more (the lab is going down): the packet is lost, as on any wire.
  sender.removeAllListeners("error").on("error", () => fidelity.dropped("overflow"));
  await new Promise<void>((resolve, reject) => {
    receiver.once("error", reject);
    receiver.bind(listen.port, listen.address, resolve);
  });

  return {
    set,
    fidelity: fidelity.report,
    resetFidelity: fidelity.reset,
    async [Symbol.asyncDispose]() {
      if (timer !== null) clearTimeout(timer);
      sender.close();
      receiver.close();
    },
  };
}
