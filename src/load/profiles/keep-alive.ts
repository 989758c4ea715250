// Resolves once and never again, whatever happens.
import type { AddressPolicy } from "../resolved-address.ts";

export const keepAlive: AddressPolicy = { againAfterMs: () => null, againOnFailure: false };
