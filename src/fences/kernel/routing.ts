// Policy routing: only packets that our nftables rules have marked, and this machine itself, find the way to the engine's
// address. Pure. Without the rules no packet is marked and there is no way, neither for new connections nor for those whose
// translation the kernel still remembers.
//
// The kernel asks its local table first, at priority 0; so that anything can come before, that rule moves behind ours, as the
// kernel's documentation of VRFs has it.
import { nftMark } from "../../linux/nftables.ts";
import { nftFamilyAddress } from "./address.ts";
import type { FenceSpec } from "./spec.ts";

export interface RoutingCommand {
  readonly family: "-4" | "-6";
  readonly words: readonly string[];
}

export interface RoutingRule {
  readonly family: "-4" | "-6";
  readonly priority: number;
  readonly which: readonly string[];
}

export interface Routing {
  /** In this order; each is in force before the next. */
  readonly rules: readonly RoutingRule[];
  /** After the rules, so that the address is never there without them. */
  readonly addresses: readonly RoutingCommand[];
}

/** networkd removes rules that are not the kernel's; without this one the machine would have no local addresses. */
const LOCAL = ["lookup", "local", "protocol", "kernel"];
export const LOCAL_FIRST: readonly string[] = LOCAL;

export function fenceRouting({ addresses, routing }: FenceSpec): Routing {
  const engines = addresses.map(({ family, engine }) => ({
    family: family === "ip" ? ("-4" as const) : ("-6" as const),
    engine: nftFamilyAddress(family, engine),
  }));
  return {
    rules: engines.flatMap(({ family, engine }) =>
      [
        ["to", engine, "fwmark", nftMark(routing.mark), "lookup", "local"],
        ["to", engine, "iif", "lo", "lookup", "local"],
        ["to", engine, "blackhole"],
        LOCAL,
      ].map((which, at) => ({ family, priority: routing.priority + at, which })),
    ),
    addresses: engines.map(({ family, engine }) => ({
      family,
      words:
        family === "-4"
          ? ["address", "replace", `${engine}/32`, "dev", "lo"]
          : ["address", "replace", `${engine}/128`, "dev", "lo", "nodad"],
    })),
  };
}

/** A packet in the middle of a forgotten connection begins none. */
export const FENCE_SYSCTLS = { "net/netfilter/nf_conntrack_tcp_loose": "0" } as const;
