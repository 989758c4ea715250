// Where an engine is, who may speak to it and by which way: what the rules are made from.
import type { FenceTimings } from "../contract.ts";

/** Addresses of one family. */
export interface FencedAddresses {
  readonly family: "ip" | "ip6";
  /** Where clients and peers connect to. */
  readonly site: string;
  /** Where the engine listens: an address of nobody's network, local only to packets that our rules have marked. */
  readonly engine: string;
  /** The other sites: who may speak replication. */
  readonly peers: readonly string[];
}

export interface FenceSpec {
  /** The workload: in the name of every object. */
  readonly owner: string;
  readonly addresses: readonly FencedAddresses[];
  readonly ports: {
    /** On the engine's own address. */
    readonly engine: number;
    /** On the site's address. */
    readonly readWrite: number;
    readonly readOnly: number;
    readonly replication: number;
    /** Datagrams to this machine itself; nobody listens. */
    readonly ticket: number;
    readonly confirm: number;
  };
  /** User ids. Equal ones mean that the kernel can't tell agent and engine apart. */
  readonly users: { readonly agent: number; readonly engine: number };
  readonly timings: FenceTimings;
  /** Of policy routing: the packet mark, and the first of four priorities. Unused by anybody else here. */
  readonly routing: { readonly mark: number; readonly priority: number };
}

/** What changes while the fence stands. */
export interface FenceState {
  readonly epoch: number | null;
  readonly reads: number | null;
  readonly timings: FenceTimings;
}
