// Reads a history file (docs/formats.md; plain, gzip or zstd), streaming or whole. Every line is checked; what is
// wrong throws HISTORY_INVALID with file:line.
import type { History, HistoryHeader, Mark, Operation } from "../domain/history.ts";
import { readLineBatches } from "../runtime/line-files.ts";
import { decodeHeader, decodeLine } from "./decode.ts";
import { historyInvalid, historyUnreadable } from "./invalid.ts";
import { openOperations } from "./open-operations.ts";

export interface HistoryLimits {
  readonly operationsMax: number;
  readonly lineBytesMax: number;
}

/** One line may be a whole read-back: hence its size. */
export const HISTORY_LIMITS: HistoryLimits = { operationsMax: 20_000_000, lineBytesMax: 64 * 1024 * 1024 };

/** About 1 MiB of the file, in its order. */
export interface HistoryBatch {
  readonly header: HistoryHeader;
  readonly operations: readonly Operation[];
  /** Number of the line of each operation. */
  readonly lines: readonly number[];
  readonly marks: readonly Mark[];
}

export async function* readHistory(
  path: string,
  limits: HistoryLimits = HISTORY_LIMITS,
): AsyncGenerator<HistoryBatch> {
  const check = openOperations();
  let header: HistoryHeader | null = null;
  let count = 0;
  const refuse = ({ line, what }: { line: number; what: string }): never => {
    throw historyInvalid(path, line, what);
  };
  try {
    for await (const { lines, firstLine, ended } of readLineBatches(path, limits.lineBytesMax, refuse)) {
      const operations: Operation[] = [];
      const numbers: number[] = [];
      const marks: Mark[] = [];
      for (const [index, line] of lines.entries()) {
        const number = firstLine + index;
        if (header === null) {
          const decoded = decodeHeader(line);
          if (typeof decoded === "string") throw historyInvalid(path, number, decoded);
          header = decoded;
          continue;
        }
        if (line === "" || line === "\r") continue;
        const decoded = decodeLine(line);
        if (typeof decoded === "string")
          throw historyInvalid(path, number, ended ? decoded : `the last line is cut off: ${decoded}`);
        if ("mark" in decoded) marks.push(decoded);
        else {
          const completed = decoded.completed ?? Number.POSITIVE_INFINITY;
          if (!check.take(decoded.process, decoded.invoked, completed, number))
            throw historyInvalid(path, number, check.fault);
          count += 1;
          if (count > limits.operationsMax)
            throw historyInvalid(path, number, `more than ${limits.operationsMax} operations`);
          operations.push(decoded);
          numbers.push(number);
        }
      }
      if (header !== null) yield { header, operations, lines: numbers, marks };
    }
  } catch (cause) {
    throw historyUnreadable(path, cause);
  }
  if (header === null) throw historyInvalid(path, 1, "the file is empty");
}

const TELL_EVERY = 100_000;

/** The whole history, operations in the order of the file. `tell` hears now and then how many there are so far. */
export async function loadHistory(
  path: string,
  limits: HistoryLimits = HISTORY_LIMITS,
  tell: (operations: number) => void = () => undefined,
): Promise<History> {
  const operations: Operation[] = [];
  const marks: Mark[] = [];
  let header: HistoryHeader | null = null;
  let told = 0;
  for await (const batch of readHistory(path, limits)) {
    header = batch.header;
    if (operations.length >= told + TELL_EVERY) {
      told = operations.length;
      tell(told);
    }
    for (const operation of batch.operations) operations.push(operation);
    for (const mark of batch.marks) marks.push(mark);
  }
  if (header === null) throw historyInvalid(path, 1, "the file is empty");
  return { header, operations, marks };
}
