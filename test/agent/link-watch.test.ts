// The agent's own measurement of links, over real connections on loopback.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { watchLinks } from "../../src/agent/link-watch.ts";
import type { EventBody } from "../../src/domain/event.ts";
import { type Plan, PORTS } from "../../src/domain/plan.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { NET } from "../loopback.ts";

const LISTENS = `127.${NET}.70.1`;
const REFUSES = `127.${NET}.70.2`;
const example = await loadPlan("examples/etcd.yaml");
const apart = (roundTripMs: number): Plan => ({
  ...example,
  links: example.links.map((link) => ({ ...link, roundTripMs })),
});

/** What is said within the time, with the other sites at these addresses. */
async function said(plan: Plan, withinMs: number): Promise<EventBody[]> {
  const server = createServer((socket) => socket.destroy()).listen(PORTS.agent, LISTENS);
  await once(server, "listening");
  const events: EventBody[] = [];
  const stop = new AbortController();
  const peers = [
    { name: "frankfurt", address: LISTENS },
    { name: "london", address: REFUSES },
  ];
  const log = {
    emit(event: EventBody) {
      events.push(event);
      if (events.length === peers.length) stop.abort();
    },
  };
  const timer = setTimeout(() => stop.abort(), withinMs);
  await watchLinks({ plan, site: "paris", peers, clock: systemClock, log, everyMs: 5 }, stop.signal);
  clearTimeout(timer);
  server.close();
  return events;
}

test("links that take far less than the plan says are findings, once each, also where nobody listens", async () => {
  const found = await said(apart(500), 20_000);
  assert.deepEqual(
    found.map((event) =>
      event.event === "link-measured" ? [event.to, event.plannedMs, event.deviates] : event,
    ),
    [
      ["frankfurt", 500, true],
      ["london", 500, true],
    ],
  );
});
