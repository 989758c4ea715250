// Calls over a pair of line streams: one JSON line asked, one JSON line answered, one at a time in order of asking.
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { inTurn } from "./in-turn.ts";

/** `gone`: what the caller is told when the other side has ended. */
export function lineCalls(
  output: Writable,
  input: Readable,
  gone: string,
): <T>(request: unknown) => Promise<T> {
  const lines = createInterface({ input })[Symbol.asyncIterator]();
  const call = inTurn();
  return <T>(request: unknown): Promise<T> =>
    call(async () => {
      output.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error(gone);
      return JSON.parse(line.value) as T;
    });
}
