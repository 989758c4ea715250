// How late this machine runs what is due, so that a test of a time can tell the product's time from the machine's load.
import { systemClock } from "../src/runtime/clock.ts";

const EVERY_MS = 5;

export interface Lateness {
  /** The worst lateness of a timer of this process so far, in ms. */
  (): number;
  /** Ends the measurement and gives the same. */
  end(): number;
}

export function measureLateness(): Lateness {
  let worstMs = 0;
  let atMs = systemClock.nowMs();
  const look = () => {
    const nowMs = systemClock.nowMs();
    worstMs = Math.max(worstMs, nowMs - atMs - EVERY_MS);
    atMs = nowMs;
  };
  const timer = setInterval(look, EVERY_MS);
  const soFar = () => {
    look();
    return worstMs;
  };
  return Object.assign(soFar, {
    end: () => {
      clearInterval(timer);
      return soFar();
    },
  });
}
