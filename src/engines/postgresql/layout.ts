// What lies where below a member's folder. The settings lie beside the data, not in it, so that neither a base backup nor
// a rewind brings another member's settings along.
//
//   data/               PostgreSQL's own folder
//   postgresql.conf     what changes while it runs (settings.ts); all else is on the command line (launch.ts)
//   pg_hba.conf         who may connect
//   rewinding           there while pg_rewind works: what it leaves half done is nobody's data
import { join } from "node:path";

export interface Layout {
  readonly data: string;
  readonly settings: string;
  readonly access: string;
  readonly rewinding: string;
}

export const layoutOf = (folder: string): Layout => ({
  data: join(folder, "data"),
  settings: join(folder, "postgresql.conf"),
  access: join(folder, "pg_hba.conf"),
  rewinding: join(folder, "rewinding"),
});

/** The role of the agent: superuser, from the members' own addresses only. */
export const AGENT_ROLE = "outlast";
/** The role and the database of applications. */
export const APPLICATION_ROLE = "ledger";
export const APPLICATION_DATABASE = "ledger";
