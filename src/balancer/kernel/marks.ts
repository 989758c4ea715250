// Which mark each site's connections carry, and which are dead. Pure: from what is wanted to the next marks.
//
//   site enters the route ─► new generation ─► takes new connections ─► leaves the route, still usable: its connections live on
//                                                                   └─► can't serve while another can: its marks are dead
import type { DesiredPaths } from "../contract.ts";
import { generationOf, markOf, siteNumberOf } from "./ruleset.ts";

/** Dead marks are forgotten after this many: by then their connections are long gone. */
const DEAD_MAX = 256;

export interface Marks {
  /** In the order of the plan; a site's number is its place here, from 1. */
  readonly sites: readonly string[];
  readonly generation: number;
  /** Site → marks of connections that may live; the last one takes new connections. */
  readonly alive: Readonly<Record<string, readonly number[]>>;
  readonly dead: readonly number[];
}

export function newMarks(sites: readonly string[], generation: number): Marks {
  if (sites.length > 255) throw new RangeError("marks have room for 255 sites");
  return { sites, generation, alive: {}, dead: [] };
}

/** Takes over connections that an earlier life of this balancer marked. */
export function adopt(marks: Marks, found: readonly number[]): Marks {
  const alive: Record<string, number[]> = {};
  let generation = marks.generation;
  for (const mark of [...new Set(found)].sort((a, b) => a - b)) {
    const site = marks.sites[siteNumberOf(mark) - 1];
    if (site === undefined) continue;
    alive[site] = [...(alive[site] ?? []), mark];
    generation = Math.max(generation, generationOf(mark));
  }
  return { ...marks, generation, alive };
}

export interface NextMarks {
  readonly marks: Marks;
  readonly shares: readonly { readonly mark: number; readonly weight: number }[];
  /** Marks that turned dead just now. */
  readonly killed: readonly { readonly site: string; readonly mark: number }[];
}

export function nextMarks(before: Marks, { weights, usable }: DesiredPaths): NextMarks {
  const killed =
    usable === null
      ? []
      : Object.entries(before.alive).flatMap(([site, marks]) =>
          usable.includes(site) ? [] : marks.map((mark) => ({ site, mark })),
        );
  const gone = new Set(killed.map(({ site }) => site));
  const alive: Record<string, readonly number[]> = Object.fromEntries(
    Object.entries(before.alive).filter(([site]) => !gone.has(site)),
  );
  let generation = before.generation;
  const shares = Object.entries(weights).map(([site, weight]) => {
    let mark = alive[site]?.at(-1);
    if (mark === undefined) {
      generation += 1;
      mark = markOf(generation, before.sites.indexOf(site) + 1);
      alive[site] = [mark];
    }
    return { mark, weight };
  });
  const dead = [...before.dead, ...killed.map(({ mark }) => mark)].slice(-DEAD_MAX);
  return { marks: { ...before, generation, alive, dead }, shares, killed };
}
