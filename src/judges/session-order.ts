// Register operations of all keys, session by session: what the session and causal models judge. A session outlives the
// processes that an unknown outcome retires.
import type { Operation } from "../domain/history.ts";
import { INITIAL, registerKeys, toRegister, type Value } from "./register-operations.ts";
import { operationWords, valueWords } from "./words.ts";

export interface SessionOperation {
  /** Number of the key. */
  readonly key: number;
  /** What it saw, -1: nothing; what it wrote, -1: nothing. A swap does both at once. */
  readonly from: Value;
  readonly to: Value;
  readonly certain: boolean;
  readonly source: Operation;
}

export interface Sessions {
  /** Each in its order; of unknown operations only writes that somebody saw. */
  readonly sessions: readonly (readonly SessionOperation[])[];
  readonly keys: readonly string[];
  /** By key number, then value: its writer; undefined for the initial value. */
  readonly writers: readonly (readonly (SessionOperation | undefined)[])[];
  readonly operations: number;
}

export type SessionsOf =
  | { readonly kind: "sessions"; readonly value: Sessions }
  | { readonly kind: "invalid"; readonly reason: string; readonly witness: readonly Operation[] }
  | { readonly kind: "unknown"; readonly reason: string };

export function sessionsOf(operations: readonly Operation[]): SessionsOf {
  const { keys } = registerKeys(operations);
  const all: SessionOperation[] = [];
  const writers: (SessionOperation | undefined)[][] = [];
  for (const [name, list] of keys) {
    const register = toRegister(name, list);
    const key = writers.length;
    const writer: (SessionOperation | undefined)[] = Array.from({ length: register.values.length });
    writers.push(writer);
    const seen = new Set<Value>();
    const here: SessionOperation[] = [];
    for (const { kind, from, to, completed, source } of register.operations) {
      if (kind === "refused") continue;
      const operation = { key, from, to, certain: Number.isFinite(completed), source };
      if (to >= 0) {
        if (to === INITIAL || writer[to] !== undefined)
          return {
            kind: "unknown",
            reason: `key ${JSON.stringify(name)}: the value ${valueWords(register.values[to])} is written more than once`,
          };
        writer[to] = operation;
      }
      if (from >= 0 && operation.certain) seen.add(from);
      here.push(operation);
    }
    for (const value of seen) {
      // A value that was seen was written, and if by a swap its source was there before it.
      const by = writer[value];
      if (by !== undefined && by.from >= 0) seen.add(by.from);
      if (value === INITIAL || by !== undefined) continue;
      const reader = here.find((operation) => operation.from === value) as SessionOperation;
      return {
        kind: "invalid",
        reason: `${operationWords(reader.source)} saw ${valueWords(register.values[value])}, which nobody wrote`,
        witness: [reader.source],
      };
    }
    for (const operation of here) if (operation.certain || seen.has(operation.to)) all.push(operation);
  }
  all.sort((a, b) => a.source.invoked - b.source.invoked);
  const sessions = Map.groupBy(all, ({ source }) => source.session ?? `process ${source.process}`);
  return {
    kind: "sessions",
    value: { sessions: [...sessions.values()], keys: [...keys.keys()], writers, operations: all.length },
  };
}
