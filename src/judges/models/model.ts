// What an object is, told by what one client alone would see: a start and a pure step. Everything that judges a model
// (one order that real time allows, one order that sessions allow) works from this table row alone.
import type { Operation, OperationKind } from "../../domain/history.ts";

export interface SequentialModel {
  readonly name: string;
  readonly summary: string;
  /** true: each key is an object of its own; false: the whole history is one object. */
  readonly perKey: boolean;
  /** Kinds of operation it has; a key (or history) that others touch too is left out. */
  readonly kinds: ReadonlySet<OperationKind>;
  /** Kinds that never change the state, whatever it is. */
  readonly reads: ReadonlySet<OperationKind>;
  /** Plain data, as all states; states of the same JSON text are the same state. */
  readonly initial: unknown;
  /**
   * The state after this operation; `refused` where it can't have been answered so. An operation of unknown outcome has
   * no output: then every answer is right.
   */
  step(state: unknown, operation: Operation): unknown;
  /**
   * Parts that can be judged each by itself, for objects that are many small ones; otherwise left out. Gets all operations
   * of one object.
   */
  split?(operations: readonly Operation[]): readonly (readonly Operation[])[];
  /** Why these operations are none that it understands; null when they are. */
  fault?(operation: Operation): string | null;
}

export const refused: unique symbol = Symbol("refused");
