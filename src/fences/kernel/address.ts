// An address as it may stand in a script for nft or ip: nothing else gets through.
import { isIPv6 } from "node:net";
import { nftAddress } from "../../linux/nftables.ts";

export function nftFamilyAddress(family: "ip" | "ip6", address: string): string {
  if (family === "ip") return nftAddress(address);
  if (!isIPv6(address) || address.includes("%")) throw new RangeError(`not an IPv6 address: ${address}`);
  return address;
}
