// Acknowledged writes, counted: ids appended to the journal against what complete read-backs hold, the linearizable
// one and each replica's by name. Only the journal counts losses; a register may be overwritten.
import type { Mark, Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { inOrder, milliseconds, valueWords } from "./words.ts";

export const JOURNAL = "journal";
export const JOURNAL_KEY = "journal";

export interface JournalFindings {
  readonly acknowledged: number;
  /** ok, and absent from the linearizable read-back or from a replica's. */
  readonly lost: readonly Operation[];
  /** Present more than once in one read-back. */
  readonly duplicated: readonly Operation[];
  /** unknown, and visible. */
  readonly recovered: readonly Operation[];
  /** unknown, and absent: it may never have happened. */
  readonly undetermined: readonly Operation[];
  /** Read once, and gone later: lost even if its append was unknown. */
  readonly vanished: readonly Operation[];
  /** Gone from one read and there again in a later one. */
  readonly resurrected: readonly Operation[];
  /** Linearizable reads that missed an append acknowledged before they began. */
  readonly staleReads: readonly Operation[];
  /** For how long what was missed had been acknowledged when the read began, at the most; 0: no stale read. */
  readonly staleForMs: number;
  /** Of each stale read the append that it missed for the longest time. */
  readonly missed: readonly Operation[];
  /** fail, and visible all the same. */
  readonly failedButVisible: readonly Operation[];
  /** Ids that nobody had appended when they were read. */
  readonly foreign: readonly string[];
  /** The read-backs that are missing or incomplete; any of them makes "nothing lost" unknown. */
  readonly missing: readonly string[];
  /**
   * max(fault, last lost acknowledgement) − oldest lost acknowledgement. 0: nothing lost and the read-back complete;
   * null: not known.
   */
  readonly recoveryPointMs: number | null;
  /** The paper's sense: age, at the fault, of the newest state from which nothing acknowledged was lost. */
  readonly restoredStateAgeMs: number | null;
}

const NS_PER_MS = 1e6;
const never = Number.POSITIVE_INFINITY;

interface ReadBack {
  readonly operation: Operation;
  readonly ids: readonly string[];
}

const isRead = ({ op, key = JOURNAL_KEY }: Operation) => op === "read" && key === JOURNAL_KEY;
const idOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function readBacks(operations: readonly Operation[]): ReadBack[] {
  return operations
    .filter((operation) => isRead(operation) && operation.outcome === "ok" && Array.isArray(operation.output))
    .map((operation) => ({ operation, ids: (operation.output as unknown[]).map(idOf) }))
    .sort((a, b) => a.operation.invoked - b.operation.invoked);
}

/** The last complete read of each source that began after every append was over; "" is the linearizable one. */
function lastBySource(reads: readonly ReadBack[], lastAppend: number): Map<string, ReadBack> {
  const last = new Map<string, ReadBack>();
  for (const read of reads)
    if (read.operation.invoked > lastAppend) last.set(read.operation.from ?? "", read);
  return last;
}

interface Reversals {
  readonly vanished: readonly Operation[];
  readonly resurrected: readonly Operation[];
  /** Linearizable reads that missed an append acknowledged before they began. */
  readonly stale: readonly Operation[];
  readonly staleForMs: number;
  readonly missed: readonly Operation[];
}

/**
 * What reads, one after the other, show to come and go. A linearizable read must hold all that any read before it held;
 * a replica's read all that the same replica had.
 */
function reversals(reads: readonly ReadBack[], appends: ReadonlyMap<string, Operation>): Reversals {
  const goneSince = new Map<string, number>();
  const seen = new Map<string, Map<string, number>>();
  const vanished = new Set<Operation>();
  const resurrected = new Set<Operation>();
  /** Stale read → what it missed for the longest time. */
  const stale = new Map<Operation, Operation>();
  // By acknowledgement: the first that a read misses is the one that it misses for the longest time.
  const acknowledged = [...appends]
    .filter(([, { outcome, completed }]) => outcome === "ok" && completed !== undefined)
    .sort(([, a], [, b]) => (a.completed ?? 0) - (b.completed ?? 0));
  for (const { operation, ids } of reads) {
    const now = new Set(ids);
    const completed = operation.completed ?? never;
    const linearizable = operation.from === undefined;
    for (const source of linearizable ? seen.keys() : [operation.from ?? ""])
      for (const [id, at] of seen.get(source) ?? []) {
        if (now.has(id) || at >= operation.invoked) continue;
        goneSince.set(id, Math.min(goneSince.get(id) ?? never, completed));
        const append = appends.get(id);
        if (append !== undefined) vanished.add(append);
      }
    if (linearizable) {
      const missed = acknowledged.find(
        ([id, append]) => (append.completed ?? never) >= operation.invoked || !now.has(id),
      );
      if (missed !== undefined && (missed[1].completed ?? never) < operation.invoked)
        stale.set(operation, missed[1]);
    }
    const own = seen.get(operation.from ?? "") ?? new Map<string, number>();
    seen.set(operation.from ?? "", own);
    for (const id of now) {
      const append = appends.get(id);
      if (append !== undefined && linearizable && (goneSince.get(id) ?? never) < operation.invoked)
        resurrected.add(append);
      own.set(id, Math.min(own.get(id) ?? never, completed));
    }
  }
  const ages = [...stale].map(([read, { completed }]) => read.invoked - (completed ?? read.invoked));
  return {
    vanished: [...vanished],
    resurrected: [...resurrected],
    stale: [...stale.keys()],
    staleForMs: ages.reduce((a, b) => Math.max(a, b), 0) / NS_PER_MS,
    missed: [...stale.values()],
  };
}

function missingReadBacks(last: ReadonlyMap<string, ReadBack>, replicas: readonly string[]): string[] {
  const wanted = ["", ...replicas];
  return wanted.flatMap((source) =>
    last.has(source)
      ? []
      : [source === "" ? "the linearizable read-back" : `the read-back of replica ${source}`],
  );
}

/**
 * `replicas`: the sites that must have been read back by name; without it those that were asked at all. `faultAt`: the
 * mark taken before the fault, in ns; null: no fault, then the recovery point counts to the last lost acknowledgement.
 */
export function countJournal(
  operations: readonly Operation[],
  faultAt: number | null,
  replicas: readonly string[] = [
    ...new Set(
      operations.flatMap((operation) =>
        isRead(operation) && operation.from !== undefined ? [operation.from] : [],
      ),
    ),
  ],
): JournalFindings {
  const appends = new Map<string, Operation>();
  let acknowledged = 0;
  let lastAppend = Number.NEGATIVE_INFINITY;
  for (const operation of operations) {
    if (
      (operation.op !== "append" && operation.op !== "add") ||
      (operation.key ?? JOURNAL_KEY) !== JOURNAL_KEY
    )
      continue;
    appends.set(idOf(operation.input), operation);
    if (operation.outcome === "ok") acknowledged += 1;
    lastAppend = Math.max(lastAppend, operation.completed ?? operation.invoked);
  }
  const reads = readBacks(operations);
  const last = lastBySource(reads, lastAppend);
  const missing = missingReadBacks(last, replicas);
  const holds = [...last].map(([source, { ids }]) => ({ source, ids: new Set(ids) }));
  const everywhere = (id: string) => holds.every(({ ids }) => ids.has(id));
  const anywhere = (id: string) => holds.some(({ ids }) => ids.has(id));
  const { vanished, resurrected, stale, staleForMs, missed } = reversals(reads, appends);
  const gone = new Set(vanished.filter((operation) => !resurrected.includes(operation)));
  const repeated = new Set<string>();
  for (const { ids } of reads) {
    const seen = new Set<string>();
    for (const id of ids) (seen.has(id) ? repeated : seen).add(id);
  }
  const pick = (test: (operation: Operation, id: string) => boolean) =>
    [...appends].filter(([id, operation]) => test(operation, id)).map(([, operation]) => operation);
  const lost = pick(
    (operation, id) =>
      (operation.outcome === "ok" && holds.length > 0 && !everywhere(id)) ||
      (gone.has(operation) && operation.outcome !== "fail"),
  );
  const isForeign = (id: string, read: Operation) =>
    (appends.get(id)?.invoked ?? never) > (read.completed ?? never);
  const foreign = new Set(
    reads.flatMap(({ operation, ids }) => ids.filter((id) => !appends.has(id) || isForeign(id, operation))),
  );
  return {
    acknowledged,
    lost,
    duplicated: pick((_, id) => repeated.has(id)),
    recovered: pick((operation, id) => operation.outcome === "unknown" && anywhere(id)),
    undetermined: pick(
      (operation, id) => operation.outcome === "unknown" && holds.length > 0 && !anywhere(id),
    ),
    vanished,
    resurrected,
    staleReads: stale,
    staleForMs,
    missed,
    failedButVisible: pick(
      (operation, id) => operation.outcome === "fail" && reads.some(({ ids }) => ids.includes(id)),
    ),
    foreign: [...foreign],
    missing,
    ...recoveryPoint(lost, missing.length === 0, faultAt),
  };
}

function recoveryPoint(
  lost: readonly Operation[],
  complete: boolean,
  faultAt: number | null,
): Pick<JournalFindings, "recoveryPointMs" | "restoredStateAgeMs"> {
  const acknowledgedAt = lost.flatMap(({ completed }) => (completed === undefined ? [] : [completed]));
  if (lost.length === 0 || acknowledgedAt.length === 0) {
    const nothing = complete && lost.length === 0 ? 0 : null;
    return { recoveryPointMs: nothing, restoredStateAgeMs: nothing };
  }
  const oldest = acknowledgedAt.reduce((a, b) => Math.min(a, b));
  const newest = acknowledgedAt.reduce((a, b) => Math.max(a, b), faultAt ?? Number.NEGATIVE_INFINITY);
  return {
    recoveryPointMs: complete ? (newest - oldest) / NS_PER_MS : null,
    restoredStateAgeMs: complete && faultAt !== null ? Math.max(0, faultAt - oldest) / NS_PER_MS : null,
  };
}

/** The mark of the first fault; null when the history has none. */
export function firstFaultAt(marks: readonly Mark[]): number | null {
  const faults = marks.filter(({ mark }) => mark === "fault").map(({ at }) => at);
  return faults.length === 0 ? null : Math.min(...faults);
}

const WITNESS_MAX = 20;

/** valid: nothing lost, doubled, vanished or foreign, and every read-back complete. */
export function judgeJournal(
  operations: readonly Operation[],
  faultAt: number | null,
  replicas?: readonly string[],
): Verdict {
  const found = countJournal(operations, faultAt, replicas);
  const statistics = {
    acknowledged: found.acknowledged,
    lost: found.lost.length,
    duplicated: found.duplicated.length,
    recovered: found.recovered.length,
    undetermined: found.undetermined.length,
    vanished: found.vanished.length,
    resurrected: found.resurrected.length,
    staleReads: found.staleReads.length,
    ...(found.staleReads.length === 0 ? {} : { staleForMs: found.staleForMs }),
    failedButVisible: found.failedButVisible.length,
    foreign: found.foreign.length,
    ...(found.recoveryPointMs === null ? {} : { recoveryPointMs: found.recoveryPointMs }),
    ...(found.restoredStateAgeMs === null ? {} : { restoredStateAgeMs: found.restoredStateAgeMs }),
  };
  const faults: [string, readonly Operation[]][] = [
    ["acknowledged appends are lost", found.lost],
    ["appends are there more than once", found.duplicated],
    ["appends were read once and are gone later", found.vanished],
    ["appends that failed are there", found.failedButVisible],
  ];
  const bad = faults.filter(([, list]) => list.length > 0);
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({
    model: JOURNAL,
    verdict,
    reason,
    witness,
    statistics,
  });
  if (bad.length > 0 || found.foreign.length > 0 || found.staleReads.length > 0) {
    const parts = bad.map(([what, list]) => {
      const example = list[0] as Operation;
      return `${list.length} of ${found.acknowledged} ${what} (first: ${valueWords(example.input)}, ${milliseconds(example.invoked)})`;
    });
    if (found.foreign.length > 0)
      parts.push(
        `${found.foreign.length} entries were read that nobody had appended (first: ${found.foreign[0]})`,
      );
    const stale = found.staleReads[0];
    if (stale !== undefined)
      parts.push(
        `${found.staleReads.length} reads missed appends acknowledged before them, for up to ${found.staleForMs} ms (first: process ${stale.process}, ${milliseconds(stale.invoked)})`,
      );
    const strange = new Set(found.foreign);
    const readers = operations.filter(
      (operation) =>
        isRead(operation) &&
        Array.isArray(operation.output) &&
        operation.output.some((id: unknown) => strange.has(idOf(id))),
    );
    const witness = [
      ...bad.flatMap(([, list]) => list).slice(0, WITNESS_MAX - 3),
      ...found.staleReads.slice(0, 1),
      ...found.missed.slice(0, 1),
      ...readers.slice(0, 1),
    ];
    return give("invalid", parts.join("; "), inOrder(witness));
  }
  if (found.missing.length > 0)
    return give("unknown", `not read back after the last append: ${found.missing.join(", ")}`);
  return give("valid", `all ${found.acknowledged} acknowledged appends are in every read-back, once`);
}
