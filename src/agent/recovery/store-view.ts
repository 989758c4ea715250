// What the store holds of a workload, as text and back: keys, schemas, and the swaps of decisions as swaps of the store. Pure.
// A view that can't be understood is no view.
import { z } from "zod";
import type { RecoverySwap, RecoveryView, Written } from "../../recovery/view.ts";
import type { StoreView, Swap } from "../../store/contract.ts";

/** All that is watched. Cells of authors and workflows lie elsewhere: their changes wake nobody. */
export const STATE = "state/";

const whole = z.int().nonnegative();
const lease = z.object({
  epoch: whole,
  holder: z.string(),
  nonce: whole,
  ticketMs: whole,
  fenceMs: whole,
  marginMs: whole,
  syncAgeMs: z.number().nullable(),
  releasedTo: z.string().nullable(),
});
const epoch = z.object({
  epoch: whole,
  phase: z.enum(["sealing", "named", "opened"]),
  coordinator: z.string(),
  primary: z.string().nullable(),
  after: z.object({ leaseRevision: whole, waitMs: whole }).nullable(),
  acceptedLoss: z.object({ by: z.string(), reason: z.string() }).nullable(),
});
const opened = z.object({
  epoch: whole,
  primary: z.string(),
  standbys: z.array(z.string()),
  acknowledgements: whole,
});
const control = z.object({ paused: z.boolean(), workflow: z.string().nullable() });
const seal = z.object({
  site: z.string(),
  epoch: whole,
  history: z.array(z.object({ branch: whole, upTo: z.number().nonnegative() })),
});

const SCHEMAS = { lease, epoch, opened, control } as const;

/** Throws RangeError or SyntaxError for what is not ours. */
export function recoveryView({ storeId, revision, entries }: StoreView): RecoveryView {
  const view: { -readonly [K in keyof RecoveryView]: RecoveryView[K] } & {
    seals: Record<string, RecoveryView["seals"][string]>;
  } = { storeId, revision, lease: null, epoch: null, opened: null, control: null, seals: {} };
  for (const entry of entries) {
    if (!entry.key.startsWith(STATE)) continue;
    const name = entry.key.slice(STATE.length);
    const value: unknown = JSON.parse(entry.value);
    const site = /^seal\/(.+)$/.exec(name)?.[1];
    if (site !== undefined)
      view.seals[site] = { value: understood(seal, value, entry.key), revision: entry.revision };
    else if (name === "lease")
      view.lease = { value: understood(SCHEMAS.lease, value, entry.key), revision: entry.revision };
    else if (name === "epoch")
      view.epoch = { value: understood(SCHEMAS.epoch, value, entry.key), revision: entry.revision };
    else if (name === "opened")
      view.opened = { value: understood(SCHEMAS.opened, value, entry.key), revision: entry.revision };
    else if (name === "control")
      view.control = { value: understood(SCHEMAS.control, value, entry.key), revision: entry.revision };
  }
  return view;
}

function understood<T>(schema: z.ZodType<T>, value: unknown, key: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RangeError(`the store's ${key} is not understood: ${parsed.error.message}`);
}

export type StateSwap = Pick<Swap, "compare" | "write">;

export function writesOf({ lease, epoch, opened, seal }: Written): Swap["write"] {
  const named = { lease, epoch, opened, ...(seal === undefined ? {} : { [`seal/${seal.site}`]: seal }) };
  return Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [{ key: STATE + name, value: JSON.stringify(value) }],
  );
}

export const stateSwap = ({ compare, write }: Pick<RecoverySwap, "compare" | "write">): StateSwap => ({
  compare: compare.map(({ key, revision }) => ({ key: STATE + key, revision })),
  write: writesOf(write),
});
