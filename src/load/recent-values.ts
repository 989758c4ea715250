// What this process last saw or wrote in each register: what its compare-and-set compares with. Bounded; registers
// that were not touched for long fall out.
import type { Request } from "./client.ts";

const KEYS_MAX = 10_000;

export function recentValues(): {
  get(key: string): string | null;
  note(request: Request, output: unknown): void;
} {
  const values = new Map<string, string | null>();
  const set = (key: string, value: string | null) => {
    values.delete(key);
    values.set(key, value);
    if (values.size <= KEYS_MAX) return;
    const oldest = values.keys().next();
    if (!oldest.done) values.delete(oldest.value);
  };
  return {
    get: (key) => values.get(key) ?? null,
    note: (request, output) => {
      if (request.op === "write") set(request.key, request.value);
      else if (request.op === "cas" && output === true) set(request.key, request.to);
      else if (request.op === "read" && (typeof output === "string" || output === null))
        set(request.key, output);
    },
  };
}
