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
