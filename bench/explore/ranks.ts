// Revisions and nonces only ever get compared with each other: of each key's revisions, and of each site's nonces, their order
// among those that still occur somewhere is all that counts. Here they are found, and put in place of each other.
import type { RecoveryView } from "../../src/recovery/view.ts";
import { siteIndex, siteName } from "./model.ts";
import { CURRENT, type World, type WorldSite } from "./world.ts";

/** Which numbers occur, one bit each, from 1 on. A site has revisions of its own seal only; nonces are of one site. */
export interface Used {
  readonly lease: number;
  readonly epoch: number;
  readonly opened: number;
  readonly seal: number;
  readonly nonce: number;
}

type Kind = keyof Used;
type Rename = (kind: Kind, number: number, sealOf: string) => number;

const KIND_OF: Readonly<Record<string, Kind>> = {
  lease: "lease",
  epoch: "epoch",
  opened: "opened",
  reply: "lease",
};

/** `name`: of the property under which the value is. */
function each(value: unknown, name: string, rename: Rename): unknown {
  if (typeof value !== "object" || value === null || value === CURRENT) return value;
  if (Array.isArray(value)) return value.map((item) => each(item, name, rename));
  const from = value as Readonly<Record<string, unknown>>;
  const to: Record<string, unknown> = {};
  const key = typeof from["key"] === "string" ? from["key"] : null;
  for (const property of Object.keys(from)) {
    const item = from[property];
    if (typeof item !== "number") {
      to[property] = property === "settings" ? item : each(item, property, rename);
      continue;
    }
    let kind: Kind | null = null;
    if (property === "leaseRevision") kind = "lease";
    else if (property === "nonce") kind = "nonce";
    else if (property === "revision" && name !== "view" && name !== "store")
      kind = key === null ? (KIND_OF[name] ?? "seal") : (KIND_OF[key] ?? "seal");
    to[property] = kind === null || item <= 0 ? item : rename(kind, item, name);
  }
  return to;
}

/** The newest of each; the next one is one more. Of all others only how many are newer. */
export const NEWEST = 19;
const MOST = 30;

function collector(): { readonly used: Record<Kind, number>; readonly rename: Rename } {
  const used = { lease: 0, epoch: 0, opened: 0, seal: 0, nonce: 0 };
  return {
    used,
    rename: (kind, number) => {
      if (number > MOST) throw new RangeError(`${kind} ${number}: more than ${MOST} at once`);
      used[kind] |= 1 << (number - 1);
      return number;
    },
  };
}

export function usedBySite(site: WorldSite): Used {
  const { used, rename } = collector();
  each(site, "site", rename);
  return used;
}

/** Seals one number for each site. */
export function usedByStore(
  store: RecoveryView,
  sites: number,
): Omit<Used, "seal"> & { readonly seals: number[] } {
  const { used, rename } = collector();
  const seals = Array.from({ length: sites }, () => 0);
  each(store, "store", (kind, number, name) => {
    rename(kind, number, name);
    if (kind === "seal") seals[siteIndex(name)] = 1 << (number - 1);
    return number;
  });
  return { ...used, seals };
}

/** Up to the newest without a gap. */
export const isDense = (used: number): boolean => used === 0 || used + (used & -used) === 1 << NEWEST;

const rank = (used: number, number: number): number => {
  let count = 0;
  for (let newer = used >>> number; newer !== 0; newer &= newer - 1) count += 1;
  return NEWEST - count;
};

export const rankedSite = (site: WorldSite, used: Used): WorldSite =>
  each(site, "site", (kind, number) => rank(used[kind], number)) as WorldSite;

export const rankedStore = (store: RecoveryView, used: Used, seals: readonly number[]): RecoveryView =>
  each(store, "store", (kind, number, name) =>
    rank(kind === "seal" ? (seals[siteIndex(name)] ?? 0) : used[kind], number),
  ) as RecoveryView;

/** Any world's revisions and nonces as small numbers in the same order. */
export function compact(world: World): World {
  const found = new Map<string, Set<number>>();
  const note = (domain: string, number: number) => {
    const numbers = found.get(domain) ?? new Set();
    found.set(domain, numbers.add(number));
    return number;
  };
  /** Of a site: its own seal and its own nonces; of the store: each seal, and the nonce of the lease's holder. */
  const domains =
    (index: number | null): ((kind: Kind, name: string) => string) =>
    (kind, name) => {
      if (kind === "seal") return `seal ${index === null ? name : siteName(index)}`;
      if (kind === "nonce")
        return `nonce ${index === null ? world.store.lease?.value.holder : siteName(index)}`;
      return kind;
    };
  const through = (rename: (domain: string, number: number) => number): World => {
    const by = (index: number | null): Rename => {
      const domain = domains(index);
      return (kind, number, name) => rename(domain(kind, name), number);
    };
    return {
      ...world,
      store: each(world.store, "store", by(null)) as RecoveryView,
      sites: world.sites.map((site, index) => each(site, "site", by(index)) as WorldSite),
    };
  };
  through(note);
  const ordered = new Map(
    [...found].map(([domain, numbers]) => [domain, [...numbers].sort((a, b) => a - b)]),
  );
  return through((domain, number) => {
    const numbers = ordered.get(domain) ?? [];
    return NEWEST + 1 - numbers.length + numbers.indexOf(number);
  });
}
