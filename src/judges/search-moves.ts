// What a search is given and gives (search.ts), and its moves in the order of their times.
import { sortByTime } from "./sort-times.ts";

export interface Move {
  readonly invoked: number;
  /** Infinity: unknown, it may happen at any later time or never. */
  readonly completed: number;
  /** It changes no state, whatever the state is. */
  readonly readOnly: boolean;
  /** Moves of the same number do the same to every state. */
  readonly same: number;
}

/** The state after move `index`, or -1: in this state it can't have been answered so. Must be a pure function. */
export type Step = (state: number, index: number) => number;

export interface SearchResult {
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly steps: number;
  /** Index of the move whose answer no order explains; null unless invalid. */
  readonly stuckAt: number | null;
}

export interface MoveTimes {
  /** By move. */
  readonly invoked: Float64Array;
  readonly completed: Float64Array;
  /** Moves in the order of their invocations, and of their completions: the first `ended` of these did complete. */
  readonly begins: Uint32Array;
  readonly ends: Uint32Array;
  readonly ended: number;
  /** How many are open at a time, at most. */
  readonly most: number;
}

export function timesOf(moves: readonly Move[]): MoveTimes {
  const size = moves.length;
  const invoked = new Float64Array(size);
  const completed = new Float64Array(size);
  let ended = 0;
  for (let index = 0; index < size; index += 1) {
    const move = moves[index] as Move;
    invoked[index] = move.invoked;
    completed[index] = move.completed;
    if (move.completed < Number.POSITIVE_INFINITY) ended += 1;
  }
  const begins = sortByTime(invoked, size);
  const ends = sortByTime(completed, size);
  let open = 0;
  let most = 0;
  for (let begin = 0, end = 0; begin < size; ) {
    const next = completed[ends[end] as number] as number;
    if ((invoked[begins[begin] as number] as number) <= next) {
      begin += 1;
      open += 1;
      if (open > most) most = open;
    } else {
      end += 1;
      open -= 1;
    }
  }
  return { invoked, completed, begins, ends, ended, most };
}
