// A history from a file of any format that is understood: by its name, *.edn (also .gz, .zst) is Jepsen's, everything else
// ours.
import type { History } from "../domain/history.ts";
import { readLineBatches } from "../runtime/line-files.ts";
import { historyInvalid, historyUnreadable } from "./invalid.ts";
import { importJepsen } from "./jepsen.ts";
import { HISTORY_LIMITS, loadHistory } from "./read.ts";

export const EDN = /\.edn(\.gz|\.zst)?$/;
/** A text can't be longer in this language, and all of it is needed at once: maps may span lines. */
const EDN_CHARACTERS_MAX = 400_000_000;

async function ednText(path: string): Promise<string> {
  const parts: string[] = [];
  let size = 0;
  const refuse = ({ line, what }: { line: number; what: string }): never => {
    throw historyInvalid(path, line, what);
  };
  try {
    for await (const { lines, firstLine } of readLineBatches(path, HISTORY_LIMITS.lineBytesMax, refuse)) {
      const part = lines.join("\n");
      size += part.length + 1;
      if (size > EDN_CHARACTERS_MAX)
        refuse({ line: firstLine, what: `more than ${EDN_CHARACTERS_MAX} characters` });
      parts.push(part);
    }
  } catch (cause) {
    throw historyUnreadable(path, cause);
  }
  return parts.join("\n");
}

/** `tell` hears now and then how many operations there are so far. */
export async function importHistory(
  path: string,
  tell: (operations: number) => void = () => undefined,
): Promise<History> {
  if (!EDN.test(path)) return loadHistory(path, HISTORY_LIMITS, tell);
  return importJepsen(await ednText(path), path);
}
