// What became of a swap that got no answer. A second swap of the same author, on the same cell and with nothing but a new
// token, decides it: carried out, it took the cell's revision away from the first, which can never succeed any more;
// refused, the cell shows which of the author's swaps came first.
import { done, type Outcome } from "../domain/outcome.ts";
import type { Cell, Store, Swap } from "./contract.ts";

export type Settled =
  /** Its own success. `cell` is for the author's next swap. */
  | { readonly kind: "swapped"; readonly revision: number; readonly cell: Cell }
  /** It was not carried out and never will be. */
  | { readonly kind: "never"; readonly cell: Cell | null };

/** Asked again after an unknown outcome, with the same swap and another fresh token, it gives the same answer. */
export async function settle(
  store: Store,
  uncertain: Pick<Swap, "author" | "token" | "cellRevision">,
  freshToken: string,
  signal: AbortSignal,
): Promise<Outcome<Settled>> {
  const outcome = await store.swap({ ...uncertain, token: freshToken, compare: [], write: [] }, signal);
  if (outcome.kind !== "done") return outcome;
  const result = outcome.value;
  if (result.kind === "swapped")
    return done({ kind: "never", cell: { token: freshToken, revision: result.revision } });
  const { cell } = result;
  return done(
    cell !== null && cell.token === uncertain.token
      ? { kind: "swapped", revision: cell.revision, cell }
      : { kind: "never", cell },
  );
}
