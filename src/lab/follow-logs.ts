// Follows every event log of a running lab from outside: the operator's view, which no component has.
import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import type { OutlastEvent } from "../domain/event.ts";
import type { Clock } from "../runtime/clock.ts";

const POLL_MS = 50;
const READ_BYTES = 256 * 1024;

interface Followed {
  readonly fd: number;
  offset: number;
  /** The start of a line whose end is not there yet. */
  rest: string;
}

export interface LogFollower extends Disposable {
  /** Resolves true when the condition holds, false when the time is over or the signal aborted. Looked at after each new event. */
  until(condition: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** Reads what has been written until now. */
  drain(): void;
}

export function followLogs(
  folder: string,
  onEvent: (event: OutlastEvent) => void,
  clock: Clock,
): LogFollower {
  const files = new Map<string, Followed>();
  const buffer = Buffer.alloc(READ_BYTES);
  const waiting = new Set<() => void>();

  const readOne = (file: Followed) => {
    while (fstatSync(file.fd).size > file.offset) {
      const count = readSync(file.fd, buffer, 0, READ_BYTES, file.offset);
      if (count === 0) return;
      file.offset += count;
      const lines = (file.rest + buffer.toString("utf8", 0, count)).split("\n");
      file.rest = lines.pop() ?? "";
      for (const line of lines) {
        const event = parse(line);
        if (event !== null) onEvent(event);
      }
    }
  };
  const drain = () => {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(".jsonl")) continue;
      const known = files.get(name);
      if (known !== undefined) readOne(known);
      else {
        const opened = { fd: openSync(join(folder, name), "r"), offset: 0, rest: "" };
        files.set(name, opened);
        readOne(opened);
      }
    }
    for (const look of waiting) look();
  };
  const timer = setInterval(drain, POLL_MS);
  drain();

  return {
    drain,
    async until(condition, timeoutMs, signal) {
      if (condition()) return true;
      const over = new AbortController();
      let met = false;
      const look = () => {
        met = condition();
        if (met) over.abort();
      };
      waiting.add(look);
      await clock.sleep(timeoutMs, AbortSignal.any([over.signal, signal]));
      waiting.delete(look);
      return met;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const { fd } of files.values()) closeSync(fd);
    },
  };
}

/** Other lines than events are counted when the evidence is merged; here they are no news. */
function parse(line: string): OutlastEvent | null {
  try {
    const value = JSON.parse(line) as OutlastEvent;
    return typeof value.event === "string" && typeof value.at === "string" ? value : null;
  } catch {
    return null;
  }
}
