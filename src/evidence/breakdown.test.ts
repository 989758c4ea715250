import assert from "node:assert/strict";
import { test } from "node:test";
import type { TimelineEvent } from "../domain/drill.ts";
import type { EventBody } from "../domain/event.ts";
import { breakdown } from "./breakdown.ts";

const at = (atMs: number, component: string, place: string, body: EventBody): TimelineEvent => ({
  atMs,
  at: String(Math.round(atMs * 1e6)),
  wall: "",
  component,
  place,
  ...body,
});
const lost = (atMs: number, region: string, site = "paris"): TimelineEvent =>
  at(atMs, "balancer", `gateway/${region}`, {
    event: "site-health-changed",
    site,
    reachable: false,
    able: false,
    because: "no answer",
  });
const applied = (atMs: number, region: string): TimelineEvent =>
  at(atMs, "balancer", `gateway/${region}`, {
    event: "route-applied",
    plane: "kernel",
    serial: 2,
    tookMs: 1,
  });
const success = (atMs: number, region: string, profile: string, afterFailures = 9): TimelineEvent =>
  at(atMs, "load", `gateway/${region}`, { event: "first-success", region, profile, afterFailures });

const ASKED = { region: "west", profile: null, site: "paris", faultAtMs: 10_000, healAtMs: 20_000 };

test("each term is the difference of two events of the region's own gateway", () => {
  const timeline = [
    lost(9_000, "west"), // before the fault
    lost(10_400, "north"),
    lost(10_450, "west", "london"),
    lost(10_500, "west"),
    applied(10_520, "north"),
    applied(10_530, "west"),
    success(10_560, "west", "kernel"),
    success(10_900, "west", "dns"),
    success(10_590, "north", "kernel"),
  ];
  assert.deepEqual(breakdown(timeline, ASKED), {
    detect: 500,
    decide: null,
    fence: null,
    promote: null,
    route: 30,
    reconnect: 370,
  });
  assert.equal(breakdown(timeline, { ...ASKED, profile: "kernel" }).reconnect, 30);
});

test("a missing event makes its terms unknown, never zero", () => {
  assert.equal(breakdown([], ASKED).detect, null);
  const onlyDetected = breakdown([lost(10_500, "west")], ASKED);
  assert.equal(onlyDetected.detect, 500);
  assert.equal(onlyDetected.route, null);
  assert.equal(onlyDetected.reconnect, null);
});

test("what happens after the heal is not part of the recovery", () => {
  const timeline = [lost(10_500, "west"), applied(20_100, "west"), success(20_200, "west", "kernel")];
  assert.equal(breakdown(timeline, ASKED).route, null);
});

test("clients that succeed before the route changed have no reconnect term", () => {
  const timeline = [success(10_450, "west", "kernel"), lost(10_500, "west"), applied(10_530, "west")];
  assert.equal(breakdown(timeline, ASKED).reconnect, null);
});

test("a first success without failures before it is nobody's reconnect", () => {
  const timeline = [lost(10_500, "west"), applied(10_530, "west"), success(10_540, "west", "kernel", 0)];
  assert.equal(breakdown(timeline, ASKED).reconnect, null);
});
