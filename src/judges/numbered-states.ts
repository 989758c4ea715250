// States of a model as small numbers, and its step as a function of numbers: what the searches work on.
import type { Operation } from "../domain/history.ts";
import { refused, type SequentialModel } from "./models/model.ts";

export interface NumberedStates {
  /** State 0 is the initial one. The state after the operation, or -1: it can't have been answered so. */
  step(state: number, operation: Operation): number;
}

export function numberedStates(model: SequentialModel): NumberedStates {
  const states: unknown[] = [model.initial];
  const numbers = new Map<string, number>([[JSON.stringify(model.initial) ?? "", 0]]);
  return {
    step(state, operation) {
      const next = model.step(states[state], operation);
      if (next === refused) return -1;
      if (next === states[state]) return state;
      const name = JSON.stringify(next) ?? "";
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, states.length);
      states.push(next);
      return states.length - 1;
    },
  };
}

/** Operations that say something: what certainly did not happen and unanswered reads do not. */
export const relevant = (model: SequentialModel, operations: readonly Operation[]): Operation[] =>
  operations.filter(({ op, outcome }) => outcome !== "fail" && (outcome === "ok" || !model.reads.has(op)));

export interface Objects {
  /** By name; "" where the history is one object. */
  readonly objects: ReadonlyMap<string, readonly Operation[]>;
  readonly leftOut: number;
  readonly fault: { readonly operation: Operation; readonly what: string } | null;
}

/** Objects of this model: keys that only its kinds of operation touch. Reads of one replica by name are left out. */
export function objectsOf(model: SequentialModel, operations: readonly Operation[]): Objects {
  const objects = new Map<string, Operation[]>();
  const foreign = new Set<string>();
  let leftOut = 0;
  let fault: Objects["fault"] = null;
  for (const operation of operations) {
    const name = model.perKey ? (operation.key ?? "") : "";
    if (!model.kinds.has(operation.op)) {
      if (model.perKey) foreign.add(name);
      leftOut += 1;
      continue;
    }
    if (operation.from !== undefined) {
      leftOut += 1;
      continue;
    }
    const what = model.fault?.(operation) ?? null;
    if (what !== null) fault ??= { operation, what };
    const list = objects.get(name);
    if (list === undefined) objects.set(name, [operation]);
    else list.push(operation);
  }
  for (const name of foreign) {
    leftOut += objects.get(name)?.length ?? 0;
    objects.delete(name);
  }
  return { objects, leftOut, fault };
}
