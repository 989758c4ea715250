// The verdict `transactions` over one history file of any size: of each operation only what its words need is kept, and the
// lists that transactions read are shared. Only a witness is read again, as operations.
import type { HistoryHeader, Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { loadHistory, readHistory } from "../history/read.ts";
import { readOperationsAt } from "../history/read-registers.ts";
import { isolationOf } from "../judges/judge.ts";
import { transactionLog } from "../judges/transaction-log.ts";
import { judgeTransactionLog, judgeTransactions } from "../judges/transactions.ts";

/** Stands for an operation; `line` is where it is in the file. */
type StandIn = Operation & { readonly line: number };

/** Throws as readHistory does. */
export async function judgeTransactionsFile(path: string): Promise<Verdict> {
  const builder = transactionLog();
  let header: HistoryHeader | null = null;
  for await (const batch of readHistory(path)) {
    header = batch.header;
    for (const [index, operation] of batch.operations.entries()) {
      const { process, session, op, invoked, outcome, completed } = operation;
      const line = batch.lines[index] as number;
      const kept = { process, op, invoked, outcome, line };
      const source: StandIn =
        completed === undefined
          ? session === undefined
            ? kept
            : { ...kept, session }
          : session === undefined
            ? { ...kept, completed }
            : { ...kept, completed, session };
      builder.add(operation, source);
    }
  }
  const log = builder.finish();
  if (log === null || header === null) {
    // A key is a list here and a register there: what it is can only be said of the whole.
    const history = await loadHistory(path);
    return judgeTransactions(history.operations, isolationOf(history.header), history.header.uncertaintyNs);
  }
  const verdict = judgeTransactionLog(log, isolationOf(header), header.uncertaintyNs);
  const lines = verdict.witness.map((operation) => (operation as StandIn).line).sort((a, b) => a - b);
  if (lines.length === 0) return verdict;
  const witness = await readOperationsAt(path, lines);
  return { ...verdict, witness: witness.sort((a, b) => a.invoked - b.invoked) };
}
