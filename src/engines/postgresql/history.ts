// Where two members' histories part. Pure. A timeline's history file lists its ancestors and where each was left:
//   1 <tab> 0/3000148 <tab> no recovery target specified
import { bytesOf } from "./control-data.ts";

export interface Ancestor {
  readonly timeline: number;
  /** Where the next one began. */
  readonly until: number;
}

export const parseHistory = (text: string): Ancestor[] =>
  text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line);
    return match === null ? [] : [{ timeline: Number(match[1]), until: bytesOf(match[2] ?? "") }];
  });

export const historyFile = (timeline: number): string =>
  `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`;

export interface Branch {
  readonly timeline: number;
  readonly ancestors: readonly Ancestor[];
}

/**
 * The last common timeline and the end of what is common in it; Infinity: both are on it, so the shorter one is a beginning
 * of the other. null: nothing is common.
 */
export function forkOf(own: Branch, other: Branch): Ancestor | null {
  const chain = (branch: Branch) => [
    ...branch.ancestors,
    { timeline: branch.timeline, until: Number.POSITIVE_INFINITY },
  ];
  const [a, b] = [chain(own), chain(other)];
  let fork: Ancestor | null = null;
  for (const [at, mine] of a.entries()) {
    const theirs = b[at];
    if (theirs === undefined || theirs.timeline !== mine.timeline) break;
    fork = { timeline: mine.timeline, until: Math.min(mine.until, theirs.until) };
    if (mine.until !== theirs.until) break; // the same number twice, left at different places: no longer one history
  }
  return fork;
}
