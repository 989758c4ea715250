// Runs in the clients' place of a lab, as one process each time: what the peer's members say of themselves, or SQL on one.
//   node site-role.ts roles ADDRESS…            one JSON line each 200 ms: address → Patroni's own answer, null: none
//   node site-role.ts prepare ADDRESS           the ledger's role, database, table and functions
//   node site-role.ts journal ADDRESS           every id of the journal, as one JSON line
import pg from "pg";
import { CLUSTER_STATEMENTS, DATABASE_STATEMENTS } from "../../src/engines/postgresql/schema.ts";
import { APPLICATION_DATABASE } from "../../src/engines/postgresql/layout.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { POSTGRESQL_PORT, REST_PORT, SUPERUSER } from "./settings.ts";

const [action, ...addresses] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const PAUSE_MS = 200;

async function connected<T>(database: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: addresses[0] ?? "",
    port: POSTGRESQL_PORT,
    user: SUPERUSER,
    database,
  });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const said = (address: string): Promise<unknown> =>
  fetch(`http://${address}:${REST_PORT}/patroni`, { signal: AbortSignal.timeout(1_000) }).then(
    (answer) => answer.json(),
    () => null, // it does not answer: that is the reading
  );

async function roles(): Promise<never> {
  for (;;) {
    const answers = await Promise.all(addresses.map(said));
    say({
      at: String(systemClock.nowNs()),
      roles: Object.fromEntries(addresses.map((one, at) => [one, answers[at]])),
    });
    await systemClock.sleep(PAUSE_MS);
  }
}

async function prepare(): Promise<void> {
  await connected("postgres", async (client) => {
    for (const statement of CLUSTER_STATEMENTS) await client.query(statement);
  });
  await connected(APPLICATION_DATABASE, async (client) => {
    for (const statement of DATABASE_STATEMENTS) await client.query(statement);
  });
}

async function journal(): Promise<void> {
  await connected(APPLICATION_DATABASE, async (client) => {
    const { rows } = await client.query<{ key: string }>("SELECT key FROM ledger.entries");
    say({ keys: rows.map(({ key }) => key) });
  });
}

const actions: Readonly<Record<string, () => Promise<void>>> = { roles, prepare, journal };
await (actions[action ?? ""] ?? (() => Promise.reject(new RangeError(`no action ${action}`))))();
