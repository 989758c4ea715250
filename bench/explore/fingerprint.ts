// One number for all worlds that behave alike: times are ages on the site's own clock (old is old), revisions are ranks,
// nonces only same or different. What can't matter any more is left out.
import { localMs, TICK_MS, type World } from "./world.ts";

/** From which age on a time makes no difference any more, in ticks: beyond the longest timing that it is compared with. */
const OLD_TICKS: Readonly<Record<string, number>> = {
  atMs: 8, // the wait: P + F + margin
  sinceMs: 8,
  quietFromMs: 4, // D and the patience with a takeover
  nextAtMs: 0,
  sentAtMs: 2, // P, and two renewals
  committedAtMs: 0,
};
const OLD_READ_TICKS = 3; // a gap is more than two renewals

const IGNORED = new Set(["settings", "nextNonce", "storeId", "control"]);

/** A value as triples (kind, value, old), made once for each object: they are never changed. */
type Flat = readonly number[];
const TEXT = 0;
const REVISION = 1;
const NONCE = 2;
const TIME = 3;

const cache = new WeakMap<object, Flat>();
const words = new Map<string, number>();

function word(text: string): number {
  const known = words.get(text);
  if (known !== undefined) return known;
  words.set(text, words.size + 1);
  return words.size;
}

function flat(value: unknown, key = ""): Flat {
  if (typeof value === "object" && value !== null) {
    const known = cache.get(value);
    if (known !== undefined) return known;
    const items = Array.isArray(value)
      ? value.flatMap((item) => flat(item, key))
      : Object.entries(value).flatMap(([name, item]) => (IGNORED.has(name) ? [] : flat(item, name)));
    const all = shortened([TEXT, word("("), 0, ...items, TEXT, word(")"), 0]);
    cache.set(value, all);
    return all;
  }
  if (typeof value === "number") {
    if (key === "revision" || key === "leaseRevision") return [REVISION, value, 0];
    if (key === "nonce") return [NONCE, value, 0];
    const old = OLD_TICKS[key];
    if (old !== undefined) return [TIME, value / TICK_MS, old];
  }
  return [TEXT, word(String(value)), 0];
}

/** Neighbouring texts become one word. */
function shortened(triples: Flat): Flat {
  const out: number[] = [];
  let text = "";
  const end = () => {
    if (text !== "") out.push(TEXT, word(text), 0);
    text = "";
  };
  for (let at = 0; at < triples.length; at += 3) {
    const [kind, value = 0, old = 0] = [triples[at], triples[at + 1], triples[at + 2]];
    if (kind === TEXT) text += `${value},`;
    else {
      end();
      out.push(kind ?? 0, value, old);
    }
  }
  end();
  return out;
}

const parts: { flat: Flat; local: number }[] = [];
const revisions: number[] = [];
const nonces: number[] = [];
let count = 0;
let a = 0;
let b = 0;

function mix(value: number): void {
  a = Math.imul(a ^ value, 0x01000193);
  a ^= a >>> 15;
  b = Math.imul(b + value, 0x85ebca6b);
  b ^= b >>> 13;
}

function add(value: unknown, local: number): void {
  const part = parts[count];
  const made = flat(value);
  if (part === undefined) parts.push({ flat: made, local });
  else {
    part.flat = made;
    part.local = local;
  }
  count += 1;
}

/** 53 bits of two 32-bit hashes. */
export function fingerprint(world: World): number {
  count = 0;
  revisions.length = 0;
  nonces.length = 0;
  a = 0x811c9dc5;
  b = 0x9e3779b9;
  const { lease, epoch, opened, seals } = world.store;
  for (const key of [lease, epoch, opened, seals, world.writes, world.left]) add(key, 0);
  for (const site of world.sites) {
    const local = localMs(world, site) / TICK_MS;
    const { agent, queue, renewals, swaps, member } = site;
    mix(
      (site.up ? 1 : 0) +
        (site.frozen ? 2 : 0) +
        (site.cut ? 4 : 0) +
        (site.ahead + 2) * 8 +
        site.barred * 64,
    );
    if (agent !== null) {
      const { view, sighting, wait, holder, swap, hasty, distrust, readAtMs } = agent;
      add(view?.lease, local);
      add(view?.epoch, local);
      add(view?.opened, local);
      add(view?.seals, local);
      add(sighting, local);
      add(wait, local);
      add(holder, local);
      add(swap, local);
      add(agent.member, local);
      const gap = readAtMs === null ? 9 : Math.min(OLD_READ_TICKS, local - readAtMs / TICK_MS);
      mix((hasty ? 1 : 0) + (distrust === null ? 0 : 2) + gap * 4);
    }
    add(queue, local);
    add(renewals, local);
    add(swaps, local);
    add(member, local);
    for (const { nonce, until } of site.tickets) {
      mix(until - local);
      mix(rankOf(nonces, nonce));
    }
    for (const { epoch: open, until } of site.fence) mix(1_000 + open * 100 + until - local);
  }
  for (let at = 0; at < count; at += 1) collect(parts[at]?.flat ?? []);
  revisions.sort((x, y) => x - y);
  for (let at = 0; at < count; at += 1) {
    const part = parts[at];
    if (part !== undefined) mixPart(part.flat, part.local);
  }
  return (a >>> 0) * 2 ** 21 + ((b >>> 0) >>> 11);
}

function collect(triples: Flat): void {
  for (let at = 0; at < triples.length; at += 3) {
    if (triples[at] !== REVISION) continue;
    const revision = triples[at + 1] ?? 0;
    if (!revisions.includes(revision)) revisions.push(revision);
  }
}

function mixPart(triples: Flat, local: number): void {
  for (let at = 0; at < triples.length; at += 3) {
    const value = triples[at + 1] ?? 0;
    switch (triples[at]) {
      case TEXT:
        mix(value);
        break;
      case REVISION:
        mix(revisions.indexOf(value) + 100_000);
        break;
      case NONCE:
        mix((value === 0 ? 0 : 1 + rankOf(nonces, value)) + 200_000);
        break;
      default:
        mix(Math.min(triples[at + 2] ?? 0, Math.round(local - value)) + 300_000);
    }
  }
}

/** In order of first appearance. */
function rankOf(known: number[], value: number): number {
  const at = known.indexOf(value);
  if (at >= 0) return at;
  known.push(value);
  return known.length - 1;
}
