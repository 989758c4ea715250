// Models that judge one history file as they read it, however large it is.
import type { Verdict } from "../domain/verdict.ts";
import type { Limits } from "../judges/limits.ts";
import { LINEARIZABLE_REGISTER } from "../judges/linearizable-register.ts";
import { TRANSACTIONS } from "../judges/transactions.ts";
import { judgeRegisterFile } from "./judge-register-file.ts";
import { judgeTransactionsFile } from "./judge-transactions-file.ts";

/** null: this model, or this format, needs the whole history (importHistory). Throws as readHistory does. */
export async function judgeStreamed(path: string, model: string, limits: Limits): Promise<Verdict | null> {
  if (/\.edn(\.gz|\.zst)?$/.test(path)) return null;
  if (model === LINEARIZABLE_REGISTER) return judgeRegisterFile(path, limits);
  if (model === TRANSACTIONS) return judgeTransactionsFile(path);
  return null;
}
