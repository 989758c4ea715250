// Is there one order of all operations, each within its time, that a register with read, write and compare-and-set
// would have answered so? A precedes B only if A completed before B was invoked; equal times are concurrent.
// Per key. Near-linear where written values are unique; else, or where refused cas leave a doubt, a bounded search.
import type { Operation } from "../domain/history.ts";
import { columnsOf, type RegisterKey, type Registers } from "../domain/register-columns.ts";
import type { Verdict } from "../domain/verdict.ts";
import { type ColumnsVerdict, judgeColumns } from "./judge-columns.ts";
import type { Limits } from "./limits.ts";
import { type Fault, toBlocks } from "./register-blocks.ts";
import { type Register, type RegisterOperation, registerKeys, toRegister } from "./register-operations.ts";
import { findConflict, orderBlocks } from "./register-order.ts";
import { findRefusedWhileHeld, placeRefused } from "./register-refused.ts";
import { registerOfRows, toColumns, withFailed } from "./register-rows.ts";
import { searchRegister } from "./register-search.ts";
import { shrinkWitness } from "./shrink-witness.ts";
import { inOrder, operationWords } from "./words.ts";

export const LINEARIZABLE_REGISTER = "linearizable-register";

export interface RegisterVerdict {
  readonly verdict: Verdict["verdict"];
  readonly reason: string;
  readonly witness: readonly Operation[];
  /** Steps of the general search; 0: it was not needed. */
  readonly steps: number;
  /** Why the near-linear way did not decide; null when it did. */
  readonly searchedBecause: string | null;
}

const told = (fault: Fault, steps: number, because: string | null): RegisterVerdict => ({
  verdict: "invalid",
  reason: fault.reason,
  witness: inOrder(fault.witness.map((operation) => operation.source)),
  steps,
  searchedBecause: because,
});

/** An unknown write or swap proves something only together with somebody who saw what it wrote. */
function withObservers(register: Register, fault: Fault): Fault {
  const witness = new Set(fault.witness);
  for (const operation of witness) {
    if (Number.isFinite(operation.completed)) continue;
    const sees = (other: RegisterOperation) => other.kind !== "refused" && other.from === operation.to;
    if ([...witness].some(sees)) continue;
    const observers = register.operations.filter(sees);
    const observer = observers.find((other) => Number.isFinite(other.completed)) ?? observers[0];
    if (observer !== undefined) witness.add(observer); // seen by this very loop, which closes the chain
  }
  return { reason: fault.reason, witness: [...witness] };
}

function bySearch(register: Register, limits: Limits, because: string): RegisterVerdict {
  const { operations } = register;
  const { verdict, steps, stuckAt } = searchRegister(operations, limits.steps);
  const base = { steps, searchedBecause: because };
  if (verdict === "valid") return { verdict, reason: "linearizable", witness: [], ...base };
  if (verdict === "unknown" || stuckAt === null)
    return {
      verdict: "unknown",
      reason: `${because}, and the search ended at its limit of ${limits.steps} steps`,
      witness: [],
      ...base,
    };
  const prefix = operations.filter((operation) => operation.invoked <= stuckAt.completed);
  const unfinished = prefix.map(
    (operation): RegisterOperation =>
      // What ended later is as good as open: nothing after `stuckAt` is needed to show the fault.
      operation.completed > stuckAt.completed && operation.to >= 0
        ? { ...operation, completed: Number.POSITIVE_INFINITY }
        : operation,
  );
  const ended = unfinished.filter(
    (operation) => operation.to >= 0 || operation.completed <= stuckAt.completed,
  );
  return told(
    {
      reason: `no order of these operations explains ${operationWords(stuckAt.source)}`,
      witness: shrinkWitness(ended),
    },
    steps,
    because,
  );
}

export function judgeRegister(register: Register, limits: Limits): RegisterVerdict {
  const found = toBlocks(register);
  if (found.kind === "not-unique") return bySearch(register, limits, found.because);
  if (found.kind === "invalid") return told(withObservers(register, found.fault), 0, null);
  const conflict = findConflict(found.blocks);
  if (conflict !== null) return told(withObservers(register, conflict), 0, null);
  const refused = register.operations.filter((operation) => operation.kind === "refused");
  if (refused.length > 0) {
    const held = findRefusedWhileHeld(register, found.blocks);
    if (held !== null) return told(withObservers(register, held), 0, null);
    const fits = (["left", "right"] as const).some((side) =>
      placeRefused(orderBlocks(found.blocks, side), refused, found.unread),
    );
    if (!fits) return bySearch(register, limits, "refused compare-and-sets leave the order open");
  }
  return { verdict: "valid", reason: "linearizable", witness: [], steps: 0, searchedBecause: null };
}

/** One key of a history, with what its columns say. */
interface KeyToJudge {
  readonly name: string;
  readonly found: ColumnsVerdict;
  /** The long way: over these operations only, or over all. */
  long(about: Uint32Array | null): RegisterVerdict;
}

/** The verdict over all keys; the first invalid one ends it. */
function judgeKeys(
  keys: Iterable<KeyToJudge>,
  { keys: number, operations, leftOut }: { keys: number; operations: number; leftOut: number },
): { readonly verdict: Verdict; readonly key: string | null } {
  const count = { keys: number, operations, leftOut, keysBySearch: 0, steps: 0 };
  const finish = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
    key: string | null = null,
  ) => ({ verdict: { model: LINEARIZABLE_REGISTER, verdict, reason, witness, statistics: count }, key });
  let open: { key: string; verdict: RegisterVerdict } | null = null;
  let because: string | null = null;
  for (const { name, found, long } of keys) {
    if (found.verdict === "valid") continue;
    // A part that is invalid by itself is enough; else the whole key is looked at.
    const part = found.verdict === "invalid" && found.about !== null ? long(found.about) : null;
    const verdict = part?.verdict === "invalid" ? part : long(null);
    count.steps += verdict.steps;
    if (verdict.searchedBecause !== null) {
      count.keysBySearch += 1;
      because ??= `key ${JSON.stringify(name)}: ${verdict.searchedBecause}`;
    }
    if (verdict.verdict === "invalid")
      return finish("invalid", `key ${JSON.stringify(name)}: ${verdict.reason}`, verdict.witness, name);
    if (verdict.verdict === "unknown") open ??= { key: name, verdict };
  }
  if (open !== null) return finish("unknown", `key ${JSON.stringify(open.key)}: ${open.verdict.reason}`);
  if (operations === 0) return finish("unknown", "the history holds no operation of a register");
  const how = because === null ? "" : `; ${count.keysBySearch} by search (${because})`;
  return finish("valid", `linearizable: ${operations} operations on ${number} keys${how}`);
}

export function judgeLinearizableRegister(operations: readonly Operation[], limits: Limits): Verdict {
  const { keys, leftOut } = registerKeys(operations);
  const toJudge = function* (): Generator<KeyToJudge> {
    for (const [name, list] of keys) {
      const { columns, places } = toColumns(list);
      yield {
        name,
        found: judgeColumns(columns),
        long: (about) => {
          const part =
            about === null ? list : Array.from(about, (row) => list[places[row] as number] as Operation);
          return judgeRegister(toRegister(name, part), limits);
        },
      };
    }
  };
  const count = { keys: keys.size, operations: operations.length - leftOut, leftOut };
  return judgeKeys(toJudge(), count).verdict;
}

/** What a verdict on rows says: an invalid one's witness are `rows`, ascending, with what words about them need. */
export interface RowsVerdict {
  readonly verdict: Verdict;
  readonly rows: readonly number[];
}

/**
 * The same over columns. `found` is what judgeColumns says of each key; threads may have asked it before. Who has the text
 * of the operations judges those of `rows` again for an invalid verdict's witness and its words.
 */
export function judgeRegisters(
  registers: Registers,
  limits: Limits,
  found: (key: number) => ColumnsVerdict = (key) =>
    judgeColumns(columnsOf(registers, registers.keys[key] as RegisterKey)),
): RowsVerdict {
  const toJudge = function* (): Generator<KeyToJudge> {
    for (const [index, key] of registers.keys.entries())
      yield {
        name: key.name,
        found: found(index),
        long: (about) => judgeRegister(registerOfRows(key.name, columnsOf(registers, key), about), limits),
      };
  };
  const { operations, leftOut } = registers;
  const { verdict, key } = judgeKeys(toJudge(), { keys: registers.keys.length, operations, leftOut });
  const invalid = registers.keys.find(({ name }) => name === key);
  if (invalid === undefined) return { verdict, rows: [] };
  const rows = withFailed(
    columnsOf(registers, invalid),
    verdict.witness.map(({ process }) => process),
  );
  return { verdict: { ...verdict, witness: [] }, rows: rows.map((row) => invalid.start + row) };
}
