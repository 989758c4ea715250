// A history file line by line for who reads it into columns: most lines as scan-line.ts has scanned them, the rest as
// decode.ts reads them. Every line is checked as readHistory does, with the same errors.
import type { HistoryHeader, Operation } from "../domain/history.ts";
import { readByteBatches } from "../runtime/line-files.ts";
import { decodeHeader, decodeLine } from "./decode.ts";
import { historyInvalid, historyUnreadable } from "./invalid.ts";
import { openOperations } from "./open-operations.ts";
import { HISTORY_LIMITS, type HistoryLimits } from "./read.ts";
import type { LineScan } from "./scan-line.ts";

export interface LineTaker {
  /** Takes the operation that `scan` holds; its places are in `bytes`, valid until this returns. */
  takeScanned(bytes: Uint8Array, line: number): void;
  takeDecoded(operation: Operation, line: number): void;
}

export async function scanHistory(
  path: string,
  limits: HistoryLimits,
  scan: LineScan,
  taker: LineTaker,
): Promise<HistoryHeader> {
  const open = openOperations();
  let header: HistoryHeader | null = null;
  let line = 0;
  let operations = 0;
  const refuse = (what: string): never => {
    throw historyInvalid(path, line, what);
  };
  const countOne = (): void => {
    operations += 1;
    if (operations > limits.operationsMax) refuse(`more than ${limits.operationsMax} operations`);
  };
  const takeText = (text: string, ended: boolean): void => {
    if (text === "" || text === "\r") return;
    const decoded = decodeLine(text);
    if (typeof decoded === "string") return refuse(ended ? decoded : `the last line is cut off: ${decoded}`);
    if ("mark" in decoded) return;
    const { process, invoked, completed = Number.POSITIVE_INFINITY } = decoded;
    if (!open.take(process, invoked, completed, line)) refuse(open.fault);
    countOne();
    taker.takeDecoded(decoded, line);
  };
  /** Takes the line that begins at `start` and gives the place of its end. */
  const takeLine = (bytes: Buffer, start: number, ended: boolean): number => {
    line += 1;
    let end = header === null ? -1 : scan.scan(bytes, start);
    if (end >= 0) {
      if (!open.take(scan.process, scan.invoked, scan.completed, line)) refuse(open.fault);
      countOne();
      taker.takeScanned(bytes, line);
      return end;
    }
    end = bytes.indexOf(10, start);
    if (end < 0) end = bytes.length;
    const text = bytes.toString("utf8", start, end);
    if (header === null) {
      const decoded = decodeHeader(text);
      if (typeof decoded === "string") refuse(decoded);
      else header = decoded;
    } else takeText(text, ended);
    return end;
  };
  try {
    const refuseNext = (what: string): never => {
      throw historyInvalid(path, line + 1, what);
    };
    for await (const { bytes, ended } of readByteBatches(path, limits.lineBytesMax, refuseNext))
      for (let start = 0; start <= bytes.length; ) start = takeLine(bytes, start, ended) + 1;
  } catch (cause) {
    throw historyUnreadable(path, cause);
  }
  if (header === null) throw historyInvalid(path, 1, "the file is empty");
  return header;
}

/** The operations of these lines (ascending), read anew: for a witness. */
export async function readOperationsAt(path: string, lines: readonly number[]): Promise<Operation[]> {
  const found: Operation[] = [];
  let line = 0;
  const refuse = (what: string): never => {
    throw historyInvalid(path, line + 1, what);
  };
  try {
    for await (const { bytes } of readByteBatches(path, HISTORY_LIMITS.lineBytesMax, refuse))
      for (let start = 0; start <= bytes.length; ) {
        const next = bytes.indexOf(10, start);
        const end = next < 0 ? bytes.length : next;
        line += 1;
        if (line === lines[found.length]) {
          const decoded = decodeLine(bytes.toString("utf8", start, end));
          if (typeof decoded === "string" || "mark" in decoded)
            throw historyInvalid(path, line, "the file changed while it was judged");
          found.push(decoded);
        }
        start = end + 1;
        if (found.length === lines.length) return found;
      }
  } catch (cause) {
    throw historyUnreadable(path, cause);
  }
  if (found.length < lines.length) throw historyInvalid(path, line, "the file changed while it was judged");
  return found;
}
