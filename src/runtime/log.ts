// A component's log is its timeline: one event a line on standard output, nothing else there.
import { writeSync } from "node:fs";
import type { EventBody, OutlastEvent } from "../domain/event.ts";
import { type Clock, systemClock } from "./clock.ts";

export interface Log {
  emit(body: EventBody): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
}

export function startLog(
  component: string,
  place: string,
  clock: Clock = systemClock,
  write: (line: string) => void = (line) => {
    try {
      writeSync(1, line);
    } catch (cause) {
      // A closed pipe ends quietly (docs/cli.md); a full disk must not take the component down.
      const code = (cause as NodeJS.ErrnoException).code;
      if (code !== "EPIPE" && code !== "EAGAIN" && code !== "ENOSPC") throw cause;
    }
  },
): Log {
  const emit = (body: EventBody) => {
    const event: OutlastEvent = {
      at: clock.nowNs().toString(),
      wall: clock.wall(),
      component,
      place,
      ...body,
    };
    write(`${JSON.stringify(event)}\n`);
  };
  const say = (level: "info" | "warning" | "error") => (message: string) =>
    emit({ event: "log", level, message });
  return { emit, info: say("info"), warning: say("warning"), error: say("error") };
}
