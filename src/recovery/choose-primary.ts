// Who may be promoted after the seals, and what would be lost. Sealed sites outside the opened set never make the seals
// enough; the highest log on the recorded branch is chosen, ties by the plan's order.
import type { EpochRecord, OpenedSet, Seal } from "../domain/primaryship.ts";
import type { Rules } from "./rules.ts";

export type Choice =
  | {
      readonly kind: "chosen";
      readonly primary: string;
      /** none: the seals hold every acknowledged write; unknown: a human has accepted that they may not. */
      readonly loss: "none" | "unknown";
    }
  | { readonly kind: "wait"; readonly because: string };

export function choosePrimary(
  rules: Rules,
  record: EpochRecord,
  opened: OpenedSet,
  seals: readonly Seal[],
  preferred: readonly string[],
): Choice {
  const complete = rules.enough(opened, seals);
  if (!complete && record.acceptedLoss === null)
    return {
      kind: "wait",
      because: `${seals.length} sealed of ${[opened.primary, ...opened.standbys].join(", ")}: not enough to know every acknowledged write`,
    };
  const rank = (site: string) => {
    const at = preferred.indexOf(site);
    return at < 0 ? preferred.length : at;
  };
  let best: { readonly site: string; readonly upTo: number } | null = null;
  for (const { site, history } of seals.toSorted((a, b) => rank(a.site) - rank(b.site))) {
    const upTo = rules.countsUpTo(history, opened.epoch);
    if (upTo !== null && (best === null || rules.higher(upTo, best.upTo))) best = { site, upTo };
  }
  if (best === null) return { kind: "wait", because: "no sealed site has a log on the recorded branch" };
  return { kind: "chosen", primary: best.site, loss: complete ? "none" : "unknown" };
}
