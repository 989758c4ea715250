// Linearizability of any small object that is given as a sequential model (models/): the bounded general search, object by
// object. A precedes B only if A completed before B was invoked; equal times are concurrent.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { Limits } from "./limits.ts";
import type { SequentialModel } from "./models/model.ts";
import { numberedStates, objectsOf, relevant } from "./numbered-states.ts";
import { type Move, search, type SearchResult } from "./search.ts";
import { inOrder, operationWords } from "./words.ts";

const WITNESS_MAX = 60;
/** Searches over smaller and smaller parts of a witness, and steps for each. */
const TRIES_MAX = 400;
const STEPS_EACH = 20_000;

function searchModel(
  model: SequentialModel,
  operations: readonly Operation[],
  stepsMax: number,
): SearchResult {
  const states = numberedStates(model);
  const classes = new Map<string, number>();
  const moves = operations.map(({ op, key, input, output, outcome, invoked, completed, ...rest }): Move => {
    const who = model.name === "lock" ? [rest.session ?? null, rest.process] : null;
    const name = JSON.stringify([op, key, input, output, outcome, who]);
    const same = classes.get(name) ?? classes.size;
    classes.set(name, same);
    return { invoked, completed: completed ?? Number.POSITIVE_INFINITY, readOnly: model.reads.has(op), same };
  });
  return search(moves, (state, index) => states.step(state, operations[index] as Operation), stepsMax);
}

/** Reads other than the stuck one may go where the rest is still invalid: a history is never worse without a read. */
function withoutReads(
  model: SequentialModel,
  operations: readonly Operation[],
  stuck: Operation,
): readonly Operation[] {
  let current = operations;
  let tries = 0;
  const without = (gone: ReadonlySet<Operation>) => {
    const part = current.filter((operation) => !gone.has(operation));
    tries += 1;
    if (searchModel(model, part, STEPS_EACH).verdict === "invalid") current = part;
  };
  const reads = current.filter((operation) => operation !== stuck && model.reads.has(operation.op));
  if (reads.length > 0) without(new Set(reads));
  for (const read of reads) if (current.includes(read) && tries < TRIES_MAX) without(new Set([read]));
  return current;
}

interface ObjectVerdict {
  readonly verdict: Verdict["verdict"];
  readonly reason: string;
  readonly witness: readonly Operation[];
  readonly steps: number;
}

function judgeObject(
  model: SequentialModel,
  operations: readonly Operation[],
  limits: Limits,
): ObjectVerdict {
  const { verdict, steps, stuckAt } = searchModel(model, operations, limits.steps);
  const stuck = stuckAt === null ? undefined : operations[stuckAt];
  if (verdict === "valid") return { verdict, reason: "linearizable", witness: [], steps };
  if (stuck === undefined)
    return {
      verdict: "unknown",
      reason: `the search ended at its limit of ${limits.steps} steps`,
      witness: [],
      steps,
    };
  const end = stuck.completed ?? Number.POSITIVE_INFINITY;
  // What ended later is as good as open for this, but a read says something only by its answer.
  const before = operations.filter(
    ({ op, invoked, completed }) =>
      invoked <= end && (!model.reads.has(op) || (completed ?? Number.POSITIVE_INFINITY) <= end),
  );
  const witness = withoutReads(model, before, stuck);
  return {
    verdict: "invalid",
    reason: `no order of the operations before it explains ${operationWords(stuck)}`,
    witness: inOrder(witness.length <= WITNESS_MAX ? witness : [...witness.slice(1 - WITNESS_MAX), stuck]),
    steps,
  };
}

export const linearizableName = (model: SequentialModel): string => `linearizable-${model.name}`;

export function judgeLinearizableModel(
  model: SequentialModel,
  operations: readonly Operation[],
  limits: Limits,
): Verdict {
  const { objects, leftOut, fault } = objectsOf(model, operations);
  const count = { objects: objects.size, operations: operations.length - leftOut, leftOut, steps: 0 };
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({ model: linearizableName(model), verdict, reason, witness, statistics: count });
  if (fault !== null)
    return give("unknown", `${operationWords(fault.operation)}: ${fault.what}`, [fault.operation]);
  let open: string | null = null;
  for (const [name, list] of objects) {
    const where = model.perKey ? `key ${JSON.stringify(name)}: ` : "";
    for (const part of model.split?.(list) ?? [list]) {
      const found = judgeObject(model, relevant(model, part), limits);
      count.steps += found.steps;
      if (found.verdict === "invalid") return give("invalid", `${where}${found.reason}`, found.witness);
      if (found.verdict === "unknown") open ??= `${where}${found.reason}`;
    }
  }
  if (open !== null) return give("unknown", open);
  if (count.operations === 0) return give("unknown", `the history holds no operation of a ${model.name}`);
  return give("valid", `linearizable: ${count.operations} operations on ${count.objects} objects`);
}
