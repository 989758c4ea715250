// What is asked of a running primary besides serving: the epoch in its log, proof of life, little left to write at its end,
// and how far all its standbys are.
import { done, type Outcome } from "../../domain/outcome.ts";
import type { Proof, ReplicationView } from "../contract.ts";
import { proofOf, refusal, untilSeen } from "../running-member.ts";
import { setWaiting } from "./acknowledge.ts";
import { inOrder, whereOf } from "./copies.ts";
import { acknowledgementOf, isStandby, receivedOf } from "./member.ts";
import { LOOK_TIMEOUT_MS, notPrimary, type Place } from "./place.ts";
import { CONFIRM } from "./schema.ts";

/** Pages: an end writes these out in no time. */
const DIRTY_MAX = 64;

/** What has to be set back is, also when the caller has given up. */
const afterwards = (): AbortSignal => AbortSignal.timeout(LOOK_TIMEOUT_MS);

/** In words of the log itself: they come to whoever gets the log, and no further than it. */
export async function recordEpoch(place: Place, epoch: number): Promise<Outcome<Proof>> {
  const { member, connections } = place;
  const before = await place.look();
  if (before.kind !== "done") return before;
  if (isStandby(before.value)) return notPrimary(member);
  const { timelines, epochs, semiSync, status } = before.value;
  const last = timelines.at(-1);
  const begins = (last?.began ?? 1) - 1;
  if (epochs?.some((known) => known.epoch === epoch) !== true) {
    // No session can choose to wait for nobody, so for this one transaction none does: a new primary's fence is closed. Who
    // waits now would be told that a standby has its write.
    if (status.Rpl_semi_sync_master_wait_sessions > 0)
      return refusal(
        "COMMITS_WAIT",
        "commits wait for a standby",
        whereOf(member),
        "ask again when none does",
      );
    const written = await inOrder(
      connections,
      [
        "SET GLOBAL rpl_semi_sync_master_enabled = OFF",
        `INSERT INTO outlast.epochs VALUES (${Number(epoch)}, ${Number(last?.timeline ?? 0)}, ${begins}) ON DUPLICATE KEY UPDATE epoch = epoch`,
      ],
      place.signal,
    );
    const again = semiSync
      ? await connections.query({ text: setWaiting({ count: 1, members: [] }) }, afterwards())
      : written;
    if (written.kind !== "done") return written;
    if (again.kind !== "done") return again;
  }
  const after = await place.view();
  return after.kind === "done" ? done(proofOf(`epoch ${epoch} begins at ${begins}`, after.value)) : after;
}

/** `here` is not written to the binary log, so nobody else gets it and nobody is waited for. */
export async function commit(place: Place, acknowledged: "here" | "as configured"): Promise<Outcome<Proof>> {
  const { member, connections, signal } = place;
  const asked =
    acknowledged === "here"
      ? await inOrder(place.local, ["UPDATE outlast.life SET times = times + 1"], signal)
      : await connections.query({ text: CONFIRM }, signal);
  if (asked.kind !== "done") return asked;
  return done({ what: `${member.name} has committed`, timeline: 0, position: 0 });
}

/** Dirty pages are written until hardly any is left. */
export async function checkpoint(place: Place): Promise<Outcome<Proof>> {
  const { member, connections, clock, signal } = place;
  const dirty = async (): Promise<Outcome<number>> => {
    const text = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'";
    const asked = await connections.query({ text, readOnly: true }, signal);
    return asked.kind === "done" ? done(Number(asked.value[0]?.["Value"])) : asked;
  };
  const told = await connections.query({ text: "SET GLOBAL innodb_max_dirty_pages_pct = 0" }, signal);
  if (told.kind !== "done") return told;
  const written = await untilSeen(
    "written out",
    dirty,
    (pages) => pages <= DIRTY_MAX,
    member.name,
    clock,
    signal,
  );
  const restored = await connections.query(
    { text: "SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT" },
    afterwards(),
  );
  if (written.kind !== "done") return written;
  if (restored.kind !== "done") return restored;
  const seen = await place.view();
  return seen.kind === "done" ? done(proofOf("written out", seen.value)) : seen;
}

/** Nothing is kept for it: the binary log has every write, so that all can be told until it expires. */
export async function mark(place: Place): Promise<Outcome<Proof>> {
  const { member, clock, signal } = place;
  const before = await place.look();
  if (before.kind !== "done") return before;
  if (isStandby(before.value)) return notPrimary(member);
  const target = receivedOf(before.value);
  const members = acknowledgementOf(before.value)?.members ?? [];
  const present = (seen: ReplicationView) => seen.standbys.filter(({ state }) => state === "streaming");
  const seen = await untilSeen(
    "its standbys are asked",
    place.view,
    (view) => present(view).every(({ flushed }) => flushed > 0),
    member.name,
    clock,
    AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]),
  );
  if (seen.kind !== "done") return seen;
  const missing = members.filter((name) => !present(seen.value).some((standby) => standby.name === name));
  if (missing.length > 0 || present(seen.value).length === 0)
    return done(proofOf(`not known: ${missing.join(", ") || "every standby"} does not stream`, seen.value));
  const position = Math.min(target, ...present(seen.value).map(({ flushed }) => flushed));
  return done({
    what: `every standby has what is up to ${position}`,
    timeline: seen.value.timeline,
    position,
  });
}
