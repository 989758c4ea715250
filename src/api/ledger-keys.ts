// Where the ledger's data lies in the engine. Shared with the direct clients of `load`, which do the same operations
// without a front-end, so that both work on the same data.

export const JOURNAL_PREFIX = "ledger/journal/";
export const ACCOUNT_PREFIX = "ledger/account/";

export const registerKey = (key: string): string => `ledger/register/${key}`;
export const journalKey = (id: string): string => `${JOURNAL_PREFIX}${id}`;
export const accountKey = (name: string): string => `${ACCOUNT_PREFIX}${name}`;
export const probeKey = (site: string): string => `outlast/probe/${site}`;

/** Values are JSON, so that 1 and "1" stay apart; JSON.stringify is canonical for strings and numbers. */
export const encodeValue = (value: string | number): string => JSON.stringify(value);

/** null: absent. Throws on what the ledger did not write. */
export function decodeValue(stored: string | null): string | number | null {
  if (stored === null) return null;
  const value: unknown = JSON.parse(stored);
  if (typeof value === "string" || typeof value === "number") return value;
  throw new TypeError(`not a register value: ${stored.slice(0, 80)}`);
}
