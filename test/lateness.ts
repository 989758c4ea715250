// How late this machine runs what is due, so that a test of a time can tell the product's time from the machine's load.
import { systemClock } from "../src/runtime/clock.ts";

const EVERY_MS = 5;

/** Starts to measure; the answer ends it and is the worst lateness of a timer of this process since then, in ms. */
export function measureLateness(): () => number {
  let worstMs = 0;
  let atMs = systemClock.nowMs();
  const look = () => {
    const nowMs = systemClock.nowMs();
    worstMs = Math.max(worstMs, nowMs - atMs - EVERY_MS);
    atMs = nowMs;
  };
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return worstMs;
  };
}
