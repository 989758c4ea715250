// The ledger over a real three-member cluster: its API, its readiness, and that it never repeats a write.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock } from "../../src/runtime/clock.ts";
import { type Cluster, type LedgerProcess, SITES, type SiteName, startCluster } from "./cluster.ts";
import { measureLateness } from "../lateness.ts";

type Body = Record<string, unknown> & { error?: { code: string; definite: boolean } };
interface Got {
  readonly status: number;
  readonly body: Body;
  readonly epoch: string | null;
  readonly site: string | null;
  readonly tookMs: number;
}

let cluster: Cluster;
const ledgers = new Map<SiteName, LedgerProcess>();

async function ask(site: SiteName, method: string, path: string, body?: unknown): Promise<Got> {
  const from = systemClock.nowMs();
  const response = await fetch(`${cluster.url(site)}${path}`, {
    method,
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return {
    status: response.status,
    body: (await response.json()) as Body,
    epoch: response.headers.get("outlast-epoch"),
    site: response.headers.get("outlast-site"),
    tookMs: systemClock.nowMs() - from,
  };
}

/** Asks readiness until it is `able`; gives how long that took beyond the lateness of this machine meanwhile. */
async function untilAble(site: SiteName, able: boolean, withinMs: number): Promise<number> {
  const from = systemClock.nowMs();
  const lateness = measureLateness();
  try {
    for (;;) {
      const ready = await ask(site, "GET", "/health/ready");
      const tookMs = systemClock.nowMs() - from - lateness();
      const answerMs = ready.tookMs - lateness();
      assert.ok(answerMs < 1_000, `readiness answered after ${answerMs} ms`);
      if ((ready.status === 200) === able) return tookMs;
      assert.ok(tookMs < withinMs, `${site} is not ${able ? "able" : "unable"} after ${tookMs} ms`);
      await systemClock.sleep(10);
    }
  } finally {
    lateness.end();
  }
}

/** Appends new entries, each given up after 300 ms, until one is acknowledged; gives its id. */
async function untilAppended(site: SiteName, prefix: string, withinMs: number): Promise<string> {
  const from = systemClock.nowMs();
  for (let i = 0; systemClock.nowMs() - from < withinMs; i += 1) {
    const status = await fetch(`${cluster.url(site)}/v1/journal`, {
      method: "POST",
      body: JSON.stringify({ id: `${prefix}-${i}` }),
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(300),
    }).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 201) return `${prefix}-${i}`;
    await systemClock.sleep(20);
  }
  throw new assert.AssertionError({ message: `${site} acknowledged no write within ${withinMs} ms` });
}

before(async () => {
  cluster = await startCluster();
  for (const site of SITES) ledgers.set(site, await cluster.startLedger(site));
  for (const site of SITES) await untilAble(site, true, 10_000);
});
after(() => cluster[Symbol.asyncDispose]());

test("registers: read, write, compare-and-set, with the term in body and header", async () => {
  const absent = await ask("paris", "GET", "/v1/registers/a");
  assert.deepEqual([absent.status, absent.body["value"]], [200, null]);
  assert.equal(String(absent.body["term"]), absent.epoch);
  assert.equal(absent.site, "paris");
  assert.equal((await ask("paris", "PUT", "/v1/registers/a", { value: 7 })).status, 200);
  assert.equal((await ask("london", "GET", "/v1/registers/a")).body["value"], 7);
  const cas = (from: unknown, to: unknown) =>
    ask("frankfurt", "POST", "/v1/registers/a/compare-and-set", { from, to });
  assert.equal((await cas("7", "x")).body["swapped"], false);
  assert.equal((await cas(7, "x")).body["swapped"], true);
  assert.equal((await cas(null, "y")).body["swapped"], false);
  assert.equal((await ask("paris", "GET", "/v1/registers/a?from=london")).status, 200);
});

test("the journal takes an id once and lists in order of creation, a page at a time", async () => {
  for (const id of ["z", "a", "m"])
    assert.equal((await ask("paris", "POST", "/v1/journal", { id })).status, 201);
  const again = await ask("london", "POST", "/v1/journal", { id: "a" });
  assert.deepEqual(
    [again.status, again.body.error?.code, again.body.error?.definite],
    [409, "JOURNAL_ENTRY_EXISTS", true],
  );
  const first = await ask("london", "GET", "/v1/journal?limit=2");
  assert.deepEqual(first.body["ids"], ["z", "a"]);
  const second = await ask("london", "GET", `/v1/journal?limit=2&after=${String(first.body["next"])}`);
  assert.deepEqual([second.body["ids"], second.body["next"]], [["m"], null]);
});

test("transfers in parallel keep the sum, and none makes a balance negative", async () => {
  for (const name of ["anna", "ben", "cleo"])
    await ask("paris", "PUT", `/v1/accounts/${name}`, { balance: 100 });
  const names = ["anna", "ben", "cleo"];
  const tried = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      ask(SITES[i % 3] as SiteName, "POST", "/v1/transfers", {
        from: names[i % 3],
        to: names[(i + 1) % 3],
        amount: 30,
      }),
    ),
  );
  for (const { status, body } of tried)
    assert.ok(status === 200 || (status === 409 && body.error?.definite === true), JSON.stringify(body));
  const { balances } = (await ask("london", "GET", "/v1/accounts")).body as unknown as {
    balances: Record<string, number>;
  };
  assert.equal(
    Object.values(balances).reduce((sum, balance) => sum + balance, 0),
    300,
  );
  const too = await ask("paris", "POST", "/v1/transfers", { from: "anna", to: "ben", amount: 1_000 });
  assert.deepEqual([too.status, too.body.error?.code], [409, "INSUFFICIENT_FUNDS"]);
});

test("bad input is refused with a definite error", async () => {
  for (const [method, path, body] of [
    ["GET", "/v1/registers/a?from=atlantis", undefined],
    ["PUT", "/v1/registers/a", { value: null }],
    ["PUT", "/v1/registers/a", { value: { deep: 1 } }],
    ["POST", "/v1/journal", { id: "a/b" }],
    ["POST", "/v1/transfers", { from: "anna", to: "anna", amount: 1 }],
    ["GET", "/v1/journal?limit=0", undefined],
    ["GET", "/nowhere", undefined],
  ] as const) {
    const got = await ask("paris", method, path, body);
    assert.ok(got.status === 400 || got.status === 404, `${method} ${path}: ${got.status}`);
    assert.equal(got.body.error?.definite, true);
  }
});

test("a frozen member: what it was asked is unknown and never sent again, what comes later is refused at once", async () => {
  const member = cluster.member("london");
  process.kill(member.pid, "SIGSTOP");
  const asked = fetch(`${cluster.url("london")}/v1/journal`, {
    method: "POST",
    body: JSON.stringify({ id: "caught" }),
    headers: { "content-type": "application/json" },
    signal: AbortSignal.timeout(300),
  }).then(
    (response) => response.status,
    () => "no answer",
  );
  const unableMs = await untilAble("london", false, 2_000);
  const later = await ask("london", "POST", "/v1/journal", { id: "later" });
  assert.deepEqual([later.status, later.body.error?.code], [503, "SITE_CANNOT_COMMIT"]);
  assert.equal((await ask("london", "GET", "/v1/registers/a")).status, 503);
  assert.equal(await asked, "no answer");
  const others = await Promise.all([untilAble("paris", true, 5_000), untilAble("frankfurt", true, 5_000)]);
  process.kill(member.pid, "SIGCONT");
  const ableMs = await untilAble("london", true, 5_000);
  assert.ok(unableMs < 250 + 200 + 400, `unable after ${unableMs} ms`);
  assert.ok(ableMs < 2_500, `able after ${ableMs} ms`);
  assert.ok(Math.max(...others) < 3_000);
});

test("a killed member: unable at once, the others go on, and able again when it is back", async () => {
  const member = cluster.member("frankfurt");
  process.kill(member.pid, "SIGKILL");
  await member.exited;
  const unableMs = await untilAble("frankfurt", false, 2_000);
  assert.ok(unableMs < 250 + 200 + 400, `unable after ${unableMs} ms`);
  const refused = await ask("frankfurt", "POST", "/v1/journal", { id: "refused" });
  assert.deepEqual([refused.status, refused.body.error?.definite], [503, true]);
  const kept = await untilAppended("paris", "after", 5_000);
  await cluster.startMember("frankfurt");
  await untilAble("frankfurt", true, 5_000);
  const listed = await ask("frankfurt", "GET", "/v1/journal");
  assert.equal(listed.status, 200, JSON.stringify(listed.body));
  const ids = listed.body["ids"] as string[];
  assert.ok(ids.includes(kept) && !ids.includes("refused"));
});

test("without a majority: writes are unknown after the deadline, a replica can still be read by name", async () => {
  await using impatient = await restartLedger("paris", "--deadline", "0.4");
  for (const site of ["frankfurt", "london"] as const) process.kill(cluster.member(site).pid, "SIGSTOP");
  const got = await ask("paris", "POST", "/v1/journal", { id: "limbo" });
  assert.ok(got.status === 504 || got.status === 503, String(got.status));
  assert.equal(got.body.error?.definite, got.status === 503);
  await untilAble("paris", false, 1_000);
  assert.equal((await ask("paris", "GET", "/v1/registers/a?from=paris")).status, 200);
  assert.notEqual((await ask("paris", "GET", "/v1/registers/a")).status, 200);
  await ledgers.get("paris")?.child.stop();
  await using stale = await cluster.startLedger("paris", "--unsafe-stale-reads");
  assert.equal((await ask("paris", "GET", "/v1/registers/a")).status, 200);
  await stale.child.stop();
  ledgers.set("paris", await cluster.startLedger("paris"));
  for (const site of ["frankfurt", "london"] as const) process.kill(cluster.member(site).pid, "SIGCONT");
  await untilAble("paris", true, 5_000);
  assert.ok(impatient.events.some((event) => event.event === "able-changed" && !event.able));
});

async function restartLedger(site: SiteName, ...args: string[]): Promise<LedgerProcess> {
  await ledgers.get(site)?.child.stop();
  const ledger = await cluster.startLedger(site, ...args);
  ledgers.set(site, ledger);
  await untilAble(site, true, 5_000);
  return ledger;
}

test("it ends on SIGTERM within a second, and says in one line when its port is taken", async () => {
  await restartLedger("paris");
  const second = await cluster.startLedger("paris").then(
    () => "started",
    () => "ended",
  );
  assert.equal(second, "ended");
  const ledger = ledgers.get("paris") as LedgerProcess;
  const from = systemClock.nowMs();
  const lateness = measureLateness();
  process.kill(ledger.child.pid, "SIGTERM");
  assert.equal((await ledger.child.exited).code, 0);
  const tookMs = systemClock.nowMs() - from;
  const lateMs = lateness.end();
  assert.ok(tookMs - lateMs < 1_000, `${tookMs} ms, ${lateMs} ms late`);
});
