// A process has one operation open at a time, and its id is retired after `unknown`.
import type { Operation } from "../domain/history.ts";

/** Says what is wrong with each next operation of a stream, or null. Remembers one operation a process. */
export function openOperations(): (operation: Operation, line: number) => string | null {
  const last = new Map<number, { invoked: number; completed: number; line: number }>();
  return (operation, line) => {
    const { process, invoked } = operation;
    const completed = operation.completed ?? Number.POSITIVE_INFINITY;
    const before = last.get(process);
    if (before !== undefined && invoked < before.completed && before.invoked < completed)
      return before.completed === Number.POSITIVE_INFINITY && before.invoked <= invoked
        ? `process ${process} goes on after the unknown outcome of line ${before.line}: it needs a new id`
        : `process ${process} already has the operation of line ${before.line} open`;
    if (before === undefined || before.invoked <= invoked) last.set(process, { invoked, completed, line });
    return null;
  };
}
