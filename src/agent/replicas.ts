// Which standbys keep up with the primary that runs here: as news, when it changes. "streaming" alone says little: it stays
// for seconds after a silent cut. A standby keeps up when it has on disk what the primary had a moment before.
import type { Observation, ReplicationView } from "../engines/contract.ts";
import type { Reading } from "../domain/outcome.ts";
import type { Log } from "../runtime/log.ts";

/** A moment: longer than a round trip to any standby takes, shorter than people wait. */
const MOMENT_MS = 200;

/** Names, in order. */
export const keepingUp = (before: ReplicationView, now: ReplicationView): string[] =>
  now.standbys
    .filter(({ state, flushed }) => state === "streaming" && flushed >= before.flushed)
    .map(({ name }) => name)
    .toSorted((a, b) => a.localeCompare(b));

/** The returned function is told of each look at the member. */
export function replicasNews(
  site: string,
  others: readonly string[],
  log: Pick<Log, "emit">,
): (seen: Reading<Observation>) => void {
  let before: { readonly view: ReplicationView; readonly atMs: number } | null = null;
  let told = "";
  return (seen) => {
    const view = seen.kind === "known" && seen.value.role === "leader" ? seen.value.replication : undefined;
    if (seen.kind === "unknown" || view === undefined) {
      before = null;
      told = "";
      return;
    }
    if (before !== null && before.view.timeline === view.timeline && seen.atMs - before.atMs < MOMENT_MS)
      return;
    const last = before;
    before = { view, atMs: seen.atMs };
    if (last === null || last.view.timeline !== view.timeline) return;
    const upToDate = keepingUp(last.view, view);
    const behind = others.filter((name) => !upToDate.includes(name));
    const epoch = seen.value.term;
    const words = `${epoch} ${behind.join()}`;
    if (words === told) return;
    told = words;
    log.emit({ event: "replicas-changed", primary: site, epoch, keepingUp: upToDate, behind });
  };
}
