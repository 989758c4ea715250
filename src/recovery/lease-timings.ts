// Defaults and bounds of the lease, and how running timings are changed. Measured (docs/recovery.md): contention of the
// store's disk, not CPU, is what makes renewals late; so shorter leases need the store on a disk of its own.
import type { LeaseTimings } from "../domain/primaryship.ts";

export const LEASE_TIMINGS: LeaseTimings = {
  ticketMs: 400,
  fenceMs: 600,
  marginMs: 50,
  renewalMs: 150,
  retryMs: 60,
  silenceMs: 850,
  stuckMs: 2_000,
  proofOfLifeMs: 3_000,
};

/** With the store on a disk of its own. */
export const SHORTEST: LeaseTimings = {
  ...LEASE_TIMINGS,
  ticketMs: 200,
  fenceMs: 250,
  marginMs: 25,
  renewalMs: 100,
  silenceMs: 400,
};

/** Of an opened fence after the renewal that it rests on was sent; the kernel keeps it (docs/recovery.md). */
export const leaseMs = ({ ticketMs, fenceMs }: Pick<LeaseTimings, "ticketMs" | "fenceMs">): number =>
  ticketMs + fenceMs;

export const waitMs = (lease: Pick<LeaseTimings, "ticketMs" | "fenceMs" | "marginMs">): number =>
  leaseMs(lease) + lease.marginMs;

/** 0.1 % of drift between two machines' clocks, and two ticks of a kernel timer at 100 Hz. */
export const marginNeededMs = (timings: Pick<LeaseTimings, "ticketMs" | "fenceMs">): number =>
  Math.ceil(leaseMs(timings) / 1_000 + 20);

/** Each sentence says what is wrong with them; none: they can be used. */
export function timingProblems(timings: LeaseTimings, storeOnOwnDisk: boolean): string[] {
  const { ticketMs, fenceMs, marginMs, renewalMs, retryMs, silenceMs, stuckMs } = timings;
  const least = storeOnOwnDisk ? SHORTEST : { ticketMs: 300, fenceMs: 400, renewalMs: 100 };
  const aside = storeOnOwnDisk ? "" : " while the store shares a disk";
  const rules: readonly (readonly [boolean, string])[] = [
    [ticketMs < least.ticketMs, `a ticket of ${ticketMs} ms is shorter than ${least.ticketMs}${aside}`],
    [fenceMs < least.fenceMs, `a fence of ${fenceMs} ms is shorter than ${least.fenceMs}${aside}`],
    [renewalMs < least.renewalMs, `renewals every ${renewalMs} ms are closer than ${least.renewalMs}`],
    [marginMs < marginNeededMs(timings), `a margin of ${marginMs} ms is below ${marginNeededMs(timings)}`],
    [retryMs > renewalMs, `attempts every ${retryMs} ms are rarer than renewals every ${renewalMs}`],
    [renewalMs + 2 * retryMs > fenceMs, "one lost renewal would close the fence"],
    [renewalMs * 2 > ticketMs + fenceMs, "the lease is shorter than two renewals"],
    [
      silenceMs < renewalMs * 3 + retryMs,
      `a silence of ${silenceMs} ms is less than three renewals: a slow store would look like a lost site`,
    ],
    [stuckMs < silenceMs, `a takeover is given up after ${stuckMs} ms, sooner than a primary`],
  ];
  return rules.filter(([wrong]) => wrong).map(([, sentence]) => sentence);
}

export type TimingStep =
  | { readonly do: "store"; readonly timings: LeaseTimings }
  | { readonly do: "rules"; readonly timings: LeaseTimings }
  | { readonly do: "wait"; readonly ms: number };

/**
 * The steps from one to another, such that whoever reads the store never waits less than what the rules in force allow.
 * Longer: store first. Shorter: rules first, then the old lease has to run out, then the store. Ticket and fence may move
 * in opposite directions: then both orders at once, through the longer of each.
 */
export function changeTimings(from: LeaseTimings, to: LeaseTimings): TimingStep[] {
  const longest = {
    ...to,
    ticketMs: Math.max(from.ticketMs, to.ticketMs),
    fenceMs: Math.max(from.fenceMs, to.fenceMs),
    marginMs: Math.max(from.marginMs, to.marginMs),
  };
  const steps: TimingStep[] = [];
  if (waitDiffers(from, longest)) steps.push({ do: "store", timings: longest });
  steps.push({ do: "rules", timings: to });
  if (waitDiffers(longest, to))
    steps.push({ do: "wait", ms: leaseMs(longest) }, { do: "store", timings: to });
  else if (steps.length === 1) steps.push({ do: "store", timings: to });
  return steps;
}

const waitDiffers = (a: LeaseTimings, b: LeaseTimings): boolean =>
  a.ticketMs !== b.ticketMs || a.fenceMs !== b.fenceMs || a.marginMs !== b.marginMs;
