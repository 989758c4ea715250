// Two primaries: an answer of an older epoch to an operation that was invoked after an answer of a newer epoch had been
// completed. Client times alone can't show that; therefore every answer carries its epoch.
//
// Under `distributed` the epoch is the raft term that the answering member knows. A linearizable answer of term e means
// that the leader of e was confirmed by a majority (ReadIndex) or committed (write) after the invocation; once an
// answer of a later term has been completed, a majority is in the later term and no leader of e can be confirmed again.
// So an older term on an ok linearizable answer would be a stale leader that served, with one harmless exception: a
// follower may stamp the term it knew when it took the request, before it heard of the new one. Drivers therefore read
// the term from the response header of the operation itself (etcd fills it in after the operation is applied); what a
// member answers from its own state alone (`from`: replica mode, read-back) is left out here.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { inOrder, operationWords } from "./words.ts";

export const EPOCHS = "epochs";

const SERVED: ReadonlySet<Operation["op"]> = new Set([
  "read",
  "write",
  "cas",
  "append",
  "add",
  "contains",
  "transfer",
  "balances",
  "txn",
]);

export function judgeEpochs(operations: readonly Operation[]): Verdict {
  const answers = operations.filter(
    (operation) =>
      operation.outcome === "ok" &&
      operation.epoch !== undefined &&
      operation.completed !== undefined &&
      operation.from === undefined &&
      SERVED.has(operation.op),
  );
  const served = operations.filter(
    (operation) => operation.outcome === "ok" && operation.from === undefined && SERVED.has(operation.op),
  ).length;
  const byEnd = answers.toSorted((a, b) => (a.completed ?? 0) - (b.completed ?? 0));
  let next = 0;
  let newest: Operation | null = null;
  const pairs: [Operation, Operation][] = [];
  for (const operation of answers.toSorted((a, b) => a.invoked - b.invoked)) {
    for (; next < byEnd.length && (byEnd[next]?.completed ?? 0) < operation.invoked; next += 1) {
      const ended = byEnd[next] as Operation;
      if (newest === null || (ended.epoch ?? 0) > (newest.epoch ?? 0)) newest = ended;
    }
    if (newest !== null && (operation.epoch ?? 0) < (newest.epoch ?? 0)) pairs.push([newest, operation]);
  }
  const statistics = {
    operations: answers.length,
    withoutEpoch: served - answers.length,
    epochs: new Set(answers.map(({ epoch }) => epoch)).size,
    violations: pairs.length,
  };
  const first = pairs[0];
  if (first !== undefined) {
    const [newer, older] = first;
    return {
      model: EPOCHS,
      verdict: "invalid",
      reason: `${operationWords(older)} was answered under epoch ${older.epoch}, after ${operationWords(newer)} had been answered under epoch ${newer.epoch}${pairs.length > 1 ? `; ${pairs.length} such answers` : ""}`,
      witness: inOrder(first),
      statistics,
    };
  }
  const open =
    answers.length === 0
      ? "no answer carries an epoch"
      : served > answers.length
        ? `${served - answers.length} of ${served} answers carry no epoch`
        : null;
  return {
    model: EPOCHS,
    verdict: open === null ? "valid" : "unknown",
    reason:
      open ?? `${answers.length} answers under ${statistics.epochs} epochs, none older after a newer one`,
    witness: [],
    statistics,
  };
}
