// Runs in the clients' place of a lab: what the agents say of themselves, or what a primary has.
//   node site-role.ts statuses ADDRESS…    one JSON line each 150 ms: address → the agent's own answer, null: none
//   node site-role.ts journal ADDRESS      every key of the ledger, as one JSON line
import { PORTS } from "../../src/domain/plan.ts";
import { postgresqlEngineClient } from "../../src/engines/postgresql/client.ts";
import { systemClock } from "../../src/runtime/clock.ts";

const [action, ...addresses] = process.argv.slice(2);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const PAUSE_MS = 150;
const PAGE = 20_000;

const said = (address: string): Promise<unknown> =>
  fetch(`http://${address}:${PORTS.agent}/v1/status`, { signal: AbortSignal.timeout(500) }).then(
    (answer) => answer.json(),
    () => null, // it does not answer: that is the reading
  );

async function statuses(): Promise<never> {
  for (;;) {
    const answers = await Promise.all(addresses.map(said));
    say(Object.fromEntries(addresses.map((one, at) => [one, answers[at]])));
    await systemClock.sleep(PAUSE_MS);
  }
}

async function journal(): Promise<void> {
  await using client = postgresqlEngineClient({ name: "primary", address: addresses[0] ?? "" });
  const keys: string[] = [];
  let after: string | null = null;
  do {
    const page = await client.list("", { mode: "replica", limit: PAGE, after }, AbortSignal.timeout(20_000));
    if (page.kind !== "done") throw new Error(page.failure.what);
    keys.push(...page.value.value.entries.map(({ key }) => key));
    after = page.value.value.next;
  } while (after !== null);
  say({ keys });
}

const actions: Readonly<Record<string, () => Promise<void>>> = { statuses, journal };
await (actions[action ?? ""] ?? (() => Promise.reject(new RangeError(`no action ${action}`))))();
