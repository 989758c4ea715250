// Blocks (register-blocks.ts) → are they in one order that real time allows? Two blocks contradict each other if and
// only if each holds an operation that was over before one of the other began; no larger circle needs to be looked for
// (Gibbons & Korach 1997).
import type { Block, Fault } from "./register-blocks.ts";
import type { RegisterOperation } from "./register-operations.ts";
import { operationWords } from "./words.ts";

const words = (operation: RegisterOperation | null) =>
  operation === null ? "the initial value" : operationWords(operation.source);

/** What of a block shows that these operations belong together: the writes and swaps between them. */
function bond(block: Block, ...ends: readonly (RegisterOperation | null)[]): RegisterOperation[] {
  const places = ends.flatMap((end) => (end === null ? [] : [block.operations.indexOf(end)]));
  const from = Math.min(...places);
  const to = Math.max(...places);
  const first = block.operations[from];
  const linked = block.operations.filter(
    (operation, index) => places.includes(index) || (operation.to >= 0 && index >= from && index <= to),
  );
  const source =
    first === undefined || first.kind !== "read"
      ? undefined
      : block.operations.find((operation) => operation.to === first.from);
  return source === undefined ? linked : [source, ...linked];
}

function conflict(a: Block, b: Block): Fault {
  const [early, late] = a.firstOperation === null ? [a, b] : [b, a];
  return {
    reason:
      early.firstOperation === null
        ? `${words(late.firstOperation)} was over before ${words(early.lastOperation)} began, which still saw the initial value`
        : `${words(early.firstOperation)} was over before ${words(late.lastOperation)} began, and ${words(late.firstOperation)} before ${words(early.lastOperation)}: neither value can come first`,
    witness: [
      ...bond(early, early.firstOperation, early.lastOperation),
      ...bond(late, late.firstOperation, late.lastOperation),
    ],
  };
}

/** Two blocks that each must precede the other; null when there are none. n log n. */
export function findConflict(blocks: readonly Block[]): Fault | null {
  const sorted = blocks.toSorted((a, b) => a.first - b.first);
  // latest[i]: of the blocks up to i, the one with the latest invocation.
  const latest: Block[] = [];
  for (const [index, block] of sorted.entries()) {
    // Earlier blocks a with a.first < block.last; for a block whose own zone is forward that is all of them.
    let end = index;
    if (block.last <= block.first) {
      let low = 0;
      while (low < end) {
        const middle = (low + end) >> 1;
        if ((sorted[middle] as Block).first < block.last) low = middle + 1;
        else end = middle;
      }
    }
    const other = latest[end - 1];
    if (other !== undefined && other.last > block.first) return conflict(other, block);
    const before = latest[index - 1];
    latest.push(before !== undefined && before.last >= block.last ? before : block);
  }
  return null;
}

/** An order of the blocks that real time allows, by the left or the right end of their zones. */
export function orderBlocks(blocks: readonly Block[], by: "left" | "right"): Block[] {
  const isForward = (block: Block) => block.first < block.last;
  const place =
    by === "left"
      ? (block: Block) => Math.min(block.first, block.last)
      : (block: Block) => Math.max(block.first, block.last);
  // At equal places a block that can move goes before one that holds its ground on the left, after it on the right.
  const rank = (block: Block) => (isForward(block) === (by === "left") ? 1 : 0);
  return blocks.toSorted((a, b) => {
    if (a.firstOperation === null) return -1; // the initial value's
    if (b.firstOperation === null) return 1;
    const [placeA, placeB] = [place(a), place(b)];
    return placeA === placeB ? rank(a) - rank(b) : placeA < placeB ? -1 : 1;
  });
}
