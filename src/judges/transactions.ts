// Isolation of transactions, after Elle: named anomalies, each with one short cycle, and the levels they rule out. `valid`
// means that no anomaly is among the dependencies that could be inferred; the statistics say how many that were.
import type { Operation } from "../domain/history.ts";
import { FAILED, type TransactionColumns } from "../domain/transaction-columns.ts";
import type { Verdict } from "../domain/verdict.ts";
import { cycleAnomalies } from "./transaction-cycles.ts";
import { inferDependencies } from "./transaction-graph.ts";
import { readTransactions } from "./transaction-log.ts";

export const TRANSACTIONS = "transactions";

export const ISOLATION_LEVELS = [
  "read-uncommitted",
  "read-committed",
  "snapshot-isolation",
  "repeatable-read",
  "serializable",
  "strong-session-serializable",
  "strict-serializable",
] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

const FROM_SERIALIZABLE: readonly IsolationLevel[] = [
  "serializable",
  "strong-session-serializable",
  "strict-serializable",
];
const FROM_SNAPSHOT: readonly IsolationLevel[] = [
  "snapshot-isolation",
  "repeatable-read",
  ...FROM_SERIALIZABLE,
];

/** The levels that an anomaly rules out (Adya 1999; time variants only the levels that speak of time). */
function ruledOutBy(name: string): readonly IsolationLevel[] {
  if (name.endsWith("-realtime")) return ["strict-serializable"];
  if (name.endsWith("-process")) return ["strong-session-serializable", "strict-serializable"];
  switch (name) {
    case "G1a":
    case "G1b":
    case "G1c":
      return ["read-committed", ...FROM_SNAPSHOT];
    case "lost-update":
    case "G-single":
      return FROM_SNAPSHOT;
    case "G2-item":
      return ["repeatable-read", ...FROM_SERIALIZABLE];
    default:
      return ISOLATION_LEVELS; // G0, and what no order of anything explains
  }
}

const WITNESS_MAX = 20;

export function judgeTransactions(
  operations: readonly Operation[],
  expected: IsolationLevel,
  uncertaintyNs = 0,
): Verdict {
  const { columns, sources } = readTransactions(operations);
  const { verdict, rows } = judgeTransactionColumns(columns, expected, uncertaintyNs);
  return { ...verdict, witness: rows.map((row) => sources[row] as Operation) };
}

/** The verdict without its witness, and the rows that are it, in the order of their invocation. */
export interface TransactionsVerdict {
  readonly verdict: Verdict;
  readonly rows: readonly number[];
}

export function judgeTransactionColumns(
  columns: TransactionColumns,
  expected: IsolationLevel,
  uncertaintyNs: number,
): TransactionsVerdict {
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly number[],
    statistics: Record<string, number>,
  ): TransactionsVerdict => {
    const at = (row: number) => columns.invoked[row] as number;
    return {
      verdict: { model: TRANSACTIONS, verdict, reason, witness: [], statistics },
      rows: [...new Set(witness)].sort((a, b) => at(a) - at(b) || a - b),
    };
  };
  if (columns.unreadable >= 0)
    return give(
      "unknown",
      "a transaction's steps are not [append|w|r, key, value]",
      [columns.unreadable],
      {},
    );
  let transactions = 0;
  for (const outcome of columns.outcome) if (outcome !== FAILED) transactions += 1;
  if (transactions === 0) return give("unknown", "the history holds no transaction", [], {});
  const { dependencies, anomalies, coverage } = inferDependencies(columns);
  const all = [...anomalies, ...cycleAnomalies(dependencies, columns, uncertaintyNs)];
  const names = [...new Set(all.map(({ name }) => name))];
  const statistics: Record<string, number> = {
    transactions,
    edges: dependencies.kind.length,
    ...coverage,
  };
  for (const name of names) statistics[name] = all.filter((anomaly) => anomaly.name === name).length;
  // A cycle of anti-dependencies on items is one of anti-dependencies at all: G2 is the wider name (Adya 1999).
  for (const name of names)
    if (name.startsWith("G2-item")) statistics[name.replace("-item", "")] = statistics[name] ?? 0;
  const ruledOut = new Set(all.flatMap(({ name }) => ruledOutBy(name)));
  const covered = `inferred from ${coverage.readsUsed} of ${coverage.reads} reads and ${coverage.writesOrdered} of ${coverage.writes} writes`;
  const remain = ISOLATION_LEVELS.filter((level) => !ruledOut.has(level));
  const strongest = remain.at(-1) ?? "none";
  if (names.length === 0)
    return give(
      coverage.readsUsed === 0 ? "unknown" : "valid",
      coverage.readsUsed === 0
        ? "no dependency could be inferred: nothing was read"
        : `no anomaly; ${covered}; strongest level not refuted: ${strongest}`,
      [],
      statistics,
    );
  const told = names
    .map((name) => `${name} (${all.find((anomaly) => anomaly.name === name)?.reason ?? ""})`)
    .join("; ");
  const verdict = ruledOut.has(expected) ? "invalid" : "valid";
  const relevant = all.find(({ name }) => ruledOutBy(name).includes(expected)) ?? all[0];
  return give(
    verdict,
    `${told}; ruled out: ${ISOLATION_LEVELS.filter((level) => ruledOut.has(level)).join(", ") || "none"}; strongest level not refuted: ${strongest}; ${covered}`,
    (relevant?.transactions ?? []).slice(0, WITNESS_MAX),
    statistics,
  );
}
