// The verdict `transactions` over one history file of any size: columns instead of an object for each transaction. Only a
// witness is read again, as operations.
import type { Verdict } from "../domain/verdict.ts";
import { loadHistory } from "../history/read.ts";
import { readTransactionColumns } from "../history/read-transactions.ts";
import { readOperationsAt } from "../history/scan-history.ts";
import { isolationOf } from "../judges/judge.ts";
import { judgeTransactionColumns, judgeTransactions } from "../judges/transactions.ts";

/** Throws as readHistory does. */
export async function judgeTransactionsFile(path: string): Promise<Verdict> {
  const { header, columns, lines } = await readTransactionColumns(path);
  const isolation = isolationOf(header);
  if (columns === null) {
    const { operations } = await loadHistory(path);
    return judgeTransactions(operations, isolation, header.uncertaintyNs);
  }
  const { verdict, rows } = judgeTransactionColumns(columns, isolation, header.uncertaintyNs);
  const needed = [...rows].sort((a, b) => a - b);
  const operations = await readOperationsAt(
    path,
    needed.map((row) => lines[row] as number),
  );
  const operationOf = new Map(needed.map((row, index) => [row, operations[index]]));
  return { ...verdict, witness: rows.flatMap((row) => operationOf.get(row) ?? []) };
}
