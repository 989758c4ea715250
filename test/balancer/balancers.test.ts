// Gateways and name servers together on loopback addresses, with front-ends that say what the test wants. No kernel path here
// (kernel-path.test.ts): what is tested is probe → health → row → route → DNS answer.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { mkdtemp } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { decode, encode } from "dns-packet";
import type { BalancerStatus } from "../../src/api/balancer.ts";
import { startGateway } from "../../src/balancer/gateway.ts";
import { startNameServer } from "../../src/balancer/name-server.ts";
import { examplePlan } from "../../src/balancer/plan-example.ts";
import type { EventBody } from "../../src/domain/event.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { removeTree } from "../../src/runtime/files.ts";
import { startLog } from "../../src/runtime/log.ts";
import { CLIENTS_NET, NET } from "../loopback.ts";

const FRONTEND_PORT = 18_080;
const CONTROL_PORT = 17_500;
const clock = systemClock;

interface FrontEnd extends AsyncDisposable {
  /** able, unable, or silent: it takes the connection and never answers. */
  say(how: "able" | "unable" | "silent"): void;
}

async function startFrontEnd(site: string, host: string): Promise<FrontEnd> {
  let mode = "able";
  const server: Server = createServer((_request, response) => {
    if (mode === "silent") return;
    const report = {
      site,
      ableToCommit: mode === "able",
      because: `test says ${mode}`,
      epoch: 7,
      evidenceAgeMs: 10,
    };
    response.writeHead(mode === "able" ? 200 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify(report));
  });
  await new Promise<void>((resolve) => server.listen(FRONTEND_PORT, host, resolve));
  return {
    say: (how) => {
      mode = how;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const plan: Plan = {
  ...examplePlan({ sites: NET, clients: CLIENTS_NET }),
  balancer: {
    ...examplePlan({ sites: NET, clients: CLIENTS_NET }).balancer,
    port: FRONTEND_PORT,
    timing: { intervalMs: 100, timeoutMs: 80, fall: 2, rise: 3 },
  },
};

function recorder(place: string): {
  log: ReturnType<typeof startLog>;
  events: (EventBody & { at: string })[];
} {
  const events: (EventBody & { at: string })[] = [];
  return { events, log: startLog("balancer", place, clock, (line) => events.push(JSON.parse(line))) };
}

async function until<T>(what: string, ask: () => Promise<T | null> | T | null, withinMs = 5_000): Promise<T> {
  const endMs = clock.nowMs() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
    if (clock.nowMs() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await clock.sleep(10);
  }
}

function resolve(host: string, port: number, from: string): Promise<string[]> {
  return new Promise((done) => {
    const socket = createSocket("udp4");
    socket.on("message", (bytes) => {
      socket.close();
      done((decode(bytes).answers ?? []).map((record) => String((record as { data: unknown }).data)));
    });
    socket.bind(0, from, () => {
      const question = { type: "A" as const, name: plan.balancer.hostname };
      socket.send(encode({ type: "query", id: 1, questions: [question] }), port, host);
    });
  });
}

async function statusOf(host: string): Promise<BalancerStatus> {
  return (await fetch(`http://${host}:${CONTROL_PORT}/v1/status`)).json() as Promise<BalancerStatus>;
}

interface World extends AsyncDisposable {
  readonly frontEnds: ReadonlyMap<string, FrontEnd>;
  readonly events: (EventBody & { at: string })[];
  answers(region: number): Promise<string[]>;
}

/** Three front-ends, three gateways, one name server (London's). */
async function startWorld(stateFolder: string | null = null): Promise<World> {
  const stack = new AsyncDisposableStack();
  const frontEnds = new Map<string, FrontEnd>();
  for (const { name, address } of plan.sites)
    frontEnds.set(name, stack.use(await startFrontEnd(name, address ?? "")));
  const { log, events } = recorder("london");
  const server = stack.use(
    await startNameServer({ plan, site: "london", stateFolder, log, dnsPort: 0, controlPort: CONTROL_PORT }),
  );
  for (const { name: region } of plan.regions)
    stack.use(
      await startGateway({
        plan,
        region,
        stateFolder: null,
        log: recorder(`gateway/${region}`).log,
        startPlane: null,
        controlPort: CONTROL_PORT,
        nameServerPort: CONTROL_PORT,
      }),
    );
  return {
    frontEnds,
    events,
    answers: (region) => resolve(`127.${NET}.3.1`, server.dnsPort, `127.${CLIENTS_NET}.${region}.2`),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const settled = (world: World) =>
  until("each region is answered with its own site", async () => {
    const all = [await world.answers(1), await world.answers(2), await world.answers(3)];
    return JSON.stringify(all) === JSON.stringify([1, 2, 3].map((last) => [`127.${NET}.${last}.1`]))
      ? true
      : null;
  });

test("a site that is lost, unable or silent loses its clients in time, and gets them back", async () => {
  await using world = await startWorld();
  await settled(world);
  const { intervalMs, timeoutMs, fall } = plan.balancer.timing;
  for (const how of ["unable", "silent"] as const) {
    const fromMs = clock.nowMs();
    world.frontEnds.get("paris")?.say(how);
    await until(`paris ${how}: another site`, async () => {
      const [address] = await world.answers(1);
      return address === `127.${NET}.2.1` ? true : null;
    });
    const tookMs = clock.nowMs() - fromMs;
    const boundMs = fall * intervalMs + timeoutMs + 150;
    assert.ok(tookMs <= boundMs, `${how}: ${tookMs} ms, expected at most ${boundMs}`);
    world.frontEnds.get("paris")?.say("able");
    await settled(world);
  }
  const gateway = await statusOf(`127.${NET}.101.1`);
  assert.equal(gateway.place, "gateway/eu-west");
  assert.deepEqual(gateway.route?.groups[0]?.weights, { paris: 1 });
  assert.equal(gateway.route?.epoch, 7);
});

test("sites that are all unable for a while change no route; all silent is held and says so", async () => {
  await using world = await startWorld();
  await settled(world);
  const changes = () => world.events.filter(({ event }) => event === "route-changed").length;
  const before = changes();
  for (const site of world.frontEnds.values()) site.say("unable");
  await clock.sleep(600);
  for (const site of world.frontEnds.values()) site.say("able");
  await clock.sleep(500);
  assert.equal(changes(), before);
  for (const site of world.frontEnds.values()) site.say("silent");
  const held = await until("held", async () => {
    const status = await statusOf(`127.${NET}.3.1`);
    return status.route?.groups.every(({ because }) => because.startsWith("held, nothing better"))
      ? status
      : null;
  });
  assert.equal(held.route?.held, true);
  assert.equal(changes(), before);
  for (const site of world.frontEnds.values()) site.say("able");
  await settled(world);
  assert.equal(changes(), before);
});

test("a name server that starts again answers from the last good route before any row has come", async () => {
  const folder = await mkdtemp(join(tmpdir(), "outlast-route-"));
  try {
    {
      await using world = await startWorld(folder);
      await settled(world);
    }
    const { log } = recorder("london");
    await using server = await startNameServer({
      plan,
      site: "london",
      stateFolder: folder,
      log,
      dnsPort: 0,
      controlPort: CONTROL_PORT,
    });
    assert.deepEqual(await resolve(`127.${NET}.3.1`, server.dnsPort, `127.${CLIENTS_NET}.1.2`), [
      `127.${NET}.1.1`,
    ]);
    const status = await statusOf(`127.${NET}.3.1`);
    assert.equal(status.route?.held, true);
    assert.match(status.routeFrom, /^kept since/);
  } finally {
    await removeTree(folder);
  }
});

test("a bad row, a row of an unknown region and an unknown path are refused with a reason", async () => {
  const { log } = recorder("london");
  await using _server = await startNameServer({
    plan,
    site: "london",
    stateFolder: null,
    log,
    dnsPort: 0,
    controlPort: CONTROL_PORT,
  });
  const send = (path: string, body: unknown) =>
    fetch(`http://127.${NET}.3.1:${CONTROL_PORT}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  assert.equal((await send("/v1/rows", { region: 5 })).status, 400);
  const row = { region: "mars", sequence: 1, startedAt: "", sites: [] };
  assert.equal((await send("/v1/rows", row)).status, 409);
  assert.equal((await send("/v1/nothing", {})).status, 404);
  const none = await fetch(`http://127.${NET}.3.1:${CONTROL_PORT}/v1/route`);
  assert.equal(none.status, 503);
  const { error } = (await none.json()) as { error: { code: string; definite: boolean } };
  assert.deepEqual([error.code, error.definite], ["NO_ROUTE", true]);
});
