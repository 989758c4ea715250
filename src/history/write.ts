// Writes a history file line by line; `.gz` and `.zst` compress. Never overwrites one.
import type { HistoryHeader, Mark, Operation } from "../domain/history.ts";
import { OutlastError } from "../domain/outcome.ts";
import { openLineWriter } from "../runtime/line-files.ts";

export interface HistoryWriter extends AsyncDisposable {
  /** Never waits: at most 64 MiB are buffered, then it throws, as it does when an earlier write failed. */
  append(operation: Operation): void;
  mark(mark: Mark): void;
  /** Resolves when there is room again; only for those who write faster than the disk. */
  drain(): Promise<void>;
  /** Rejects with HISTORY_NOT_WRITTEN unless every line is in the file. */
  close(): Promise<void>;
}

function notWritten(path: string, cause: unknown): OutlastError {
  const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
  return new OutlastError({
    code: exists ? "HISTORY_EXISTS" : "HISTORY_NOT_WRITTEN",
    definite: false,
    what: exists
      ? "there is a history already, and none is ever overwritten"
      : `the history could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: path,
    next: exists ? "name another file" : "make room on the disk; this run's figures can't be trusted",
    cause,
  });
}

export async function openHistoryWriter(path: string, header: HistoryHeader): Promise<HistoryWriter> {
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw notWritten(path, cause);
    }
  };
  const lines = await openLineWriter(path).catch((cause: unknown) => {
    throw notWritten(path, cause);
  });
  lines.write(JSON.stringify(header));
  const close = () =>
    lines.close().catch((cause: unknown) => {
      throw notWritten(path, cause);
    });
  return {
    append: (operation) => guard(() => lines.write(JSON.stringify(operation))),
    mark: (mark) => guard(() => lines.write(JSON.stringify(mark))),
    drain: () =>
      lines.drain().catch((cause: unknown) => {
        throw notWritten(path, cause);
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
