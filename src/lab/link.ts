// The contract of an emulated link: what every driver (VXLAN + relay; netem where the kernel has it) must be able to do,
// changeable while running. One direction each: a cut of one way only is an ordinary state.

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

export const defaultLink: LinkState = {
  delayMs: 0,
  jitterMs: 0,
  lossRatio: 0,
  bandwidthBitsPerSecond: null,
  cut: false,
};
