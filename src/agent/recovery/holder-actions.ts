// The holder's side, carried out: ticket into the kernel, then the renewal is sent, then its confirm. In the order of asking; only
// the store's answer is not waited for. Where this process is frozen does not matter: the kernel keeps the bound (docs/fences.md).
import type { Outcome } from "../../domain/outcome.ts";
import type { Fence } from "../../fences/contract.ts";
import type { HolderAction, RenewalAnswer } from "../../recovery/holder.ts";
import type { SiteEvent } from "../../recovery/site-state.ts";
import type { Clock } from "../../runtime/clock.ts";
import { inTurn } from "../../runtime/in-turn.ts";
import type { Log } from "../../runtime/log.ts";
import type { StoreEntry } from "../../store/contract.ts";
import type { StoreMembers, Swapped } from "./store-members.ts";
import { recoveryView, STATE, stateSwap } from "./store-view.ts";

export interface HolderActionsOptions {
  readonly fence: Fence;
  readonly stores: StoreMembers;
  readonly author: string;
  readonly answerMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly tell: (event: SiteEvent) => void;
}

export interface HolderActions {
  /** `afterClose`: before a close is told of. */
  perform(action: HolderAction, epoch: number, afterClose?: () => Promise<void>): void;
  /** When the fence was last opened or kept open, and for which epoch; null: never, or it was closed since. */
  confirmed(): { readonly epoch: number; readonly atMs: number } | null;
  /** When the last renewal that succeeded was answered; null: none was. */
  renewedAtMs(): number | null;
}

const CLOSE_AGAIN_MS = 50;

export function startHolderActions(options: HolderActionsOptions): HolderActions {
  const { fence, stores, author, answerMs, clock, log, signal, tell } = options;
  const turn = inTurn();
  let attempts = 0; // since the last answer that said something
  let refused: number | null = null; // nonce of a ticket that the kernel did not take
  let confirmed: { readonly epoch: number; readonly atMs: number } | null = null;
  let renewedAtMs: number | null = null;

  const said = (outcome: Outcome): boolean => {
    if (outcome.kind !== "done" && outcome.failure.code !== "FENCE_CONFIRM_REFUSED")
      log.warning(`${outcome.failure.code}: ${outcome.failure.what}`);
    return outcome.kind === "done";
  };

  async function send(action: Extract<HolderAction, { do: "renew" }>): Promise<void> {
    const { nonce, leaseRevision, lease } = action;
    const swap = stateSwap({ compare: [{ key: "lease", revision: leaseRevision }], write: { lease } });
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const answer = answerOf(await stores.attempt(author, String(nonce), swap, attempts, bounded));
    if (answer.kind === "swapped") {
      attempts = 0;
      renewedAtMs = clock.nowMs();
    } else attempts += 1;
    tell({ kind: "renewal", nonce, answer });
  }

  const carryOut = async (
    action: HolderAction,
    epoch: number,
    afterClose: () => Promise<void>,
  ): Promise<void> => {
    switch (action.do) {
      case "ticket": {
        const taken = said(await fence.beginEpoch(epoch)) && said(await fence.ticket(action.nonce));
        refused = taken ? null : action.nonce;
        return;
      }
      case "renew":
        // Without its ticket it could open nothing, and would keep others from taking over.
        if (refused !== action.nonce) void send(action);
        return;
      case "confirm": {
        if (!said(await fence.confirm(action.nonce, action.epoch))) return;
        if (confirmed?.epoch !== action.epoch) log.emit({ event: "fence-opened", epoch: action.epoch });
        confirmed = { epoch: action.epoch, atMs: clock.nowMs() };
        return;
      }
      case "close":
        while (!said(await fence.close())) {
          if (signal.aborted) return;
          await clock.sleep(CLOSE_AGAIN_MS, signal); // without it the kernel closes by itself, later
        }
        confirmed = null;
        log.emit({ event: "fence-closed", epoch: action.epoch });
        await afterClose();
        tell({ kind: "closed", epoch: action.epoch });
        return;
      default:
        action satisfies never;
    }
  };

  return {
    perform: (action, epoch, afterClose = async () => undefined) =>
      void turn(() => carryOut(action, epoch, afterClose)),
    confirmed: () => confirmed,
    renewedAtMs: () => renewedAtMs,
  };
}

/** What a swap's answer says of the lease. */
export function leaseFound(found: readonly StoreEntry[] | null) {
  const entry = found?.find(({ key }) => key === `${STATE}lease`);
  if (entry === undefined) return null;
  return recoveryView({ storeId: "", revision: 0, entries: [entry] }).lease;
}

/** A refusal that tells nothing of the lease is none: only what the store shows may end a primaryship. */
function answerOf(swapped: Swapped): RenewalAnswer {
  if (swapped.kind !== "refused") return swapped;
  return swapped.found === null ? { kind: "nothing" } : { kind: "refused", lease: leaseFound(swapped.found) };
}
