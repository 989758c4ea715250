// Positions. One writer at a time, one domain, strict mode: so the sequence number alone orders everything that one branch
// holds, and the server's number beside it tells who wrote it. A branch ("timeline") begins with a promotion, whose first
// transaction writes down its number, its sequence number and its server (schema.ts: outlast.timelines).

export interface Gtid {
  readonly server: number;
  readonly sequence: number;
}

export interface Timeline {
  readonly timeline: number;
  /** Sequence number of its first transaction. */
  readonly began: number;
  /** Who was promoted. */
  readonly server: number;
}

const DOMAIN = "0";

/** "0-172818689-105"; "" is null: nothing yet. Throws when there are other domains than ours. */
export function parseGtid(text: string): Gtid | null {
  const list = text.split(",").filter((part) => part !== "");
  if (list.length === 0) return null;
  // A binary log's state names the last one of each server; the newest is the position.
  const all = list.map((part) => {
    const [domain, server, sequence] = part.trim().split("-");
    if (domain !== DOMAIN || server === undefined || !/^\d+$/.test(sequence ?? ""))
      throw new RangeError(`not a position of domain ${DOMAIN}: ${part}`);
    return { server: Number(server), sequence: Number(sequence) };
  });
  return all.reduce((newest, each) => (each.sequence > newest.sequence ? each : newest));
}

export const gtidText = ({ server, sequence }: Gtid): string => `${DOMAIN}-${server}-${sequence}`;

export const sequenceOf = (text: string): number => parseGtid(text)?.sequence ?? 0;

/** In contract words: where each former timeline was left. */
export const ancestorsOf = (timelines: readonly Timeline[]) =>
  timelines.slice(0, -1).map(({ timeline }, at) => ({
    timeline,
    until: (timelines[at + 1]?.began ?? 0) - 1,
  }));

/** Who wrote that sequence number in this history; null: nobody has yet, as its end is `until`. */
export function writerOf(timelines: readonly Timeline[], sequence: number, until: number): number | null {
  if (sequence > until) return null;
  return timelines.findLast(({ began }) => began <= sequence)?.server ?? null;
}

/** The last sequence number that both have, as far as their histories tell; both begin alike, or it is 0. */
export function forkOf(
  own: readonly Timeline[],
  other: { readonly timelines: readonly Timeline[]; readonly until: number },
): number {
  let common = 0;
  for (const [at, mine] of own.entries()) {
    const theirs = other.timelines[at];
    if (
      theirs === undefined ||
      theirs.timeline !== mine.timeline ||
      theirs.began !== mine.began ||
      theirs.server !== mine.server
    )
      break;
    const [ownNext, otherNext] = [own[at + 1]?.began, other.timelines[at + 1]?.began];
    common = Math.min(ownNext ?? Number.POSITIVE_INFINITY, otherNext ?? other.until + 1) - 1;
  }
  return common;
}
