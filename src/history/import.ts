// A history from a file of any format that is understood: by its name, *.edn is Jepsen's, everything else ours.
import type { History } from "../domain/history.ts";
import { readText } from "../runtime/files.ts";
import { historyInvalid } from "./invalid.ts";
import { importJepsen } from "./jepsen.ts";
import { HISTORY_LIMITS, loadHistory } from "./read.ts";

/** `tell` hears now and then how many operations there are so far. */
export async function importHistory(
  path: string,
  tell: (operations: number) => void = () => undefined,
): Promise<History> {
  if (!path.endsWith(".edn")) return loadHistory(path, HISTORY_LIMITS, tell);
  let text: string | null;
  try {
    text = await readText(path);
  } catch (cause) {
    throw historyInvalid(
      path,
      1,
      `it can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  // A file that is not there is told as for any history.
  return text === null ? loadHistory(path) : importJepsen(text, path);
}
