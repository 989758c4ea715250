// The programs that change the kernel's network state, as they are to be called. Plain names are looked up on PATH.

export interface NetworkTools {
  readonly nft: string;
  readonly conntrack: string;
  readonly ip: string;
}

export const TOOLS_ON_PATH: NetworkTools = { nft: "nft", conntrack: "conntrack", ip: "ip" };
