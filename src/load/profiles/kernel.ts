// Keep-alive connections to the virtual address: the gateway's kernel path decides which site they reach.
import type { Addressing } from "../http-profile.ts";

export const kernelAddressing = (virtualAddress: string): Addressing => ({
  current: () => virtualAddress,
  first: async () => virtualAddress,
  connectionFailed: () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
});
