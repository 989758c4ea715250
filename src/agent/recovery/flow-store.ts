// Workflows in the store: the one that runs is named in `state/control`, its record lies under `flows/`. Beginning one is one swap
// of both keys, so that two people can't begin two; every later change compares the record's own revision.
import { z } from "zod";
import type { Control } from "../../domain/primaryship.ts";
import { begin, type WorkflowRecord } from "../../recovery/advance.ts";
import type { RecoveryView } from "../../recovery/view.ts";
import { newId } from "../../runtime/random.ts";
import type { StoreMembers } from "./store-members.ts";
import { STATE } from "./store-view.ts";

const request = z.object({
  kind: z.enum(["failover", "switchover", "failback", "fence", "unfence", "pause", "resume", "reinitialise"]),
  from: z.string(),
  to: z.string().nullable(),
  coordinator: z.string(),
});
const record = z.object({
  id: z.string(),
  request,
  requestedBy: z.string(),
  reason: z.string().nullable(),
  at: z.int().nonnegative(),
  acting: z.object({ by: z.string() }).nullable(),
  proofs: z.array(z.object({ what: z.string(), by: z.string() })),
  ended: z.enum(["done", "cancelled", "refused"]).nullable(),
  endedBecause: z.string().nullable(),
});

export interface HeldFlow {
  readonly record: WorkflowRecord;
  readonly revision: number;
}

const FLOWS = "flows/";
const CONTROL = `${STATE}control`;
const LIMIT_MS = 2_000;

/** An id says under which epoch it was asked for: what has happened since is seen by that. */
export const flowId = (epoch: number): string => `${epoch}-${newId().slice(0, 8)}`;
export const epochOfFlow = (id: string): number => Number.parseInt(id, 10);

export interface FlowStore {
  read(id: string, signal: AbortSignal): Promise<HeldFlow | null>;
  /** Every one that is remembered and understood; null: the store did not answer. */
  all(signal: AbortSignal): Promise<readonly HeldFlow[] | null>;
  /** The one that runs then: the new one, or the same that ran already; null: another one runs, or nothing is certain. */
  begin(wanted: WorkflowRecord, view: RecoveryView, signal: AbortSignal): Promise<WorkflowRecord | null>;
  /** Whether it was written. An ended one makes room for the next. */
  write(flow: HeldFlow, next: WorkflowRecord, view: RecoveryView, signal: AbortSignal): Promise<boolean>;
  pause(paused: boolean, view: RecoveryView, signal: AbortSignal): Promise<boolean>;
}

export function startFlowStore(stores: StoreMembers, author: string): FlowStore {
  const limited = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const controlOf = (view: RecoveryView): Control => view.control?.value ?? { paused: false, workflow: null };
  const compareControl = (view: RecoveryView) => ({ key: CONTROL, revision: view.control?.revision ?? 0 });

  async function read(id: string, signal: AbortSignal): Promise<HeldFlow | null> {
    const asked = await stores.readKeys({ keys: [FLOWS + id] }, limited(signal));
    const entry =
      asked.kind === "done" ? asked.value.entries.find(({ key }) => key === FLOWS + id) : undefined;
    return entry === undefined
      ? null
      : { record: record.parse(JSON.parse(entry.value)), revision: entry.revision };
  }

  return {
    read,
    async all(signal) {
      const asked = await stores.readKeys({ prefixes: [FLOWS] }, limited(signal));
      if (asked.kind !== "done") return null;
      return asked.value.entries.flatMap(({ key, value, revision }) => {
        if (!key.startsWith(FLOWS)) return [];
        const understood = record.safeParse(JSON.parse(value));
        return understood.success ? [{ record: understood.data, revision }] : [];
      });
    },
    async begin(wanted, view, signal) {
      const running = controlOf(view).workflow;
      const known = running === null ? null : ((await read(running, signal))?.record ?? null);
      const how = begin(known, wanted);
      if (how !== "start") return how === "join" ? known : null;
      const control: Control = { ...controlOf(view), workflow: wanted.id };
      const swapped = await stores.swap(
        author,
        newId(),
        {
          compare: [compareControl(view), { key: FLOWS + wanted.id, revision: 0 }],
          write: [
            { key: CONTROL, value: JSON.stringify(control) },
            { key: FLOWS + wanted.id, value: JSON.stringify(wanted) },
          ],
        },
        limited(signal),
      );
      return swapped.kind === "swapped" ? wanted : null;
    },
    async write(flow, next, view, signal) {
      const over = next.ended !== null && controlOf(view).workflow === next.id;
      const control: Control = { ...controlOf(view), workflow: null };
      const swapped = await stores.swap(
        author,
        newId(),
        {
          compare: [
            { key: FLOWS + next.id, revision: flow.revision },
            ...(over ? [compareControl(view)] : []),
          ],
          write: [
            { key: FLOWS + next.id, value: JSON.stringify(next) },
            ...(over ? [{ key: CONTROL, value: JSON.stringify(control) }] : []),
          ],
        },
        limited(signal),
      );
      return swapped.kind === "swapped";
    },
    async pause(paused, view, signal) {
      const control: Control = { ...controlOf(view), paused };
      const swapped = await stores.swap(
        author,
        newId(),
        { compare: [compareControl(view)], write: [{ key: CONTROL, value: JSON.stringify(control) }] },
        limited(signal),
      );
      return swapped.kind === "swapped";
    },
  };
}
