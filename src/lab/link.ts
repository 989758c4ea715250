// The contract of an emulated link: what every driver (VXLAN + relay; netem where the kernel has it) must be able to do,
// changeable while running. One direction each: a cut of one way only is an ordinary state.
import type { Place } from "./topology.ts";

export interface LinkState {
  readonly delayMs: number;
  /** Uniform, ±, never reorders. */
  readonly jitterMs: number;
  /** 0 … 1 of the packets. */
  readonly lossRatio: number;
  /** null: unlimited. */
  readonly bandwidthBitsPerSecond: number | null;
  /** Packets vanish silently; nobody is told. */
  readonly cut: boolean;
}

/** Ends are places of the topology (site name, or gateway/REGION). */
export interface LinkEnd {
  readonly from: string;
  readonly to: string;
}

export type LinkSetting = LinkEnd & LinkState;

/** Measured by the driver itself: how true the emulation was. Milliseconds; null: no packet yet. */
export interface LinkFidelity {
  /** Sent later than it was due, over all packets. */
  readonly latenessMs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  readonly packets: number;
  readonly dropped: { readonly cut: number; readonly loss: number; readonly overflow: number };
  /** Median time in the link, there and back, per unordered pair that saw packets both ways. */
  readonly roundTripMs: readonly { readonly between: readonly [string, string]; readonly median: number }[];
}

/** How places are joined. One driver a lab, chosen when it starts; the keeper knows no other. */
export interface LinkDriver extends AsyncDisposable {
  /** Puts a site or gateway on the segment: its namespace gets an `eth0` with its MAC, not up yet. */
  attach(place: Place): Promise<void>;
  /** The place and its `eth0` are gone. */
  detach(place: Place): Promise<void>;
  /** Sets every direction; holds from the next packet on when it returns. */
  set(links: readonly LinkSetting[]): Promise<void>;
  fidelity(reset: boolean): Promise<LinkFidelity>;
}

/** relay: VXLAN and a process in user space, everywhere. netem: the kernel's own, where it has it. */
export const LINK_DRIVERS = ["relay", "netem"] as const;
export type LinkDriverKind = (typeof LINK_DRIVERS)[number];

export const defaultLink: LinkState = {
  delayMs: 0,
  jitterMs: 0,
  lossRatio: 0,
  bandwidthBitsPerSecond: null,
  cut: false,
};
