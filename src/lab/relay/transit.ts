// When a packet leaves the emulated link, or why it never does. Pure.
import type { Random } from "../../runtime/random.ts";
import type { LinkState } from "../link.ts";

/** What one direction of a link remembers between packets, in ms of one clock. */
export interface Lane {
  /** The line is busy with earlier bytes until then. */
  freeAtMs: number;
  /** Delivery time of the last packet: later ones never overtake it. */
  lastDueMs: number;
}

export type Transit =
  | { readonly kind: "due"; readonly dueMs: number }
  | { readonly kind: "dropped"; readonly why: "cut" | "loss" };

export const newLane = (): Lane => ({ freeAtMs: 0, lastDueMs: 0 });

/** Decides for one packet and moves the lane on. */
export function transit(link: LinkState, lane: Lane, bytes: number, nowMs: number, random: Random): Transit {
  if (link.cut) return { kind: "dropped", why: "cut" };
  if (link.lossRatio > 0 && random.next() < link.lossRatio) return { kind: "dropped", why: "loss" };
  const startMs = Math.max(nowMs, lane.freeAtMs);
  const sentMs =
    link.bandwidthBitsPerSecond === null ? startMs : startMs + (bytes * 8000) / link.bandwidthBitsPerSecond;
  if (link.bandwidthBitsPerSecond !== null) lane.freeAtMs = sentMs;
  const jitterMs = link.jitterMs === 0 ? 0 : (random.next() * 2 - 1) * link.jitterMs;
  const dueMs = Math.max(sentMs + Math.max(0, link.delayMs + jitterMs), lane.lastDueMs);
  lane.lastDueMs = dueMs;
  return { kind: "due", dueMs };
}
