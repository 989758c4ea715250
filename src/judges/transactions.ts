// Isolation of transactions, after Elle: named anomalies, each with one short cycle, and the levels they rule out. `valid`
// means that no anomaly is among the dependencies that could be inferred; the statistics say how many that were.
import type { Operation } from "../domain/history.ts";
import { FAILED, type TransactionColumns } from "../domain/transaction-columns.ts";
import type { Verdict } from "../domain/verdict.ts";
import { cycleAnomalies } from "./transaction-cycles.ts";
import { type Anomaly, inferDependencies } from "./transaction-graph.ts";
import { readTransactions } from "./transaction-log.ts";
import { milliseconds } from "./words.ts";

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
/** An anomaly of more transactions than these is told by their number, if it is not the one that is shown. */
const TOLD_MAX = 4;
/** Of a long explanation. */
const STEPS_BEGIN = 4;
const STEPS_END = 3;

function wordsOf(columns: TransactionColumns, anomaly: Anomaly, witness: readonly number[]): string {
  const steps = anomaly.words(namesOf(columns, witness)).split("; ");
  const left = steps.length - STEPS_BEGIN - STEPS_END;
  if (left > 1) steps.splice(STEPS_BEGIN, left, `… ${left} steps more …`);
  return steps.join("; ");
}

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
  ): TransactionsVerdict => ({
    verdict: { model: TRANSACTIONS, verdict, reason, witness: [], statistics },
    rows: witness,
  });
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
  const against = all
    .filter(({ name }) => ruledOutBy(name).includes(expected))
    .sort((a, b) => a.transactions.length - b.transactions.length);
  const first = against[0] ?? all[0];
  if (first === undefined)
    return give(
      coverage.readsUsed === 0 ? "unknown" : "valid",
      coverage.readsUsed === 0
        ? "no dependency could be inferred: nothing was read"
        : `no anomaly; ${covered}; strongest level not refuted: ${strongest}`,
      [],
      statistics,
    );
  const witness = witnessOf(columns, first);
  const others = names
    .filter((name) => name !== first.name)
    .map((name) => all.find((each) => each.name === name));
  const told = [first, ...others.filter((each) => each !== undefined)].map((each) =>
    each !== first && each.transactions.length > TOLD_MAX
      ? `${titleOf(each.name)}: over ${each.transactions.length} transactions`
      : `${titleOf(each.name)}: ${wordsOf(columns, each, each === first ? witness : [])}`,
  );
  const invalid = against.length > 0;
  const out = ISOLATION_LEVELS.filter((level) => ruledOut.has(level)).join(", ");
  return give(
    invalid ? "invalid" : "valid",
    `${invalid ? `not ${expected}` : `nothing rules out ${expected}`}. ${told.join(". ")}. Ruled out: ${out || "none"}; strongest level not refuted: ${strongest}; ${covered}`,
    witness,
    statistics,
  );
}

/** What anomalies are called elsewhere. */
const MEANINGS: Readonly<Record<string, string>> = {
  G0: "dirty write",
  G1c: "circular information flow",
  "G-single": "read skew",
  "G2-item": "write skew",
  "G-single-process": "stale read in a session",
  "G-single-realtime": "stale read",
  "G0-process": "writes against the order of a session",
  "G0-realtime": "writes against real time",
  "G1c-process": "read of what a session did later",
  "G1c-realtime": "read of what came later",
  "G2-item-process": "write skew against the order of a session",
  "G2-item-realtime": "write skew against real time",
};

const titleOf = (name: string): string =>
  MEANINGS[name] === undefined ? name : `${name} (${MEANINGS[name]})`;

/** Its transactions, once, in the order of their invocation. */
function witnessOf({ invoked }: TransactionColumns, { transactions }: Anomaly): number[] {
  const at = (row: number) => invoked[row] as number;
  return [...new Set(transactions)].slice(0, WITNESS_MAX).sort((a, b) => at(a) - at(b) || a - b);
}

/** T1 for the first of the witness, and so on; said once with what it is. */
function namesOf(
  { process, invoked }: TransactionColumns,
  witness: readonly number[],
): (row: number) => string {
  const said = new Set<number>();
  return (row) => {
    const what = `process ${process[row]}, ${milliseconds(invoked[row] as number)}`;
    const number = witness.indexOf(row) + 1;
    if (number === 0) return `T(${what})`;
    const name = said.has(row) ? `T${number}` : `T${number} (${what})`;
    said.add(row);
    return name;
  };
}
