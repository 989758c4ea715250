// How a site's data begins, and the first record of a workload. Pure. The first candidate founds, and only when nobody has data
// and the store has never held a primaryship; all others are copies of the primary that the store names.
import type { EpochRecord, LeaseRecord, LeaseTimings, OpenedSet } from "../../domain/primaryship.ts";
import type { Reading } from "../../domain/outcome.ts";
import type { ReplicationView } from "../../engines/contract.ts";
import type { RecoveryView, Written } from "../../recovery/view.ts";
import type { DataState } from "../decide.ts";

export interface Beginning {
  readonly site: string;
  /** The first one founds. */
  readonly candidates: readonly string[];
  readonly hasData: boolean;
  /** null: the store has not answered yet. */
  readonly view: RecoveryView | null;
  /** What the other sites' agents say of their data; asked only where it decides. */
  readonly peers: readonly { readonly site: string; readonly data: Reading<DataState> }[];
}

export type BeginningDecision =
  | { readonly kind: "start" }
  | { readonly kind: "found" }
  | { readonly kind: "seed"; readonly primary: string; readonly epoch: number }
  | { readonly kind: "wait"; readonly because: string };

const wait = (because: string): BeginningDecision => ({ kind: "wait", because });

export function decideBeginning({ site, candidates, hasData, view, peers }: Beginning): BeginningDecision {
  if (hasData) return { kind: "start" };
  if (view === null) return wait("the store has not answered yet");
  const record = view.epoch?.value;
  if (record !== undefined) {
    if (record.primary === null) return wait(`epoch ${record.epoch} has no primary yet to copy from`);
    if (record.primary === site)
      return wait(
        `this site is the primary of epoch ${record.epoch}, and its data is gone: another has to take over`,
      );
    return { kind: "seed", primary: record.primary, epoch: record.epoch };
  }
  if (candidates[0] !== site) return wait(`${candidates[0]} founds the workload`);
  const holders = peers.filter(({ data }) => data.kind === "known" && data.value !== "empty");
  if (holders.length > 0)
    return wait(`${holders.map((each) => each.site).join(", ")} has data that the store knows nothing of`);
  const silent = peers.filter(({ data }) => data.kind === "unknown");
  if (silent.length > 0)
    return wait(`${silent.map((each) => each.site).join(", ")} may have data and does not answer`);
  return { kind: "found" };
}

/** Epoch 1 of a workload that was never opened: its founder is named and opens it as any other primary does. */
export function firstRecord(
  site: string,
  acknowledgements: number,
  { ticketMs, fenceMs, marginMs }: LeaseTimings,
): Written {
  const epoch: EpochRecord = {
    epoch: 1,
    phase: "named",
    coordinator: site,
    primary: site,
    after: null,
    acceptedLoss: null,
  };
  const lease: LeaseRecord = {
    epoch: 1,
    holder: site,
    nonce: 0,
    ticketMs,
    fenceMs,
    marginMs,
    syncAgeMs: null,
    releasedTo: null,
  };
  // Nobody has acknowledged anything: the founder's own log is all there is (branch 0).
  const opened: OpenedSet = { epoch: 0, primary: site, standbys: [], acknowledgements };
  return { epoch, lease, opened };
}

/** The store holds no primaryship, and this log has never belonged to one. */
export const mayWriteFirst = (
  { site, candidates, view }: Pick<Beginning, "site" | "candidates" | "view">,
  own: Pick<ReplicationView, "epochs">,
): boolean =>
  view !== null &&
  view.epoch === null &&
  view.lease === null &&
  candidates[0] === site &&
  own.epochs.length === 0;

/** Why a store must not be believed; null: it may be the one that this agent knew. */
export function strangeStore(
  known: { readonly id: string; readonly revision: number; readonly epoch: number } | null,
  view: RecoveryView,
  ownEpoch: number,
): string | null {
  const epoch = view.epoch?.value.epoch ?? 0;
  if (known !== null && known.id !== view.storeId)
    return `the store is ${view.storeId}, known was ${known.id}`;
  if (known !== null && view.revision < known.revision)
    return `the store is at revision ${view.revision}, known was ${known.revision}`;
  if (known !== null && epoch < known.epoch)
    return `the store is at epoch ${epoch}, known was ${known.epoch}`;
  if (epoch < ownEpoch) return `the store is at epoch ${epoch}, the log here at ${ownEpoch}`;
  return null;
}
