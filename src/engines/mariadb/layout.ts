// What lies where below a member's folder.
//
//   data/               MariaDB's own folder: data, binary log, relay log, pid and socket file
//   data/outlast.json   whose data it is, readable while no program runs over it (identity.ts)
//   follow.sql          whom it follows: run at every start (settings.ts); beside the data, so that a copy brings none along
//   rewinding           there while a rewind changes the data: what it leaves half done is nobody's data
import { join } from "node:path";

export interface Layout {
  readonly data: string;
  readonly identity: string;
  readonly follow: string;
  readonly rewinding: string;
}

export const layoutOf = (folder: string): Layout => ({
  data: join(folder, "data"),
  identity: join(folder, "data", "outlast.json"),
  follow: join(folder, "follow.sql"),
  rewinding: join(folder, "rewinding"),
});

/** The agent's account: everything, from the members' own addresses only. */
export const AGENT_ACCOUNT = "outlast";
/** The account and the database of applications. */
export const APPLICATION_ACCOUNT = "ledger";
export const APPLICATION_DATABASE = "ledger";
/** An account for each standby: one that is locked can't acknowledge. */
export const replicaAccount = (name: string): string => `replica-${name}`;
export const replicaName = (account: string): string | null =>
  account.startsWith("replica-") ? account.slice("replica-".length) : null;

/** Base names in the data folder, so that every member's are the same. */
export const BINARY_LOG = "binlog";
export const RELAY_LOG = "relay";
