// What the store holds of one workload, read at one revision. Keys and their order are fixed here; values are JSON, and the
// agent validates them when it reads (a view that can't be understood is no view).
import type { Control, EpochRecord, LeaseRecord, OpenedSet, Seal } from "../domain/primaryship.ts";

export interface Held<T> {
  readonly value: T;
  /** At which the key was last written. */
  readonly revision: number;
}

export interface RecoveryView {
  readonly storeId: string;
  readonly revision: number;
  readonly lease: Held<LeaseRecord> | null;
  readonly epoch: Held<EpochRecord> | null;
  readonly opened: Held<OpenedSet> | null;
  readonly control: Held<Control> | null;
  readonly seals: Readonly<Record<string, Held<Seal>>>;
}

export type KeyName = "lease" | "epoch" | "opened" | "control" | `seal/${string}`;

export interface Written {
  readonly lease?: LeaseRecord;
  readonly epoch?: EpochRecord;
  readonly opened?: OpenedSet;
  readonly seal?: Seal;
}

/** Every swap of the takeover says what it is for: the one table of what it compares is in rules.ts. */
export type SwapPurpose = "take" | "retarget" | "seal" | "name" | "open" | "release";

export interface RecoverySwap {
  readonly nonce: number;
  readonly purpose: SwapPurpose;
  readonly compare: readonly { readonly key: KeyName; readonly revision: number }[];
  readonly write: Written;
}

export const revisionOf = (view: RecoveryView, key: KeyName): number => {
  if (key === "lease" || key === "epoch" || key === "opened" || key === "control")
    return view[key]?.revision ?? 0;
  return view.seals[key.slice("seal/".length)]?.revision ?? 0;
};

/** Seals of the current epoch only. */
export const sealsOf = (view: RecoveryView): Seal[] =>
  Object.values(view.seals)
    .map(({ value }) => value)
    .filter((seal) => seal.epoch === view.epoch?.value.epoch);
