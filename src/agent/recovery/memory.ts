// What an agent must not forget, in one file of its data folder, on disk before anybody is told of it: how far its member is
// sealed, whom it follows, under which epoch it was promoted, which store it knows, which nonces may have been used.
import { z } from "zod";
import { readText, writeFileAtomic } from "../../runtime/files.ts";
import { inTurn } from "../../runtime/in-turn.ts";

const memory = z.object({
  /** Sources of an older epoch are never followed again. */
  sealedEpoch: z.int().nonnegative(),
  /** null: nobody, so nothing may be streaming. */
  following: z.object({ epoch: z.int(), source: z.string() }).nullable(),
  /** Of the process that was promoted: a later life of the engine is a standby. `flushed`: what a standby needs to have followed. */
  promoted: z.object({ epoch: z.int(), process: z.string(), flushed: z.number() }).nullable(),
  /** The store that was known, and its highest revision and epoch that were seen. */
  store: z.object({ id: z.string(), revision: z.int(), epoch: z.int() }).nullable(),
  /** Why a person keeps this site's fence closed; null: nobody does. */
  fencedBecause: z.string().nullable().default(null),
  /** All nonces up to here may have been used. */
  noncesUpTo: z.int().nonnegative(),
});
export type Memory = z.infer<typeof memory>;

const EMPTY: Memory = {
  sealedEpoch: 0,
  following: null,
  promoted: null,
  store: null,
  fencedBecause: null,
  noncesUpTo: 0,
};

export interface AgentMemory {
  now(): Memory;
  /** On disk when it resolves; only then does `now` say it. */
  change(change: (known: Memory) => Partial<Memory>): Promise<void>;
}

/** Throws RangeError or SyntaxError when the file is not what an agent wrote: then nothing may start. */
export async function openMemory(file: string): Promise<AgentMemory> {
  const text = await readText(file);
  let known = text === null ? EMPTY : memory.parse(JSON.parse(text));
  const turn = inTurn();
  return {
    now: () => known,
    change: (change) =>
      turn(async () => {
        const next = { ...known, ...change(known) };
        if (JSON.stringify(next) === JSON.stringify(known)) return;
        await writeFileAtomic(file, `${JSON.stringify(next, null, 2)}\n`);
        known = next;
      }),
  };
}
