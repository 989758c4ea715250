// Like dns, but keeps every answer for at least 30 s, as many resolvers and runtimes do.
import type { AddressPolicy } from "../resolved-address.ts";

const FLOOR_MS = 30_000;

export const dnsFloor: AddressPolicy = {
  againAfterMs: (ttlMs) => Math.max(FLOOR_MS, ttlMs),
  againOnFailure: false,
};
