import { OutlastError } from "../domain/outcome.ts";

/** HISTORY_INVALID, exit 2: `where` is file:line. */
export const historyInvalid = (file: string, line: number, what: string): OutlastError =>
  new OutlastError(
    {
      code: "HISTORY_INVALID",
      definite: true,
      what,
      where: `${file}:${line}`,
      next: "correct this line or take it out; docs/formats.md describes the format",
    },
    2,
  );

/** What to throw for what was caught while a file was read: HISTORY_NOT_FOUND, exit 2, or HISTORY_UNREADABLE, exit 3. */
export function historyUnreadable(path: string, cause: unknown): OutlastError {
  if (cause instanceof OutlastError) return cause;
  const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  return new OutlastError(
    {
      code: missing ? "HISTORY_NOT_FOUND" : "HISTORY_UNREADABLE",
      definite: true,
      what: missing
        ? "there is no such history"
        : `the history can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: path,
      next: "name a history file; a drill's is in its evidence folder",
      cause,
    },
    missing ? 2 : 3,
  );
}
