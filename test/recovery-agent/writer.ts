// A client that knows every site: each operation goes to all of them at once, and only a site whose fence is open acknowledges.
// Writes what it learns as lines: {id, site, atMs} for each acknowledged write, atMs on the machine's monotonic clock.
import type { EngineClient } from "../../src/engines/contract.ts";
import { postgresqlEngineClient } from "../../src/engines/postgresql/client.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { addressOf, SITES } from "./place.ts";

const EVERY_MS = 20;
const DEADLINE_MS = 200;

export interface Acknowledged {
  readonly id: string;
  readonly site: string;
  readonly scheduledMs: number;
  readonly atMs: number;
}

export async function write(): Promise<void> {
  const clients = SITES.map((site): readonly [string, EngineClient] => [
    site,
    postgresqlEngineClient({ name: site, address: addressOf(site) }),
  ]);
  process.stdout.write("ready\n");
  const fromMs = clock.nowMs();
  for (let number = 0; ; number += 1) {
    const scheduledMs = fromMs + number * EVERY_MS;
    await clock.sleep(Math.max(0, scheduledMs - clock.nowMs()));
    for (const [site, client] of clients) {
      const id = `w/${site}/${number}`;
      void client.write(id, String(number), AbortSignal.timeout(DEADLINE_MS)).then((outcome) => {
        if (outcome.kind !== "done") return;
        const acknowledged: Acknowledged = { id, site, scheduledMs, atMs: clock.nowMs() };
        process.stdout.write(`${JSON.stringify(acknowledged)}\n`);
      });
    }
  }
}

/** All ids that a site's own engine has, asked where it listens: run inside the site. */
export async function list(engineAddress: string): Promise<void> {
  const client = postgresqlEngineClient({ name: "here", address: engineAddress });
  const found: string[] = [];
  let after: string | null = null;
  do {
    const page = await client.list(
      "w/",
      { mode: "replica", limit: 5_000, after },
      AbortSignal.timeout(20_000),
    );
    if (page.kind !== "done") throw new Error(page.failure.what);
    found.push(...page.value.value.entries.map(({ key }) => `${key}\n`));
    after = page.value.value.next;
  } while (after !== null);
  process.stdout.write(found.join(""), () => process.exit(0));
}
