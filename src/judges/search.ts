// Linearizability by search, for any sequential model given as a step function over numbered states: every order that
// real time allows, kept as a set of configurations (state, which open operations have taken effect) that moves along the
// history (Wing & Gong 1993 with Lowe's memoisation, operations taken only when an answer forces one). Exact; bounded
// by steps. Three facts keep the set small:
// - an operation that changes nothing takes effect as soon as the state suits it;
// - of open operations that do the same, the one that ends first goes first;
// - of two configurations that differ only in unknown operations used, the one that used fewer can do all the other can.
import { type Move, type SearchResult, type Step, timesOf } from "./search-moves.ts";
import { NARROW_MAX, searchNarrow } from "./search-narrow.ts";
import { searchWide } from "./search-wide.ts";

export type { Move, SearchResult, Step };

export function search(moves: readonly Move[], step: Step, stepsMax: number, initial = 0): SearchResult {
  const times = timesOf(moves);
  const one = times.most <= NARROW_MAX ? searchNarrow : searchWide;
  return one(moves, times, step, stepsMax, initial);
}
