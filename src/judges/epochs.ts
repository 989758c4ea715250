// Two primaries: an answer of an older epoch to an operation that was invoked after answers of a newer epoch had been
// completed. Client times alone can't show that; therefore every answer carries its epoch.
//
// The epoch of a primaryship is exact: one newer answer (`confirmations` 1) ends the older epoch. Under `distributed`
// the epoch is the raft term of the answering member, taken when the operation was done. It never lags: to serve a
// linearizable answer a member must have heard of a leader that a majority confirmed after the invocation. But it can
// run ahead: a member that stands for election in e + 1 stamps an answer e + 1 that was committed under e, while the
// leader of e still rightly serves through the others. Only when a majority of members has answered under e + 1 can no
// leader of e be confirmed again; so there the violation is an older answer after newer ones from `confirmations` =
// majority different sites. An older answer after fewer is counted as `early`, and harmless.
// What a member says from its own state alone (`from`: replica mode, read-back) is left out.
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

/** The `confirmations`-th newest epoch among the sites: so many have answered under it or a later one. */
function confirmedEpoch(newestOf: ReadonlyMap<string, Operation>, confirmations: number): Operation | null {
  if (newestOf.size < confirmations) return null;
  return [...newestOf.values()].sort((a, b) => (b.epoch ?? 0) - (a.epoch ?? 0))[confirmations - 1] ?? null;
}

export function judgeEpochs(operations: readonly Operation[], confirmations = 1): Verdict {
  const served = operations.filter(
    (operation) => operation.outcome === "ok" && operation.from === undefined && SERVED.has(operation.op),
  );
  const answers = served.filter(({ epoch, completed }) => epoch !== undefined && completed !== undefined);
  const byEnd = answers.toSorted((a, b) => (a.completed ?? 0) - (b.completed ?? 0));
  const newestOf = new Map<string, Operation>();
  let confirmed: Operation | null = null;
  let newest = Number.NEGATIVE_INFINITY;
  let next = 0;
  let early = 0;
  const pairs: { readonly newer: readonly Operation[]; readonly older: Operation }[] = [];
  for (const operation of answers.toSorted((a, b) => a.invoked - b.invoked)) {
    for (; next < byEnd.length && (byEnd[next]?.completed ?? 0) < operation.invoked; next += 1) {
      const ended = byEnd[next] as Operation;
      newest = Math.max(newest, ended.epoch ?? newest);
      const known = newestOf.get(ended.site ?? "");
      if (known !== undefined && (known.epoch ?? 0) >= (ended.epoch ?? 0)) continue;
      newestOf.set(ended.site ?? "", ended);
      confirmed = confirmedEpoch(newestOf, confirmations);
    }
    const epoch = operation.epoch ?? 0;
    if (confirmed !== null && epoch < (confirmed.epoch ?? 0))
      pairs.push({
        newer: [...newestOf.values()].filter((each) => (each.epoch ?? 0) > epoch),
        older: operation,
      });
    else if (epoch < newest) early += 1;
  }
  const statistics = {
    operations: answers.length,
    withoutEpoch: served.length - answers.length,
    epochs: new Set(answers.map(({ epoch }) => epoch)).size,
    violations: pairs.length,
    early,
  };
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({
    model: EPOCHS,
    verdict,
    reason,
    witness: inOrder(witness),
    statistics,
  });
  const first = pairs[0];
  if (first !== undefined) {
    const { newer, older } = first;
    const before = newer.map((each) => `${operationWords(each)} under epoch ${each.epoch}`).join(" and ");
    const more = pairs.length > 1 ? `; ${pairs.length} such answers` : "";
    return give(
      "invalid",
      `${operationWords(older)} was answered under epoch ${older.epoch}, after ${before}${more}`,
      [...newer, older],
    );
  }
  if (answers.length === 0) return give("unknown", "no answer carries an epoch");
  if (served.length > answers.length)
    return give("unknown", `${served.length - answers.length} of ${served.length} answers carry no epoch`);
  if (early > 0 && answers.some(({ site }) => site === undefined))
    return give(
      "unknown",
      `${early} answers of an older epoch after a newer one, and not every answer names its site`,
    );
  return give(
    "valid",
    `${answers.length} answers under ${statistics.epochs} epochs, none older after ${confirmations === 1 ? "a newer one" : `newer ones of ${confirmations} sites`}`,
  );
}
