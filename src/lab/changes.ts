// What a fault does to a lab, as data: applied by the keeper, reverted by it at the deadline whoever else has died.
import type { LinkEnd, LinkSetting, LinkState } from "./link.ts";

export type LabChange =
  /** Sets parts of the state of these directions; "*" stands for every other end of the segment. */
  | { readonly kind: "links"; readonly ends: readonly LinkEnd[]; readonly set: Partial<LinkState> }
  /** Silence and the end of every process in one instant; healed: a new machine with the same disks, or empty ones. */
  | { readonly kind: "lose-place"; readonly place: string; readonly wipeDisks: boolean }
  /** As above in all these places in the same instant, and what they had not synchronised is gone. Needs loop disks. */
  | { readonly kind: "power-off"; readonly places: readonly string[] }
  /** SIGKILL; whoever supervises the process starts it again. Nothing to revert. */
  | { readonly kind: "kill-process"; readonly place: string; readonly process: string }
  /** SIGSTOP; healed: SIGCONT. */
  | { readonly kind: "freeze-process"; readonly place: string; readonly process: string }
  /** The site's disk has no byte left; healed: the filler is removed. */
  | { readonly kind: "fill-disk"; readonly place: string };

export interface ChangeRequest {
  readonly id: string;
  /** The fault's name, for events and evidence. */
  readonly fault: string;
  readonly target: string;
  readonly changes: readonly LabChange[];
  /** The keeper heals it after this time if nobody did before. */
  readonly deadlineMs: number;
}

export interface ChangeReport {
  /** CLOCK_MONOTONIC ns, decimal: taken before the first and after the last change. */
  readonly beforeNs: string;
  readonly afterNs: string;
}

const matches = (pattern: string, name: string) => pattern === "*" || pattern === name;

/** Directions that a change touches when a place is lost: everything to and from it. */
export const allLinksOf = (place: string): LinkEnd[] => [
  { from: place, to: "*" },
  { from: "*", to: place },
];

/** The links as they are now: the plan's, with all active changes laid over them in order. Pure. */
export function effectiveLinks(
  base: readonly LinkSetting[],
  active: readonly (readonly LabChange[])[],
): LinkSetting[] {
  const settings = active.flat().flatMap((change) => {
    if (change.kind === "links") return [{ ends: change.ends, set: change.set }];
    if (change.kind === "lose-place") return [{ ends: allLinksOf(change.place), set: { cut: true } }];
    if (change.kind === "power-off") return [{ ends: change.places.flatMap(allLinksOf), set: { cut: true } }];
    return [];
  });
  return base.map((link) =>
    settings.reduce<LinkSetting>(
      (state, { ends, set }) =>
        ends.some((end) => matches(end.from, link.from) && matches(end.to, link.to))
          ? { ...state, ...set }
          : state,
      link,
    ),
  );
}
