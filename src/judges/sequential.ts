// Sequential consistency (Lamport 1979): is there one order of all operations that keeps each session's own order and
// explains every answer? Real time between sessions does not count. NP-complete even where written values are unique, and
// not decided key by key, so: a depth-first search with memoisation over (how far each session is, state of each object),
// bounded by steps. Three facts keep it small:
// - an operation that changes nothing is taken as soon as its answer is right;
// - where no value of a register is written twice, none is overwritten while somebody still has to see it;
// - branches are tried in the order of invocation, because most histories are nearly linearizable.
import type { Operation } from "../domain/history.ts";
import type { Verdict } from "../domain/verdict.ts";
import { judgeCausalConvergence } from "./causal.ts";
import { judgeLinearizableRegister } from "./linearizable-register.ts";
import type { Limits } from "./limits.ts";
import type { SequentialModel } from "./models/model.ts";
import { REGISTER } from "./models/register.ts";
import { numberedStates, objectsOf, relevant } from "./numbered-states.ts";
import { canonical } from "../domain/canonical.ts";
import { inOrder } from "./words.ts";

export const SEQUENTIAL = "sequential";

interface Chain {
  /** In their order; an unknown operation is a chain of its own, because nothing has to follow it. */
  readonly operations: readonly number[];
  /** Operations of this chain that must have happened before its first, and how many of them; -1: none. */
  readonly after: number;
  readonly afterCount: number;
  readonly optional: boolean;
}

interface Problem {
  readonly operations: readonly Operation[];
  readonly chains: readonly Chain[];
  /** Object of each operation. */
  readonly object: readonly number[];
  readonly objects: number;
  /** Operation → number of what it writes, and of what it has to see; -1: nothing that counts. */
  readonly writes: readonly number[];
  readonly sees: readonly number[];
  /** By such a number: how many have to see it. null: a value is written twice, so nothing can be told from it. */
  readonly watchers: readonly number[] | null;
  /** Number of the value that each object begins with; -1: not told. */
  readonly initial: readonly number[];
}

const isCertain = ({ outcome }: Operation): boolean => outcome === "ok";

function chainsOf(operations: readonly Operation[]): Chain[] {
  const own = new Map<string, { chain: number; list: number[] }>();
  const chains: { operations: number[]; after: number; afterCount: number; optional: boolean }[] = [];
  operations.forEach((operation, index) => {
    const name = operation.session === undefined ? `process ${operation.process}` : `${operation.session}`;
    const session = own.get(name);
    if (!isCertain(operation)) {
      chains.push({
        operations: [index],
        after: session?.chain ?? -1,
        afterCount: session?.list.length ?? 0,
        optional: true,
      });
    } else if (session === undefined) {
      const list = [index];
      own.set(name, { chain: chains.length, list });
      chains.push({ operations: list, after: -1, afterCount: 0, optional: false });
    } else session.list.push(index);
  });
  return chains;
}

/** Values of registers, where each is written once: who writes and who has to see which. */
function valuesOf(
  model: SequentialModel,
  operations: readonly Operation[],
  object: readonly number[],
  objects: number,
): Pick<Problem, "writes" | "sees" | "watchers" | "initial"> {
  const writes = operations.map(() => -1);
  const sees = operations.map(() => -1);
  const none = Array.from({ length: objects }, () => -1);
  if (model !== REGISTER) return { writes, sees, watchers: null, initial: none };
  const numbers = new Map<string, number>();
  const nameOf = (of: number, value: unknown) => `${of} ${typeof value} ${String(canonical(value))}`;
  const number = (index: number, value: unknown): number => {
    const name = nameOf(object[index] as number, value);
    const found = numbers.get(name) ?? numbers.size;
    numbers.set(name, found);
    return found;
  };
  const written = new Set<number>();
  let unique = true;
  operations.forEach(({ op, input, output, outcome }, index) => {
    const swap = op === "cas" && !(outcome === "ok" && output === false);
    const [from, to] = op === "cas" ? (input as [unknown, unknown]) : [output, input];
    if (op === "write" || swap) {
      const value = number(index, to);
      if (written.has(value) || to === null) unique = false;
      written.add(value);
      writes[index] = value;
    }
    if ((op === "read" || swap) && outcome === "ok") sees[index] = number(index, from);
  });
  const watchers = Array.from({ length: numbers.size }, () => 0);
  for (const value of sees) if (value >= 0) watchers[value] = (watchers[value] as number) + 1;
  const initial = none.map((_, each) => numbers.get(nameOf(each, null)) ?? -1);
  return { writes, sees, watchers: unique ? watchers : null, initial };
}

/** Without writes of unknown outcome that nobody saw and nothing was refused because of: any order is as good without. */
function withoutUnseen(operations: readonly Operation[]): Operation[] {
  const name = (key: string | undefined, value: unknown) => JSON.stringify([key ?? "", canonical(value)]);
  const seen = new Set<string>();
  const refusing = new Set<string>();
  for (const { op, key, input, output, outcome } of operations) {
    if (op === "read") seen.add(name(key, output));
    if (op !== "cas") continue;
    seen.add(name(key, (input as readonly unknown[])[0]));
    if (outcome === "ok" && output === false) refusing.add(key ?? "");
  }
  return operations.filter(({ op, key, input, outcome }) => {
    if (outcome === "ok" || refusing.has(key ?? "")) return true;
    return seen.has(name(key, op === "cas" ? (input as readonly unknown[])[1] : input));
  });
}

function problemOf(model: SequentialModel, all: readonly Operation[]): Problem {
  const { objects } = objectsOf(model, all);
  const numbers = new Map([...objects.keys()].map((name, index) => [name, index]));
  const numberOf = new Map<Operation, number>();
  for (const [name, list] of objects) for (const each of list) numberOf.set(each, numbers.get(name) ?? 0);
  const some = relevant(model, [...numberOf.keys()]);
  const operations = inOrder(model === REGISTER ? withoutUnseen(some) : some);
  const object = operations.map((operation) => numberOf.get(operation) ?? 0);
  return {
    operations,
    chains: chainsOf(operations),
    object,
    objects: objects.size,
    ...valuesOf(model, operations, object, objects.size),
  };
}

type Found = { readonly verdict: Verdict["verdict"]; readonly steps: number };

/** What taking an operation changed, so that it can be taken back. */
interface Taken {
  readonly index: number;
  readonly state: number;
  readonly held: number;
}

interface Branch {
  /** How many operations were taken when it was reached. */
  readonly depth: number;
  /** Operations that are still to be tried, the earliest last. */
  readonly choices: number[];
}

/** All texts of the set of what was visited together. */
const VISITED_CHARACTERS_MAX = 200_000_000;

/** Steps are operations tried. */
function explore(model: SequentialModel, problem: Problem, stepsMax: number): Found {
  const { operations, chains, object, objects, writes, sees, watchers, initial } = problem;
  const numbered = numberedStates(model);
  const chainOf = new Int32Array(operations.length);
  chains.forEach((chain, number) => {
    for (const index of chain.operations) chainOf[index] = number;
  });
  const isRead = operations.map(({ op }) => model.reads.has(op));
  const at = new Int32Array(chains.length);
  const states = new Int32Array(objects);
  /** How many have still to see each value, and which of them each object holds; -1: not told. */
  const waiting = Int32Array.from(watchers ?? []);
  const holds = Int32Array.from(initial);
  const taken: Taken[] = [];
  let owed = chains.reduce((sum, chain) => sum + (chain.optional ? 0 : chain.operations.length), 0);
  let steps = 0;

  const add = (list: Int32Array, place: number, by: number) => {
    list[place] = (list[place] as number) + by;
  };
  /** The next operation of a chain, -1: none or not yet. */
  const nextOf = (number: number): number => {
    const chain = chains[number] as Chain;
    if (chain.after >= 0 && (at[chain.after] as number) < chain.afterCount) return -1;
    return chain.operations[at[number] as number] ?? -1;
  };
  const mayOverwrite = (index: number): boolean => {
    if (watchers === null || writes[index] === -1) return true;
    const held = holds[object[index] as number] as number;
    return held < 0 || (waiting[held] as number) <= (sees[index] === held ? 1 : 0);
  };
  /** The state that its object would have; -1: it can't be answered so now. */
  const tryOut = (index: number): number => {
    steps += 1;
    return numbered.step(states[object[index] as number] as number, operations[index] as Operation);
  };
  const count = (index: number, by: 1 | -1) => {
    const number = chainOf[index] as number;
    add(at, number, by);
    if (!(chains[number] as Chain).optional) owed -= by;
    if ((sees[index] as number) >= 0) add(waiting, sees[index] as number, -by);
  };
  const take = (index: number, state: number) => {
    const of = object[index] as number;
    taken.push({ index, state: states[of] as number, held: holds[of] as number });
    states[of] = state;
    const value = (writes[index] as number) >= 0 ? (writes[index] as number) : (sees[index] as number);
    if (value >= 0) holds[of] = value;
    count(index, 1);
  };
  const backTo = (depth: number) => {
    for (let last = taken.length > depth ? taken.pop() : undefined; last !== undefined; ) {
      const of = object[last.index] as number;
      states[of] = last.state;
      holds[of] = last.held;
      count(last.index, -1);
      last = taken.length > depth ? taken.pop() : undefined;
    }
  };
  /** Takes all reads whose answers are right, again and again. */
  const settle = () => {
    for (let again = true; again; ) {
      again = false;
      for (let number = 0; number < chains.length; number += 1)
        for (let index = nextOf(number); index >= 0 && isRead[index] === true; index = nextOf(number)) {
          const state = tryOut(index);
          if (state < 0) break;
          take(index, state);
          again = true;
        }
    }
  };

  const visited = new Set<string>();
  let characters = 0;
  const branches: Branch[] = [];
  const branch = () => {
    settle();
    const name = `${at.join()} ${states.join()}`;
    if (visited.has(name)) return;
    visited.add(name);
    characters += name.length;
    const choices: number[] = [];
    for (let number = 0; number < chains.length; number += 1) {
      const index = nextOf(number);
      if (index >= 0 && isRead[index] === false) choices.push(index);
    }
    branches.push({ depth: taken.length, choices: choices.sort((a, b) => b - a) });
  };
  branch();
  for (let top = branches.at(-1); top !== undefined && owed > 0; top = branches.at(-1)) {
    backTo(top.depth);
    const index = top.choices.pop();
    if (index === undefined) {
      branches.pop();
      continue;
    }
    if (steps > stepsMax || characters > VISITED_CHARACTERS_MAX) return { verdict: "unknown", steps };
    const state = tryOut(index);
    if (state < 0 || !mayOverwrite(index)) continue;
    take(index, state);
    branch();
  }
  return { verdict: owed === 0 ? "valid" : "invalid", steps };
}

const SHRINK_OPERATIONS_MAX = 300;
const SHRINK_STEPS = 3_000;

/** Leaves out reads, and writes that nobody in the rest has to see, while the rest is invalid by itself. */
function shrink(model: SequentialModel, operations: readonly Operation[]): readonly Operation[] {
  if (operations.length > SHRINK_OPERATIONS_MAX) return operations;
  let current = operations;
  const mayGo = ({ op, input, key }: Operation): boolean => {
    if (model.reads.has(op)) return true;
    if (model !== REGISTER || op !== "write") return false;
    return !current.some(
      (other) =>
        other.key === key &&
        ((other.op === "read" && canonical(other.output) === canonical(input)) || other.op === "cas"),
    );
  };
  for (let again = true; again; ) {
    again = false;
    for (const operation of current.toReversed()) {
      if (!mayGo(operation)) continue;
      const part = current.filter((each) => each !== operation);
      if (explore(model, problemOf(model, part), SHRINK_STEPS).verdict !== "invalid") continue;
      current = part;
      again = true;
    }
  }
  return current;
}

export const sequentialName = (model: SequentialModel): string =>
  model === REGISTER ? SEQUENTIAL : `${SEQUENTIAL}-${model.name}`;

export function judgeSequential(
  model: SequentialModel,
  operations: readonly Operation[],
  limits: Limits,
): Verdict {
  const { fault, leftOut } = objectsOf(model, operations);
  const problem = problemOf(model, fault === null ? operations : []);
  const count = {
    objects: problem.objects,
    sessions: problem.chains.filter(({ optional }) => !optional).length,
    operations: operations.length - leftOut,
    leftOut,
    steps: 0,
  };
  const give = (
    verdict: Verdict["verdict"],
    reason: string,
    witness: readonly Operation[] = [],
  ): Verdict => ({ model: sequentialName(model), verdict, reason, witness, statistics: count });
  if (fault !== null) return give("unknown", fault.what, [fault.operation]);
  if (count.operations === 0) return give("unknown", `the history holds no operation of a ${model.name}`);
  if (model === REGISTER) {
    // What is linearizable is sequential, and is found out faster.
    const linearizable = judgeLinearizableRegister(operations, limits);
    if (linearizable.verdict === "valid" && linearizable.statistics.leftOut === leftOut)
      return give("valid", `linearizable, therefore sequential: ${count.operations} operations`);
    // What is not even causal is not sequential, and says it with a better witness.
    const causal = judgeCausalConvergence(operations);
    if (causal.verdict === "invalid") return give("invalid", causal.reason, causal.witness);
  }
  const found = explore(model, problem, limits.steps);
  count.steps = found.steps;
  if (found.verdict === "valid")
    return give(
      "valid",
      `sequential: one order of ${count.operations} operations keeps ${count.sessions} sessions`,
    );
  if (found.verdict === "unknown")
    return give("unknown", `the search ended at its limit after ${found.steps} steps`);
  const witness = shrink(model, problem.operations);
  return give(
    "invalid",
    `no order of ${witness.length === problem.operations.length ? "all" : "these"} ${witness.length} operations keeps each session's own order and explains every answer`,
    inOrder(witness),
  );
}
