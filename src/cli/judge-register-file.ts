// The verdict `linearizable-register` over one history file of any size: columns instead of an object for each operation.
// Only what a violation's witness needs is read again, as operations.
import type { Verdict } from "../domain/verdict.ts";
import { readRegisters } from "../history/read-registers.ts";
import { readOperationsAt } from "../history/scan-history.ts";
import type { ColumnsVerdict } from "../judges/judge-columns.ts";
import type { Limits } from "../judges/limits.ts";
import { judgeLinearizableRegister, judgeRegisters } from "../judges/linearizable-register.ts";
import { judgeKeysOnThreads, type Threads, threadsHere } from "./judge-keys.ts";

/** Throws as readHistory does. */
export async function judgeRegisterFile(
  path: string,
  limits: Limits,
  threads: Threads = threadsHere(),
): Promise<Verdict> {
  const registers = await readRegisters(path);
  const found = await judgeKeysOnThreads(registers, threads);
  const { verdict, rows } =
    found === null
      ? judgeRegisters(registers, limits)
      : judgeRegisters(registers, limits, (key) => found[key] as ColumnsVerdict);
  if (verdict.verdict !== "invalid") return verdict;
  const lines = rows.map((row) => registers.lines[row] as number).sort((a, b) => a - b);
  const witness = await readOperationsAt(path, lines);
  // A witness is invalid by itself: judged alone it gets its words.
  const told = judgeLinearizableRegister(witness, limits);
  return told.verdict === "invalid"
    ? { ...verdict, reason: told.reason, witness: told.witness }
    : { ...verdict, witness };
}
