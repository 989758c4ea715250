// Obeys the TTL: asks again when the answer has expired. Until the new answer is there it goes on with the old one; when
// the address changes it opens new connections and drops the old ones.
import type { AddressPolicy } from "../resolved-address.ts";

export const dns: AddressPolicy = { againAfterMs: (ttlMs) => ttlMs, againOnFailure: false };
