// Registers whose written values are all different (after Gibbons & Korach 1997, with compare-and-set): a value, its
// write and its reads are one cluster; a swap a→b welds the clusters of a and b into one block, which must take effect
// without anything in between. Builds the blocks and finds what is wrong inside one of them.
import { INITIAL, type Register, type RegisterOperation, type Value } from "./register-operations.ts";
import { operationWords, valueWords } from "./words.ts";

export interface Fault {
  readonly reason: string;
  readonly witness: readonly RegisterOperation[];
}

export interface Block {
  /** In the order in which they must take effect. */
  readonly operations: readonly RegisterOperation[];
  /** Earliest completion and its operation; -Infinity and null for the block of the initial value. */
  readonly first: number;
  readonly firstOperation: RegisterOperation | null;
  /** Latest invocation and its operation; -Infinity and null when nobody saw the initial value. */
  readonly last: number;
  readonly lastOperation: RegisterOperation | null;
}

export type Blocks =
  | {
      readonly kind: "blocks";
      readonly blocks: readonly Block[];
      readonly unread: readonly RegisterOperation[];
    }
  | { readonly kind: "invalid"; readonly fault: Fault }
  | { readonly kind: "not-unique"; readonly because: string };

interface Clusters {
  readonly writer: (RegisterOperation | undefined)[];
  readonly reads: RegisterOperation[][];
  /** The swap that saw this value. */
  readonly next: (RegisterOperation | undefined)[];
}

const words = (operation: RegisterOperation) => operationWords(operation.source);

/** What may not be there is kept only when somebody saw what it wrote. */
function seenWriters(register: Register, writer: Clusters["writer"]): Set<RegisterOperation> {
  const kept = new Set<RegisterOperation>();
  const seen: Value[] = [];
  for (const operation of register.operations) {
    if (operation.kind === "read") seen.push(operation.from);
    else if (operation.completed !== Number.POSITIVE_INFINITY && operation.to >= 0) {
      kept.add(operation);
      if (operation.kind === "swap") seen.push(operation.from);
    }
  }
  for (let value = seen.pop(); value !== undefined; value = seen.pop()) {
    const operation = writer[value];
    if (operation === undefined || kept.has(operation)) continue;
    kept.add(operation);
    if (operation.kind === "swap") seen.push(operation.from);
  }
  return kept;
}

function neverWritten(register: Register, operation: RegisterOperation): Fault {
  const failed = register.failed.get(operation.from);
  const value = valueWords(register.values[operation.from]);
  return failed === undefined
    ? { reason: `${words(operation)} saw ${value}, which nobody wrote`, witness: [operation] }
    : {
        reason: `${words(operation)} saw ${value}, whose ${operationWords(failed)} certainly failed`,
        witness: [operation],
      };
}

function clusters(register: Register): Clusters | Fault | string {
  const count = register.values.length;
  const writer: Clusters["writer"] = Array.from({ length: count });
  for (const operation of register.operations) {
    if (operation.to < 0) continue;
    if (operation.to === INITIAL || writer[operation.to] !== undefined)
      return `the value ${valueWords(register.values[operation.to])} is written more than once`;
    writer[operation.to] = operation;
  }
  const kept = seenWriters(register, writer);
  const reads: RegisterOperation[][] = Array.from({ length: count }, () => []);
  const next: Clusters["next"] = Array.from({ length: count });
  for (const operation of register.operations) {
    if (operation.kind === "refused" || (operation.to >= 0 && !kept.has(operation))) continue;
    const { kind, from } = operation;
    if (kind === "write") continue;
    if (from !== INITIAL && writer[from] === undefined) return neverWritten(register, operation);
    if (kind === "read") {
      (reads[from] as RegisterOperation[]).push(operation);
      continue;
    }
    const other = next[from];
    if (other !== undefined) {
      const source = writer[from];
      return {
        reason: `${words(other)} and ${words(operation)} both swapped ${valueWords(register.values[from])}, which was written once`,
        witness: source === undefined ? [other, operation] : [source, other, operation],
      };
    }
    next[from] = operation;
  }
  for (const [value, operation] of writer.entries())
    if (operation !== undefined && !kept.has(operation)) writer[value] = undefined;
  return { writer, reads, next };
}

/** The swaps that lead from one operation's value to a later one's, both ends included. */
function chainBetween(
  operations: readonly RegisterOperation[],
  a: RegisterOperation,
  b: RegisterOperation,
): RegisterOperation[] {
  const [from, to] = [operations.indexOf(a), operations.indexOf(b)].sort((x, y) => x - y) as [number, number];
  const linked = operations.filter(
    (operation, index) =>
      operation === a || operation === b || (operation.to >= 0 && index > from && index < to),
  );
  const seen = linked.find((operation) => operation.kind === "read" || operation.kind === "swap");
  const source = seen === undefined ? undefined : operations.find((operation) => operation.to === seen.from);
  return source === undefined || linked.includes(source) ? linked : [source, ...linked];
}

/** Two operations of a block whose real times contradict its order; null when there are none. */
function orderFault(operations: readonly RegisterOperation[]): Fault | null {
  // Reads of one value have no order among themselves, so what an operation must not precede is the latest invocation
  // of the values before its own, and its own writer.
  let earlier: RegisterOperation | null = null;
  let stage: RegisterOperation | null = null;
  for (const operation of operations) {
    if (operation.kind === "swap" && stage !== null && (earlier === null || stage.invoked > earlier.invoked))
      earlier = stage;
    if (earlier !== null && operation.completed < earlier.invoked)
      return {
        reason: `${words(operation)} was over before ${words(earlier)} began, but must come after it`,
        witness: chainBetween(operations, earlier, operation),
      };
    if (operation.kind === "read") {
      if (stage === null || operation.invoked > stage.invoked) stage = operation;
    } else if (earlier === null || operation.invoked > earlier.invoked) earlier = operation;
  }
  return null;
}

function toBlock(operations: readonly RegisterOperation[], initial: boolean): Block {
  let firstOperation: RegisterOperation | null = null;
  let lastOperation: RegisterOperation | null = null;
  for (const operation of operations) {
    if (firstOperation === null || operation.completed < firstOperation.completed) firstOperation = operation;
    if (lastOperation === null || operation.invoked > lastOperation.invoked) lastOperation = operation;
  }
  return {
    operations,
    first: initial ? Number.NEGATIVE_INFINITY : (firstOperation?.completed ?? Number.POSITIVE_INFINITY),
    firstOperation: initial ? null : firstOperation,
    last: lastOperation?.invoked ?? Number.NEGATIVE_INFINITY,
    lastOperation,
  };
}

export function toBlocks(register: Register): Blocks {
  const found = clusters(register);
  if (typeof found === "string") return { kind: "not-unique", because: found };
  if ("reason" in found) return { kind: "invalid", fault: found };
  const { writer, reads, next } = found;
  const placed = new Set<Value>();
  const blocks: Block[] = [];
  for (let head = 0; head < register.values.length; head += 1) {
    if (head !== INITIAL && writer[head]?.kind !== "write") continue;
    const operations: RegisterOperation[] = [];
    const start = writer[head];
    if (start !== undefined) operations.push(start);
    for (let value = head; ; ) {
      placed.add(value);
      for (const read of reads[value] ?? []) operations.push(read);
      const swap = next[value];
      if (swap === undefined) break;
      operations.push(swap);
      value = swap.to;
    }
    const fault = orderFault(operations);
    if (fault !== null) return { kind: "invalid", fault };
    if (operations.length > 0) blocks.push(toBlock(operations, head === INITIAL));
  }
  const loop = writer.findIndex((operation, value) => operation !== undefined && !placed.has(value));
  if (loop >= 0) return { kind: "invalid", fault: loopFault(register, found, loop) };
  const kept = new Set(blocks.flatMap((block) => block.operations));
  const unread = register.operations.filter((operation) => operation.to >= 0 && !kept.has(operation));
  return { kind: "blocks", blocks, unread };
}

/** Swaps whose values lead back to where they began: each needs the one before it to have happened first. */
function loopFault(register: Register, { writer, reads }: Clusters, value: Value): Fault {
  const passed = new Set<Value>();
  let at = value;
  while (!passed.has(at)) {
    passed.add(at);
    at = (writer[at] as RegisterOperation).from;
  }
  const witness: RegisterOperation[] = [];
  const entry = at;
  do {
    const swap = writer[at] as RegisterOperation;
    witness.push(swap);
    at = swap.from;
  } while (at !== entry);
  // Without a certain swap it is a read of one of these values that says they were written.
  if (!witness.some((swap) => Number.isFinite(swap.completed)))
    witness.push(...witness.flatMap((swap) => reads[swap.to] ?? []).slice(0, 1));
  return {
    reason: `swaps that need each other's value go round in a circle through ${valueWords(register.values[entry])}: none can be first`,
    witness: witness.reverse(),
  };
}
