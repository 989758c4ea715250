// One register on columns: the near-linear judge of every history that has different values. `doubt` decides nothing: the
// judge then goes the long way (linearizable-register.ts), which also finds the words for what is invalid.
import { REFUSED, type RegisterColumns } from "../domain/register-columns.ts";
import { conflictOf, findChains } from "./register-chains.ts";
import { orderBlocks, placeRefused, refusedWhileHeld, timesOfWriters } from "./register-stages.ts";

export type ColumnsVerdict =
  | { readonly verdict: "valid" }
  /** `about`: operations that show it; null: not known. */
  | { readonly verdict: "invalid"; readonly about: Uint32Array | null }
  | { readonly verdict: "doubt" };

/** Operations on marked values, refusals left out: they show nothing where others could be left out. */
function operationsAbout(
  { kind, from, to }: RegisterColumns,
  about: Uint8Array | null,
  refusal: number,
): Uint32Array | null {
  if (about === null) return null;
  const found: number[] = [];
  for (let index = 0; index < kind.length; index += 1) {
    const [seen, written] = [from[index] as number, to[index] as number];
    if (
      kind[index] === REFUSED
        ? index === refusal
        : (seen >= 0 && about[seen] !== 0) || (written >= 0 && about[written] !== 0)
    )
      found.push(index);
  }
  return Uint32Array.from(found);
}

export function judgeColumns(columns: RegisterColumns): ColumnsVerdict {
  const found = findChains(columns);
  if (found.kind === "not-unique") return { verdict: "doubt" };
  if (found.kind === "invalid")
    return { verdict: "invalid", about: operationsAbout(columns, found.about, -1) };
  const { chains } = found;
  const inBlocks = (...blocks: readonly number[]): Uint8Array =>
    Uint8Array.from(chains.blockOf, (block) => (block >= 0 && blocks.includes(block) ? 1 : 0));
  const conflict = conflictOf(chains);
  if (conflict !== null)
    return { verdict: "invalid", about: operationsAbout(columns, inBlocks(...conflict), -1) };
  if (chains.refused === 0) return { verdict: "valid" };
  const times = timesOfWriters(columns, chains);
  const held = refusedWhileHeld(columns, chains, times);
  if (held >= 0) {
    const about = inBlocks(chains.blockOf[columns.from[held] as number] as number);
    return { verdict: "invalid", about: operationsAbout(columns, about, held) };
  }
  const fits = (["left", "right"] as const).some((side) =>
    placeRefused(columns, chains, orderBlocks(chains, side), times),
  );
  return { verdict: fits ? "valid" : "doubt" };
}
