// Do the replicas agree in the end, when, and on what? Judged from reads of replicas by name (`from`) of registers and of
// the journal, after the heal and after the last write was over. A value that every replica holds must not be older than a
// write that was acknowledged after it: then that write vanished.
import type { Mark, Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { canonical } from "../domain/canonical.ts";
import { inOrder, operationWords, valueWords } from "./words.ts";

export const CONVERGENCE = "convergence";

export interface Convergence {
  readonly keys: number;
  readonly replicas: readonly string[];
  /** Keys on which the last reads of two replicas differ. */
  readonly conflicts: readonly (readonly [Operation, Operation])[];
  /** Keys of which a replica was not read after the last write. */
  readonly unread: readonly { readonly key: string; readonly replica: string }[];
  /** Acknowledged writes that are gone under an older value: the write, and a read that shows it. */
  readonly vanished: readonly (readonly [Operation, Operation])[];
  /** From the heal until the last replica was first seen with the final value; null: not known or not converged. */
  readonly convergedAfterMs: number | null;
  /** For every moment of a read after the heal: how many keys were then last seen to differ. The last 1000. */
  readonly divergence: readonly { readonly at: number; readonly keys: number }[];
}

const isRead = ({ op, outcome, from, output }: Operation) =>
  op === "read" && outcome === "ok" && from !== undefined && output !== undefined;
/** A journal is a set: replicas may list it in different orders. */
const contentOf = (output: unknown): unknown =>
  canonical(Array.isArray(output) ? output.map((item) => JSON.stringify(item)).sort() : output);
const end = (operation: Operation) => operation.completed ?? Number.POSITIVE_INFINITY;

/** Writes acknowledged after the write of the value that a replica holds in the end was over. */
function vanishedOn(finalRead: Operation, operations: readonly Operation[]): [Operation, Operation][] {
  const final = contentOf(finalRead.output);
  const writers = operations.filter(({ op, outcome, input }) => {
    if (outcome === "fail") return false;
    if (op === "write") return contentOf(input) === final;
    return op === "cas" && Array.isArray(input) && contentOf(input[1]) === final;
  });
  const latest = Math.max(Number.NEGATIVE_INFINITY, ...writers.map(end));
  // The value of nobody is the initial one, older than everything; a writer without an answer may have come at any time.
  return operations
    .filter(
      ({ op, outcome, output, invoked }) =>
        outcome === "ok" && (op === "write" || (op === "cas" && output === true)) && invoked > latest,
    )
    .map((write) => [write, finalRead]);
}

export function measureConvergence(operations: readonly Operation[], healAt: number): Convergence {
  const reads = inOrder(operations.filter(isRead));
  const replicas = [...new Set(operations.flatMap(({ from }) => (from === undefined ? [] : [from])))].sort();
  const changes = operations.filter(
    ({ op, outcome }) => op !== "read" && op !== "balances" && outcome !== "fail",
  );
  const lastChange = changes.reduce(
    (latest, change) => Math.max(latest, change.completed ?? change.invoked),
    Number.NEGATIVE_INFINITY,
  );
  const since = Math.max(healAt, lastChange);
  const byKey = Map.groupBy(reads, ({ key }) => key ?? "");
  const changesOf = Map.groupBy(changes, ({ key }) => key ?? "");
  const conflicts: [Operation, Operation][] = [];
  const unread: { key: string; replica: string }[] = [];
  const vanished: [Operation, Operation][] = [];
  let convergedAt = since;
  for (const [key, list] of byKey) {
    const last = new Map<string, Operation>();
    for (const read of list) if (read.invoked > since) last.set(read.from ?? "", read);
    for (const replica of replicas) if (!last.has(replica)) unread.push({ key, replica });
    const finals = [...last.values()];
    const [first] = finals;
    if (first === undefined) continue;
    const other = finals.find((read) => contentOf(read.output) !== contentOf(first.output));
    if (other !== undefined) conflicts.push([first, other]);
    const own = changesOf.get(key) ?? [];
    const writes = own.filter(({ op }) => op !== "append");
    vanished.push(...vanishedOn(first, writes));
    for (const [replica, final] of last)
      convergedAt = Math.max(convergedAt, firstSeenAt(list, replica, final, since));
  }
  const complete = byKey.size > 0 && unread.length === 0 && conflicts.length === 0;
  return {
    keys: byKey.size,
    replicas,
    conflicts,
    unread,
    vanished,
    convergedAfterMs: complete ? (convergedAt - healAt) / 1e6 : null,
    divergence: divergenceOf(reads.filter((read) => read.invoked >= healAt)),
  };
}

/** When this replica was first seen with its final value for good. */
function firstSeenAt(reads: readonly Operation[], replica: string, final: Operation, since: number): number {
  let at = end(final);
  for (const read of reads.toReversed()) {
    if (read.from !== replica || read.invoked <= since) continue;
    if (contentOf(read.output) !== contentOf(final.output)) break;
    at = end(read);
  }
  return at;
}

function divergenceOf(reads: readonly Operation[]): { at: number; keys: number }[] {
  const seen = new Map<string, Map<string, unknown>>();
  const differing = new Set<string>();
  const moments: { at: number; keys: number }[] = [];
  for (const read of reads) {
    const key = read.key ?? "";
    const replicas = seen.get(key) ?? new Map<string, unknown>();
    seen.set(key, replicas);
    replicas.set(read.from ?? "", contentOf(read.output));
    if (new Set(replicas.values()).size > 1) differing.add(key);
    else differing.delete(key);
    moments.push({ at: end(read), keys: differing.size });
  }
  return moments.slice(-1_000);
}

const WITNESS_MAX = 20;

/** Only the moments at which the number of keys became another. */
const changesOf = (divergence: Convergence["divergence"]): Convergence["divergence"] =>
  divergence.filter(({ keys }, index) => index === 0 || keys !== divergence[index - 1]?.keys);

export function judgeConvergence(operations: readonly Operation[], marks: readonly Mark[]): Verdict {
  const heals = marks.filter(({ mark }) => mark === "heal").map(({ at }) => at);
  const starts = operations.map(({ invoked }) => invoked);
  const healAt = heals.length > 0 ? Math.max(...heals) : starts.reduce((a, b) => Math.min(a, b), 0);
  const found = measureConvergence(operations, healAt);
  const statistics = {
    keys: found.keys,
    replicas: found.replicas.length,
    conflicts: found.conflicts.length,
    unread: found.unread.length,
    vanished: found.vanished.length,
    ...(found.convergedAfterMs === null ? {} : { convergedAfterMs: found.convergedAfterMs }),
  };
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({
    model: CONVERGENCE,
    verdict,
    reason,
    witness: inOrder(witness.slice(0, WITNESS_MAX)),
    statistics,
    tables: [
      {
        title: "Keys last seen to differ, after the heal",
        columns: ["ms after the heal", "keys"],
        rows: changesOf(found.divergence).map(({ at, keys }) => [(at - healAt) / 1e6, keys]),
      },
    ],
  });
  const [conflict] = found.conflicts;
  if (conflict !== undefined) {
    const [a, b] = conflict;
    return give(
      "invalid",
      `replicas ended apart on ${found.conflicts.length} of ${found.keys} keys: ${JSON.stringify(a.key ?? "")} is ${valueWords(a.output)} at ${a.from} and ${valueWords(b.output)} at ${b.from}`,
      found.conflicts.flat(),
    );
  }
  const [gone] = found.vanished;
  if (gone !== undefined)
    return give(
      "invalid",
      `${found.vanished.length} acknowledged writes vanished under an older value: ${operationWords(gone[0])}, but ${gone[1].from} ended with ${valueWords(gone[1].output)}`,
      found.vanished.flat(),
    );
  const [missing] = found.unread;
  if (found.keys === 0 || found.replicas.length < 2)
    return give("unknown", "fewer than two replicas were read by name");
  if (missing !== undefined)
    return give(
      "unknown",
      `${found.unread.length} replicas of keys were not read after the last write: key ${JSON.stringify(missing.key)} at ${missing.replica}`,
    );
  return give(
    "valid",
    `${found.replicas.length} replicas agree on ${found.keys} keys, ${found.convergedAfterMs} ms after the heal at the latest`,
  );
}
