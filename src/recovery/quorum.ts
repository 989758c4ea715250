// How the set of synchronous standbys changes while the workload is served. Two numbers must always meet: each acknowledged
// write is on k standbys that the engine named, and a promotion seals q = |voters| - k + 1 of those that the store holds.
// Every step is small enough that q seals find every acknowledged write before it, after it, and if nothing follows it.
//
// Removing needs more than new names (the test beside this shows the loss): a write that only the removed standby had
// acknowledged must first be flushed by those that stay.
export interface Voters {
  readonly voters: readonly string[];
  readonly acknowledgements: number;
}

export interface Named {
  readonly names: readonly string[];
  readonly acknowledgements: number;
}

export interface QuorumState {
  readonly store: Voters;
  /** The engine's newest configuration. */
  readonly engine: Named;
  /** Some backend may still work by an older configuration: it has not seen the reload. */
  readonly unseen: boolean;
  /** All that was acknowledged before the newest configuration was seen by all is flushed by k of its names. */
  readonly flushed: boolean;
  /** A change of the store was sent, and nobody knows yet whether it happened or still will: what the store says may be old. */
  readonly unsettled: boolean;
}

export type QuorumStep =
  | { readonly do: "names"; readonly engine: Named }
  | { readonly do: "store"; readonly store: Voters }
  | { readonly do: "wait"; readonly for: "settled" | "seen" | "flushed" };

export type QuorumPlan =
  | QuorumStep
  | { readonly do: "nothing" }
  | { readonly do: "refuse"; readonly because: string };

/** q: so many of the voters sealed find every acknowledged write. */
export const sealsNeeded = ({ voters, acknowledgements }: Voters): number =>
  voters.length - acknowledgements + 1;

/** The next step towards the target. Asked again after each; whoever asks, from whatever state, it goes on. */
export function nextQuorumStep(
  { store, engine, unseen, flushed, unsettled }: QuorumState,
  target: Voters,
): QuorumPlan {
  const k = target.acknowledgements;
  if (k < 1 || k > target.voters.length)
    return { do: "refuse", because: `${k} acknowledgements of ${target.voters.length} standbys` };
  // Planned from what the store said before, a step could undo what the change under way relies on.
  if (unsettled) return { do: "wait", for: "settled" };
  // Fewer acknowledgements: the store asks for more seals before the engine waits for less.
  if (k < store.acknowledgements) return { do: "store", store: { ...store, acknowledgements: k } };
  const added = target.voters.filter((name) => !store.voters.includes(name));
  if (added.length > 0) return { do: "store", store: { ...store, voters: [...store.voters, ...added] } };
  const reach = Math.max(k, store.acknowledgements);
  if (!sameNames(engine.names, target.voters) || engine.acknowledgements !== reach)
    return { do: "names", engine: { names: target.voters, acknowledgements: reach } };
  const removes = store.voters.length > target.voters.length;
  if (!removes && store.acknowledgements === k) return { do: "nothing" };
  if (unseen) return { do: "wait", for: "seen" };
  if (!flushed) return { do: "wait", for: "flushed" };
  return { do: "store", store: { voters: target.voters, acknowledgements: k } };
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));
