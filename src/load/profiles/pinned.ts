// Resolves once and stays there until a connection fails (refused, reset, not established), as connection pools do. A
// missed deadline alone is no connection error: but the next connection to a dead site will be.
import type { AddressPolicy } from "../resolved-address.ts";

export const pinned: AddressPolicy = { againAfterMs: () => null, againOnFailure: true };
