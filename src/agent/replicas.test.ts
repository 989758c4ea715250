import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicationView } from "../engines/contract.ts";
import { keepingUp, replicasNews } from "./replicas.ts";

const view = (change: Partial<ReplicationView> = {}): ReplicationView => ({
  system: "7",
  epochs: [{ epoch: 3, timeline: 3, begins: 0, serves: 4 }],
  timeline: 4,
  ancestors: [],
  inRecovery: false,
  replaying: false,
  flushed: 100,
  replayed: 100,
  source: null,
  acknowledgement: null,
  standbys: [],
  ...change,
});
const standby = (name: string, flushed: number, state: "streaming" | "catchup" = "streaming") => ({
  name,
  state,
  synchronous: true,
  flushed,
  replayed: flushed,
});

test("a standby keeps up when it has on disk what the primary had a moment before", () => {
  const now = view({ flushed: 300, standbys: [standby("frankfurt", 200), standby("london", 199)] });
  assert.deepEqual(keepingUp(view({ flushed: 200 }), now), ["frankfurt"]);
  assert.deepEqual(keepingUp(view(), view({ standbys: [standby("london", 100, "catchup")] })), []);
});

test("who keeps up is news when it changes, of one timeline, and after a moment", () => {
  const told: unknown[] = [];
  const news = replicasNews("paris", ["frankfurt", "london"], { emit: (event) => void told.push(event) });
  const look = (atMs: number, flushed: number, standbys: ReplicationView["standbys"], timeline = 4) => {
    const replication = view({ flushed, standbys, timeline });
    const value = {
      role: "leader",
      term: 3,
      position: 0,
      leader: "paris",
      quorum: true,
      alarms: [],
    } as const;
    news({ kind: "known", value: { ...value, replication }, atMs });
  };
  const both = (flushed: number) => [standby("frankfurt", flushed), standby("london", flushed)];
  look(0, 100, both(100));
  look(20, 150, both(100)); // no moment has passed
  look(250, 200, both(100));
  look(500, 300, both(200));
  look(750, 400, [standby("frankfurt", 300), standby("london", 200)]);
  look(1_000, 500, both(400), 5);
  news({ kind: "unknown", reason: "not running", sinceMs: 0 });
  assert.deepEqual(
    told.map((event) => (event as { behind: string[] }).behind),
    [[], ["london"]],
  );
});
