// Ctrl-C at any moment of a drill or of what stands around it: one error, exit code 130.
import { OutlastError } from "../domain/outcome.ts";

/** Throws INTERRUPTED when the signal was given. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new OutlastError(
    {
      code: "INTERRUPTED",
      definite: false,
      what: "interrupted; a drill that was running counts as aborted",
      where: "drill",
      next: "what it recorded so far is listed by 'outlast drill list'",
    },
    130,
  );
}
