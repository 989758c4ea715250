// A second version of the linearizable register, written from the definition and sharing no code with src/judges: try
// every order. Slow on purpose; for at most a handful of operations.
import type { Operation } from "../../src/domain/history.ts";

const same = (a: unknown, b: unknown) => a === b;

/** All values the register can have after `operation`, or none when it can't answer so at this value. */
function apply(operation: Operation, value: unknown): { value: unknown } | null {
  const certain = operation.outcome === "ok";
  switch (operation.op) {
    case "read":
      return !certain || same(operation.output, value) ? { value } : null;
    case "write":
      return { value: operation.input };
    case "cas": {
      const [from, to] = operation.input as [unknown, unknown];
      const swaps = same(from, value);
      if (!certain || operation.output === swaps) return { value: swaps ? to : value };
      return null;
    }
    default:
      throw new RangeError(operation.op);
  }
}

/** Definition: some of the unknown and all of the ok ones, in an order that real time and the register allow. */
export function bruteRegister(operations: readonly Operation[]): boolean {
  const search = (remaining: readonly Operation[], value: unknown): boolean => {
    const owed = remaining.filter((operation) => operation.outcome === "ok");
    if (owed.length === 0) return true;
    return remaining.some((operation) => {
      const mustWait = owed.some(
        (other) => other !== operation && (other.completed as number) < operation.invoked,
      );
      if (mustWait) return false;
      const next = apply(operation, value);
      return (
        next !== null &&
        search(
          remaining.filter((other) => other !== operation),
          next.value,
        )
      );
    });
  };
  return search(
    operations.filter((operation) => operation.outcome !== "fail"),
    null,
  );
}
